"""What is counted of a stored line is what AttackerEvent reads of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.model.event import Touch
from decnet.store.events import event_of, row_of
from decnet.store.touches import touches

ROW: dict[str, Any] = {
    "worker": "w", "spool_id": "s", "id": "e", "seq": 1, "at": 1.7e9, "decky": "web", "service": "ssh",
    "kind": "login", "source_ip": "192.0.2.7", "source_port": 4711, "session": "s", "local_ip": "192.0.2.100",
    "local_port": 22, "transport": "tcp", "fields": {"username": "root", "password": "p", "success": True},
}  # fmt: skip

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(["decnet-t-0123abcd", "x" * 201, "y" * 4001, "login", "udp", 65536, -1, 1e12, 2**53 + 1]),
)  # fmt: skip
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.dictionaries(st.one_of(st.text(max_size=5), st.sampled_from(["local_ip", "k" * 201])), SCALARS),
)
NAMES = [*ROW, "epoch", "mark", "network", "project", "unknown"]


def counted(touch: Touch) -> tuple[Any, ...]:
    fields = dict(touch.fields)
    names = touch.decky, touch.project, touch.service, touch.kind, touch.source_ip
    return touch.at, names, fields, touch.stands_for


def as_events(text: bytes) -> list[tuple[Any, ...]]:
    rows = (row_of(line) for line in text.split(b"\n") if line and len(line) < 64 * 1024)
    return [counted(found.event) for row in rows if row is not None and (found := event_of(row))]


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.sets(st.sampled_from(NAMES), max_size=2))
def test_a_line_counts_as_the_event_that_it_holds_or_not_at_all(
    changed: dict[str, Any], without: set[str]
) -> None:
    row = {name: value for name, value in {**ROW, **changed}.items() if name not in without}
    text = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    assert [counted(each) for each in touches(text.split(b"\n"))] == as_events(text)


@pytest.mark.parametrize("project", ["decnet", "decnet-t-0123abcd", "decnet-t-0123", "", None, 1, ["decnet"]])
def test_a_project_is_kept_if_it_is_valid(project: Any) -> None:
    text = orjson.dumps({**ROW, "project": project}, option=orjson.OPT_APPEND_NEWLINE)
    assert [counted(each) for each in touches(text.split(b"\n"))] == as_events(text)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"1", b"null", b'"x"', b'{"seq":1}', b"\xff", b'{"seq":1,"id":"","spool_id":"s"}'],
)
def test_what_is_no_event_does_not_count(line: bytes) -> None:
    text = line + b"\n" + orjson.dumps(ROW) + b"\n"
    assert [counted(each) for each in touches(text.split(b"\n"))] == as_events(text)
    assert len(as_events(text)) == 1


@pytest.mark.parametrize("number", range(129))
def test_the_limits_of_fields_are_those_of_an_event(number: int) -> None:
    for length in (1, 199, 200, 201, 3999, 4000, 4001):
        fields = {f"k{each}": "v" for each in range(number)} | {
            "long": "x" * length,
            "x" * min(length, 300): 1,
        }
        text = orjson.dumps({**ROW, "fields": fields}) + b"\n"
        assert [counted(each) for each in touches(text.split(b"\n"))] == as_events(text)
