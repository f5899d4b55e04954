"""Old events are deleted as the fleet file says and counted, and pulls continue where the last one ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import pytest

from decnet.model.event import AttackerEvent
from decnet.model.event_settings import Retention
from decnet.store.events import EventCursor, append_events, event_cursor, read_events
from decnet.store.jsonl import files_of
from decnet.store.paths import Home
from decnet.store.retention import DAY, MOST_FILES, Dropped, apply_retention, load_dropped, stored_sizes

InChild = Callable[[Callable[[], object], str], int]
NOW = time.time()
SIZE = 1 << 20


@dataclass(frozen=True)
class Page:
    events: Sequence[AttackerEvent]
    spool_id: str = "s"
    verdict: str = "ok"
    mark: str = "m"


def event(seq: int, at: float, text: str = "") -> AttackerEvent:
    return AttackerEvent.model_validate(
        {
            "id": f"e{seq}", "seq": seq, "at": at, "decky": "web", "service": "ssh", "kind": "command",
            "source_ip": "192.0.2.7", "source_port": 1, "session": "s", "fields": {"input": text},
        }
    )  # fmt: skip


def store(home: Home, *events: AttackerEvent, limit: int = 1 << 17) -> None:
    append_events(home, "w", Page(events), limit=limit, keep=MOST_FILES)


def stored(home: Home) -> list[str]:
    return [each.event.id for each in read_events(home)]


def retain(home: Home, retention: Retention, now: float = NOW) -> Dropped | None:
    return apply_retention(home, home.events("w"), retention, now)


def flood(home: Home, number: int) -> None:
    """About 100 KB for each event's page."""
    for seq in range(1, number + 1):
        store(home, *(event(seq * 100 + each, NOW + seq, "x" * 3900) for each in range(25)))


def test_beyond_its_size_the_oldest_are_deleted_and_counted(home: Home) -> None:
    flood(home, 20)
    before = stored(home)
    assert sum(each.stat().st_size for each in files_of(home.events("w") / "events.jsonl")) > SIZE
    dropped = retain(home, Retention(size=SIZE))
    left = stored(home)
    assert dropped is not None
    assert left == before[dropped.events :]
    assert len(left) > 150
    assert sum(each.stat().st_size for each in files_of(home.events("w") / "events.jsonl")) <= SIZE
    assert retain(home, Retention(size=SIZE)) is None
    assert [each.dropped.events for each in stored_sizes(home)] == [dropped.events]


def test_older_than_its_days_all_are_deleted_a_day_later_at_most(home: Home) -> None:
    store(home, event(1, NOW - 9 * DAY), event(2, NOW - 8.5 * DAY))
    kept = Retention(days=8)
    retain(home, kept, NOW - 7 * DAY)
    store(home, event(3, NOW - 6 * DAY))
    dropped = retain(home, kept)
    assert dropped is not None
    assert (dropped.events, dropped.until, stored(home)) == (2, NOW - 8.5 * DAY, ["e3"])


def test_the_position_stays_when_every_event_is_deleted(home: Home) -> None:
    store(home, event(1, NOW - 90 * DAY), event(2, NOW - 90 * DAY))
    assert event_cursor(home, "w") == EventCursor("s", 2, "m")
    dropped = retain(home, Retention(days=30))
    assert dropped is not None
    assert (dropped.events, stored(home), event_cursor(home, "w")) == (2, [], EventCursor("s", 2, "m"))
    store(home, event(2, NOW - 90 * DAY), event(3, NOW))
    assert stored(home) == ["e3"]


def test_a_clock_that_was_ahead_does_not_keep_events(home: Home) -> None:
    store(home, event(1, NOW - 90 * DAY), event(2, NOW + 900 * DAY))
    for each in files_of(home.events("w") / "events.jsonl"):
        os.utime(each, (NOW - 90 * DAY, NOW - 90 * DAY))
    retain(home, Retention(days=30))
    assert stored(home) == []


def test_without_a_limit_of_days_old_events_stay(home: Home) -> None:
    store(home, event(1, 1.0))
    assert retain(home, Retention()) is None
    assert stored(home) == ["e1"]


def test_killed_at_any_place_each_deleted_event_is_counted_once(home: Home, in_child: InChild) -> None:
    flood(home, 20)
    total = len(stored(home))
    for number in count(1):
        status = in_child(lambda: retain(home, Retention(size=SIZE)), f"kill:{number}")
        known = load_dropped(home.events("w")).events
        assert known - 50 <= total - len(stored(home)) <= known
        if status == 0:
            break
    assert load_dropped(home.events("w")).events == total - len(stored(home))
    assert number > 1


@pytest.mark.parametrize("content", [b"", b"[]", b'{"events": -1}', b"\xff"])
def test_a_damaged_count_begins_again(home: Home, content: bytes) -> None:
    store(home, event(1, NOW))
    (home.events("w") / "dropped.json").write_bytes(content)
    assert load_dropped(home.events("w")) == Dropped()
    flood(home, 20)
    assert retain(home, Retention(size=SIZE)) is not None
