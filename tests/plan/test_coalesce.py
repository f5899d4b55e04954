"""Coalescing: fewer events, which stand for exactly as many as before."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from decnet.model.event import AttackerEvent
from decnet.plan.coalesce import MOST_OPEN, coalesced


def event(number: int, at: float, **more: Any) -> AttackerEvent:
    given = {
        "id": str(number), "seq": number, "at": at, "decky": "web-01", "service": "ssh", "kind": "login",
        "source_ip": "192.0.2.9", "source_port": 4711, "session": "s", "fields": {"username": "root"},
    }  # fmt: skip
    return AttackerEvent(**{**given, **more})  # type: ignore[arg-type]


def shown(events: list[AttackerEvent], window: float = 60.0) -> list[AttackerEvent]:
    return [each for _, each in coalesced((("w1", each) for each in events), window)]


def test_logins_of_one_source_within_the_window_are_one_with_what_they_share() -> None:
    found = shown(
        [
            event(1, 0.0, fields={"username": "root", "password": "a"}, session="a", source_port=1),
            event(2, 30.0, fields={"username": "root", "password": "b"}, session="b", source_port=2),
            event(3, 60.0, fields={"username": "root", "password": "c", "folded": 5, "last": 70.0}),
            event(4, 61.0),
        ]
    )
    folded = {"username": "root", "folded": 7, "first": 0.0, "last": 70.0}
    assert [(each.id, each.fields) for each in found] == [("1", folded), ("4", {"username": "root"})]
    assert (found[0].session, found[0].source_port, found[1].session) == ("", 0, "s")


def test_another_source_decky_service_or_kind_is_another_event() -> None:
    others = [
        event(2, 1.0, source_ip="192.0.2.8"), event(3, 1.0, decky="db"), event(4, 1.0, service="ftp"),
        event(5, 1.0, kind="contact"),
    ]  # fmt: skip
    assert [each.id for each in shown([event(1, 0.0), *others])] == ["1", "2", "3", "4", "5"]


def test_a_loss_is_never_added_to_another_one() -> None:
    lost = [event(each, 1.0, kind="lost", fields={"count": 7}) for each in (1, 2)]
    assert shown(lost) == lost


def test_a_flood_of_sources_needs_bounded_memory() -> None:
    many = (("w1", event(each, 0.0, source_ip=str(each))) for each in range(MOST_OPEN + 10))
    taken, found = 0, coalesced(many, 60.0)
    while taken == 0:
        next(found)
        taken = 1
    assert next(many)[1].seq < MOST_OPEN + 5


SOURCES = st.sampled_from(["1.1.1.1", "2.2.2.2", ""])
KINDS = st.sampled_from(["login", "contact", "lost"])
NAMES = st.sampled_from(["a", "folded", "first", "last", "count"])
FIELDS = st.dictionaries(NAMES, st.integers(-5, 50) | st.text())
EVENTS = st.lists(st.tuples(st.floats(0, 500), SOURCES, KINDS, FIELDS), max_size=30)


@given(EVENTS, st.floats(0.001, 1000))
def test_nothing_is_lost_and_nothing_counted_twice(made: list[Any], window: float) -> None:
    events = [
        event(number, at, source_ip=source, kind=kind, fields=fields)
        for number, (at, source, kind, fields) in enumerate(sorted(made, key=lambda each: each[0]))
    ]
    found = shown(events, window)
    assert [each.at for each in found] == sorted(each.at for each in found)
    before, after = Counter[str](), Counter[str]()
    for counts, those in ((before, events), (after, found)):
        for each in those:
            counts[each.source_ip + each.kind] += each.stands_for
    assert after == before
