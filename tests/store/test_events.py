"""Events are stored once, whole, and in order; so are the lines of the audit log."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from decnet.errors import StateBroken
from decnet.model.event import AttackerEvent
from decnet.store import audit
from decnet.store.events import EventCursor, append_events, event_cursor, read_events
from decnet.store.jsonl import append_lines, files_of, read_lines
from decnet.store.last_seen import LastSeen, forget_seen, load_seen, note_seen
from decnet.store.paths import Home

InChild = Callable[[Callable[[], object], str], int]
Events = Callable[..., AttackerEvent]


@dataclass(frozen=True)
class Page:
    spool_id: str
    events: Sequence[AttackerEvent]
    verdict: str = "ok"
    mark: str = ""


def ids(home: Home, **wanted: object) -> list[str]:
    return [stored.event.id for stored in read_events(home, **wanted)]  # type: ignore[arg-type]


def test_a_page_pulled_twice_is_stored_once(home: Home, event: Events) -> None:
    first, second = Page("s", [event(1), event(2)]), Page("s", [event(1), event(2), event(3)])
    assert event_cursor(home, "w") is None
    assert append_events(home, "w", first) == (event(1), event(2))
    assert event_cursor(home, "w") == EventCursor("s", 2)
    assert append_events(home, "w", first) == ()
    assert append_events(home, "w", second) == (event(3),)
    assert [stored.event for stored in read_events(home)] == [event(1), event(2), event(3)]


def test_a_page_stored_and_killed_at_any_place_has_each_event_once(
    home: Home, event: Events, in_child: InChild
) -> None:
    for number in count(1):
        worker = f"w{number}"
        append_events(home, worker, Page("s", [event(1)]))
        page = Page("s", [event(n) for n in range(2, 5)])
        status = in_child(lambda w=worker, p=page: append_events(home, w, p), f"kill:{number}")
        append_events(home, worker, page)
        assert ids(home, workers=[worker]) == ["e1", "e2", "e3", "e4"]
        if status == 0:
            break
    assert 2 < number < 30


def test_a_rotation_killed_at_any_place_loses_no_event(home: Home, event: Events, in_child: InChild) -> None:
    for number in count(1):
        worker = f"w{number}"
        for n in range(1, 5):
            append_events(home, worker, Page("s", [event(n)]), limit=10)
        page = Page("s", [event(5)])
        status = in_child(lambda w=worker, p=page: append_events(home, w, p, limit=10), f"kill:{number}")
        assert event_cursor(home, worker) in (EventCursor("s", 4), EventCursor("s", 5))
        append_events(home, worker, page, limit=10)
        assert ids(home, workers=[worker]) == ["e1", "e2", "e3", "e4", "e5"]
        if status == 0:
            break
    assert 5 < number < 40


def test_a_torn_last_line_is_cut_off_and_stored_again(home: Home, event: Events) -> None:
    append_events(home, "w", Page("s", [event(1), event(2)]))
    path = home.events("w") / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert event_cursor(home, "w") == EventCursor("s", 1)
    assert append_events(home, "w", Page("s", [event(2)])) == (event(2),)
    assert ids(home) == ["e1", "e2"]


def test_a_worker_that_lost_its_spool_reports_no_event_twice(home: Home, event: Events) -> None:
    append_events(home, "w", Page("s", [event(1, id="a"), event(2, id="b")]))
    again = Page("t", [event(1, id="b"), event(2, id="c"), event(3, id="a")])
    assert append_events(home, "w", again) == (event(2, id="c"),)
    assert event_cursor(home, "w") == EventCursor("t", 3, epoch=1)
    assert append_events(home, "w", again) == ()
    assert ids(home) == ["a", "b", "c"]


def test_a_page_of_nothing_but_old_events_still_moves_the_cursor(home: Home, event: Events) -> None:
    append_events(home, "w", Page("s", [event(1)]))
    assert append_events(home, "w", Page("t", [event(1)])) == ()
    assert event_cursor(home, "w") == EventCursor("t", 1, epoch=1)
    size = (home.events("w") / "events.jsonl").stat().st_size
    assert append_events(home, "w", Page("t", [event(1)])) == ()
    assert append_events(home, "w", Page("t", [])) == ()
    assert (home.events("w") / "events.jsonl").stat().st_size == size


def test_a_worker_cannot_repeat_or_reorder_within_a_page(home: Home, event: Events) -> None:
    page = Page("s", [event(2), event(2), event(1), event(5), event(4, id="e2")])
    assert append_events(home, "w", page) == (event(2), event(5))


def test_an_oversized_event_is_kept_without_its_fields(home: Home, event: Events) -> None:
    huge = event(1).model_copy(update={"fields": {"body": "x" * 200_000}})
    append_events(home, "w", Page("s", [huge, event(2)]))
    assert [stored.event.fields for stored in read_events(home)] == [{"cut": True}, {"username": "root"}]


def test_events_are_chosen_by_time_decky_and_worker_and_merged_by_time(home: Home, event: Events) -> None:
    append_events(home, "w1", Page("s", [event(1, at=10), event(2, at=30, decky="db-1")]))
    append_events(home, "../w2", Page("s", [event(1, id="x", at=20), event(2, id="y", at=40)]))
    assert ids(home) == ["e1", "x", "e2", "y"]
    assert ids(home, since=20) == ["x", "e2", "y"]
    assert ids(home, workers=["../w2"]) == ["x", "y"]
    assert {stored.worker for stored in read_events(home)} == {"w1", "../w2"}


def test_old_events_go_when_there_are_too_many_files(home: Home, event: Events) -> None:
    for n in range(1, 9):
        append_events(home, "w", Page("s", [event(n)]), limit=10, keep=3)
    assert len(files_of(home.events("w") / "events.jsonl")) == 4
    assert ids(home) == ["e5", "e6", "e7", "e8"]


def test_a_damaged_line_costs_only_itself(home: Home, event: Events) -> None:
    append_events(home, "w", Page("s", [event(1)]))
    path = home.events("w") / "events.jsonl"
    with path.open("ab") as stream:
        stream.write(b'\0\0\0\n{"seq": 1}\n[]\n' + b"x" * 300_000 + b"\n")
    append_events(home, "w", Page("s", [event(2)]))
    assert ids(home) == ["e1", "e2"]


def append_numbered(path: Path, letter: str) -> None:
    for number in range(200):
        append_lines(path, f"{letter}{number}\n".encode(), limit=300, keep=100)


def test_two_writers_that_rotate_lose_and_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=append_numbered, args=(path, letter)) for letter in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
        assert writer.exitcode == 0
    lines = [line.decode() for line in read_lines(path)]
    for letter in "ab":
        assert [line for line in lines if line[0] == letter] == [f"{letter}{n}" for n in range(200)]
    assert len(files_of(path)) > 5


def test_a_reader_during_a_rotation_sees_no_line_twice(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append_lines(path, b"1\n2\n", limit=100, keep=5)
    reading = read_lines(path)
    assert next(reading) == b"1"
    append_lines(path, b"3\n", limit=1, keep=5)
    assert list(reading) == [b"2"]
    assert list(read_lines(path)) == [b"1", b"2", b"3"]


def test_the_audit_log_keeps_who_what_and_outcome(home: Home) -> None:
    audit.append(home, at=0.0, who="op", command="decnet deploy", outcome="done", exit_code=0)
    audit.append(home, at=1.5, who="op", command="a\udcff\nb" + "x" * 9000, outcome="failed")
    first, second = audit.read(home)
    assert first == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "who": "op",
        "command": "decnet deploy",
        "outcome": "done",
        "exit_code": 0,
    }
    assert second["command"].startswith("a\\udcff\nbxxx")
    assert len(second["command"]) < 4100
    assert home.audit.stat().st_mode & 0o777 == 0o600


def test_an_audit_line_killed_at_any_place_is_whole_or_absent(home: Home, in_child: InChild) -> None:
    for number in count(1):
        status = in_child(
            lambda n=number: audit.append(home, at=0.0, who="op", command=str(n), outcome="done"),
            f"kill:{number}",
        )
        if status == 0:
            break
    audit.append(home, at=0.0, who="op", command="last", outcome="done")
    commands = [row["command"] for row in audit.read(home)]
    assert commands[-2:] == [str(number), "last"]
    assert number >= 3


def test_last_seen_is_merged_and_never_fails_a_command(home: Home) -> None:
    assert load_seen(home) == {}
    assert note_seen(home, {"u-1": LastSeen(at=1.0, skew=0.5)})
    assert note_seen(home, {"u-2": LastSeen(at=2.0, skew=-3.0)})
    assert not note_seen(home, {"u-2": LastSeen(at=2.0, skew=-3.0)})
    assert load_seen(home) == {"u-1": LastSeen(at=1.0, skew=0.5), "u-2": LastSeen(at=2.0, skew=-3.0)}
    forget_seen(home, "u-1")
    assert list(load_seen(home)) == ["u-2"]
    home.seen.write_bytes(b"\0\0")
    assert load_seen(home) == {}
    home.seen.unlink()
    home.seen.mkdir()
    with pytest.raises(StateBroken, match="Is a directory"):
        load_seen(home)
