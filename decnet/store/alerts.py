"""Which stored events each alert receiver was sent, and which it still has to be sent."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import orjson
from pydantic import ValidationError

from decnet.model.base import FrozenModel, Loose, Timestamp

from .atomic import read_whole, write_whole
from .events import Place, StoredEvent, event_of, last_places, place_of, row_of
from .jsonl import files_of
from .lock import Lock
from .os_errors import translate_os_errors
from .paths import Home

MAX_BYTES = 4 * 1024 * 1024
"""Bytes of one worker's stored events that are searched for unsent ones."""


@dataclass(frozen=True)
class AlertState:
    """The last event of each worker that one receiver was sent, and when an alert was last tried (seconds
    since the epoch)."""

    positions: dict[str, Place] = field(default_factory=dict)
    tried: float = 0.0

    def up_to(self, places: Mapping[str, Place]) -> AlertState:
        """The same receiver once it was sent the events up to these places."""
        return replace(self, positions={**self.positions, **places})


@dataclass(frozen=True)
class PendingEvents:
    """Stored events that a receiver was not sent yet, by worker, in the order of their places. `ends`: the
    last place of each worker. `more`: there are older ones too."""

    by_worker: tuple[Sequence[tuple[Place, StoredEvent]], ...]
    ends: dict[str, Place]
    more: bool

    @property
    def events(self) -> list[StoredEvent]:
        """All of them, oldest first."""
        found = (stored for events in self.by_worker for _, stored in events)
        return sorted(found, key=lambda stored: stored.event.at)

    def in_order(self) -> Iterator[tuple[Place, StoredEvent]]:
        """The events of all workers, merged by time, each worker's in the order of their places."""
        return heapq.merge(*self.by_worker, key=lambda found: found[1].event.at)


def alerts_lock(home: Home) -> Lock:
    """The lock of all alerts: two commands never send the same event."""
    return Lock(home, "decnet events --alert", path=home.events_dir / "alerts.lock")


class _Entry(FrozenModel):
    """`AlertState` as stored in its file."""

    positions: dict[str, Annotated[Place, Loose]]
    tried: Timestamp


def load_alert_state(home: Home, receiver: str) -> AlertState | None:
    """What this receiver was sent; None for a new receiver or a damaged entry."""
    try:
        entry = _Entry.model_validate(_document(home).get(receiver))
    except ValidationError:
        return None
    return AlertState(entry.positions, entry.tried)


def save_alert_state(home: Home, receiver: str, state: AlertState) -> None:
    """Records what this receiver was sent. The caller holds `alerts_lock`."""
    entry = {"positions": {name: list(at) for name, at in state.positions.items()}, "tried": state.tried}
    document = {**_document(home), receiver: entry}
    write_whole(_path(home), orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def pending_events(home: Home, workers: Iterable[str], state: AlertState) -> PendingEvents:
    """The events that were stored after the positions of a receiver."""
    present = last_places(home, workers)
    by_worker: list[Sequence[tuple[Place, StoredEvent]]] = []
    more = False
    for worker, end in present.items():
        if end == state.positions.get(worker):
            continue
        found, whole = _behind(home.events(worker) / "events.jsonl", state.positions.get(worker))
        by_worker.append(found[::-1])
        more = more or not whole
    return PendingEvents(tuple(by_worker), present, more)


def _behind(path: Path, position: Place | None) -> tuple[list[tuple[Place, StoredEvent]], bool]:
    """The events after a position, newest first, and whether these are all of them."""
    found: list[tuple[Place, StoredEvent]] = []
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


def _path(home: Home) -> Path:
    return home.events_dir / "alerts.json"


def _document(home: Home) -> Mapping[str, object]:
    content = read_whole(_path(home))
    try:
        document = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError:
        # It only records what was sent: without it the receivers count as new.
        return {}
    return document if isinstance(document, dict) else {}
