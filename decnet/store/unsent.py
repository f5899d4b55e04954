"""The stored events that a receiver was not sent yet."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .deliveries import Cursor
from .events import Place, StoredEvent, event_of, last_places, place_of, placed_between, row_of
from .jsonl import files_of
from .os_errors import translate_os_errors
from .paths import Home

MAX_BYTES = 4 * 1024 * 1024
"""Bytes of one worker's stored events that are searched for the events of one alert."""

Placed = tuple[Place, StoredEvent]


@dataclass(frozen=True)
class PendingEvents:
    """The events of one alert, by worker, in the order of their places. `ends`: the last place of each
    worker. `more`: there are older ones too."""

    by_worker: tuple[Sequence[Placed], ...]
    ends: dict[str, Place]
    more: bool

    @property
    def events(self) -> list[StoredEvent]:
        """All of them, oldest first."""
        found = (stored for events in self.by_worker for _, stored in events)
        return sorted(found, key=lambda stored: stored.event.at)

    def in_order(self) -> Iterator[Placed]:
        """The events of all workers, merged by time, each worker's in the order of their places."""
        return _merged(self.by_worker)


def unsent_events(home: Home, cursor: Cursor, ends: Mapping[str, Place]) -> Iterator[Placed]:
    """All events after a cursor and up to `ends`, merged by time, each worker's in the order of their
    places."""
    starts = {worker: cursor.positions.get(worker) for worker in ends}
    # Stored events that end before the cursor are others: someone deleted the earlier ones.
    known = {
        worker: start if start is None or start <= ends[worker] else None for worker, start in starts.items()
    }
    return _merged(
        placed_between(home, worker, known[worker], end)
        for worker, end in ends.items()
        if known[worker] != end
    )


def pending_events(home: Home, workers: Iterable[str], cursor: Cursor) -> PendingEvents:
    """The newest events after a cursor, as many as MAX_BYTES of each worker hold."""
    present = last_places(home, workers)
    by_worker: list[Sequence[Placed]] = []
    more = False
    for worker, end in present.items():
        if end == cursor.positions.get(worker):
            continue
        found, whole = _behind(home.events(worker) / "events.jsonl", cursor.positions.get(worker))
        by_worker.append(found[::-1])
        more = more or not whole
    return PendingEvents(tuple(by_worker), present, more)


def _merged(by_worker: Iterable[Iterable[Placed]]) -> Iterator[Placed]:
    return heapq.merge(*by_worker, key=lambda found: found[1].event.at)


def _behind(path: Path, position: Place | None) -> tuple[list[Placed], bool]:
    """The events after a position, newest first, and whether these are all of them."""
    found: list[Placed] = []
    for line in _backwards(path):
        row = row_of(line)
        if row is None:
            continue
        if position is not None and place_of(row) <= position:
            return found, True
        if stored := event_of(row):
            found.append((place_of(row), stored))
    # Without a position every event is new; else the position is further back than MAX_BYTES.
    return found, position is None


def _backwards(path: Path) -> Iterator[bytes]:
    left = MAX_BYTES
    for part in files_of(path):
        with translate_os_errors("read", part), part.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, end - left))
            pieces = stream.read(left).split(b"\n")
        yield from (pieces[:-1] if end <= left else pieces[1:-1])[::-1]
        left -= end
        if left <= 0:
            return
