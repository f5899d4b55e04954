"""Events are shown in the order of their times, whatever container they were found in first."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from decnet.commands.events import in_time_order
from decnet.model.event import AttackerEvent


def event(at: float, seq: int) -> AttackerEvent:
    return AttackerEvent(
        id=f"e{seq}", seq=seq, at=at, decky="web", service="http", kind="contact", source_ip="192.0.2.250",
        source_port=1, session="s", fields={},
    )  # fmt: skip


@given(st.lists(st.floats(0, 100), max_size=60))
def test_what_a_pull_found_container_by_container_is_sorted(times: list[float]) -> None:
    found = [("w1", event(at, seq)) for seq, at in enumerate(times)]
    shown = list(in_time_order(found))
    assert sorted(each.seq for _, each in shown) == list(range(len(times)))
    assert all((a.at, a.seq) <= (b.at, b.seq) for (_, a), (_, b) in pairwise(shown))


def test_no_more_than_the_window_is_held() -> None:
    dice = Random(1)
    taken = 0

    def found() -> object:
        nonlocal taken
        for seq in range(1000):
            taken += 1
            yield "w1", event(seq + dice.uniform(0, 5), seq)

    for number, (_, each) in enumerate(in_time_order(found(), window=10)):  # type: ignore[arg-type]
        assert taken - number <= 11
        assert abs(each.seq - number) <= 5
