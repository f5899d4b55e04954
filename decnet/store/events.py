"""Attacker events as pulled from the workers: JSON lines per worker, each event once."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson
from pydantic import ValidationError

from decnet.model.event import AttackerEvent

from .jsonl import MAX_LINE, append_lines, last_lines, read_lines
from .lock import Lock
from .os_errors import translate_os_errors
from .paths import Home

if TYPE_CHECKING:
    from .event_index import Coverage

LIMIT = 16 * 1024 * 1024
"""Bytes of one worker's file, after which it is rotated."""

KEEP = 9
LOCK_TIMEOUT = 5.0

_OURS = ("worker", "spool_id", "epoch", "mark")


class Page(Protocol):
    """A worker's answer to `events`."""

    @property
    def spool_id(self) -> str: ...

    @property
    def events(self) -> Sequence[AttackerEvent]: ...

    @property
    def mark(self) -> str: ...

    @property
    def verdict(self) -> str: ...


class EventCursor(NamedTuple):
    """How far a worker's event spool has been stored here, and the spool's mark at that event ("" if
    unknown).

    `epoch` counts how often the worker began a new spool or was restored from an older copy.
    """

    spool_id: str
    seq: int
    mark: str = ""
    epoch: int = 0


Place = tuple[int, int]
"""The place of an event among those of its worker (`place_of`)."""


class StoredEvent(NamedTuple):
    """An event and its worker."""

    worker: str
    event: AttackerEvent


def event_cursor(home: Home, worker: str) -> EventCursor | None:
    """Where the next pull begins: taken from the last stored event, so that both move together."""
    return cursor_of(home.events(worker) / "events.jsonl")


def cursor_of(path: Path) -> EventCursor | None:
    """See `event_cursor`: by the file's path."""
    for line in last_lines(path):
        row = row_of(line)
        if row is not None:
            return EventCursor(str(row["spool_id"]), int(row["seq"]), str(row.get("mark", "")), _epoch(row))
    return None


def last_places(home: Home, workers: Iterable[str]) -> dict[str, Place]:
    """The place of the last stored event, by worker; without workers that have none."""
    found = {worker: event_cursor(home, worker) for worker in workers}
    return {worker: (cursor.epoch, cursor.seq) for worker, cursor in found.items() if cursor is not None}


class EarlierIds:
    """The ids of events in workers' earlier spools, read once for each spool: these may be hundreds of
    thousands, and do not change. Those of a few workers are cached."""

    MOST_WORKERS = 8

    def __init__(self) -> None:
        self._ids: dict[str, tuple[int, frozenset[str]]] = {}
        self._reading = threading.Lock()

    def before(self, home: Home, worker: str, epoch: int) -> frozenset[str]:
        """Those of the spools before `epoch`. The worker's lock is held."""
        # One at a time: many workers that were reset at once must not fill the memory.
        with self._reading:
            known = self._ids.pop(worker, None)
            if known is None or known[0] != epoch:
                known = epoch, _ids_before(home, worker, epoch)
            if len(self._ids) >= self.MOST_WORKERS:
                del self._ids[next(iter(self._ids))]
            self._ids[worker] = known
            return known[1]


def append_events(
    home: Home,
    worker: str,
    page: Page,
    earlier: EarlierIds | None = None,
    *,
    limit: int = LIMIT,
    keep: int = KEEP,
) -> tuple[AttackerEvent, ...]:
    """Stores and returns the new events of a page: an event is stored once, however often it is pulled.

    `worker` is its worker_id; `earlier` is shared by pages that are stored one after the other. This blocks:
    up to 5 s while another pull stores events of this worker, and for seconds if its spool was reset and many
    events are stored. Raises LockHeld after 5 s, StateBroken if the events cannot be written: then none of
    them is stored.
    """
    folder = home.events(worker)
    with translate_os_errors("make the folder", folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Lock(home, "decnet events", LOCK_TIMEOUT, path=folder / "lock"):
        cursor = event_cursor(home, worker)
        epoch = _epoch_of(page, cursor)
        known = (earlier or EarlierIds()).before(home, worker, epoch) if epoch else frozenset()
        fresh = _new_ones(page, known, 0 if cursor is None or cursor.epoch != epoch else cursor.seq)
        end = max((event.seq for event in page.events), default=0)
        lines = [_line(worker, page, event, epoch, is_end=event.seq == end) for event in fresh]
        lines += _position(worker, page, fresh, cursor, epoch)
        if lines:
            append_lines(folder / "events.jsonl", b"".join(lines), limit=limit, keep=keep)
    return fresh


def read_events(
    home: Home,
    *,
    since: float | None = None,
    until: float | None = None,
    workers: Collection[str] | None = None,
    source: str | None = None,
    coverage: Coverage | None = None,
) -> Iterator[StoredEvent]:
    """The stored events of all workers, merged by time, each worker's in the order of its spool. `since` and
    `until` (excluded) are in seconds since the epoch. A damaged line is skipped. With `source`, files without
    events of this address may be skipped; with `coverage`, only those parts of the files are read."""
    streams = lines_by_worker(home, since, until, workers, source, coverage)
    return heapq.merge(*(_stored(each, since, until) for each in streams), key=lambda stored: stored.event.at)


def lines_by_worker(
    home: Home,
    since: float | None,
    until: float | None,
    workers: Collection[str] | None,
    source: str | None,
    coverage: Coverage | None,
) -> list[Iterator[bytes]]:
    """The lines of each worker that `read_events` has to look at."""
    if coverage is None and (since is not None or until is not None or source is not None):
        from .event_index import parts_within

        coverage = parts_within(home, since, until, None if source is None else (source,))
    return [_lines(folder, coverage) for folder in worker_folders(home, workers)]


def worker_folders(home: Home, workers: Collection[str] | None = None) -> list[Path]:
    """The folders with the stored events of these workers; None for all."""
    with translate_os_errors("read", home.events_dir):
        folders = sorted(home.events_dir.iterdir()) if home.events_dir.is_dir() else []
    wanted = None if workers is None else {home.events(worker) for worker in workers}
    return [folder for folder in folders if folder.is_dir() and (wanted is None or folder in wanted)]


def events_between(home: Home, worker: str, start: Place | None, end: Place) -> Iterator[StoredEvent]:
    """A worker's stored events after `start` (None: from the first one) and up to `end`, in order."""
    return (stored for _, stored in placed_between(home, worker, start, end))


def placed_between(
    home: Home, worker: str, start: Place | None, end: Place
) -> Iterator[tuple[Place, StoredEvent]]:
    """The same, each with its place."""

    def is_behind(line: bytes) -> bool:
        row = row_of(line)
        return row is None or start is None or place_of(row) > start

    for line in read_lines(home.events(worker) / "events.jsonl", is_behind):
        row = row_of(line)
        if row is None or not is_behind(line):
            continue
        if place_of(row) > end:
            return
        if found := event_of(row):
            yield place_of(row), found


def _epoch_of(page: Page, cursor: EventCursor | None) -> int:
    """The epoch of the page: a worker that lost its spool, or was restored from an older copy, reports what
    its containers' logs still hold again, with other numbers."""
    if cursor is None:
        return 0
    is_same = cursor.spool_id == page.spool_id and page.verdict not in ("reset", "rewound")
    return cursor.epoch if is_same else cursor.epoch + 1


def _new_ones(page: Page, known: Collection[str], last: int) -> tuple[AttackerEvent, ...]:
    """The page's events after number `last` with unknown ids, each once."""
    fresh: list[AttackerEvent] = []
    seen: set[str] = set()
    for event in page.events:
        if event.seq > last and event.id not in known and event.id not in seen:
            seen.add(event.id)
            fresh.append(event)
        last = max(last, event.seq)
    return tuple(fresh)


def _position(
    worker: str, page: Page, fresh: Sequence[AttackerEvent], cursor: EventCursor | None, epoch: int
) -> list[bytes]:
    """A line that only moves the cursor, for a page that ends in stored events or begins an empty spool:
    without it every pull would request old events of such a spool again."""
    is_new = cursor is not None and cursor.epoch != epoch
    reached = fresh[-1].seq if fresh else cursor.seq if cursor is not None and not is_new else -1
    seq = max((event.seq for event in page.events), default=0)
    if not (page.events or is_new) or seq <= reached:
        return []
    return [position_line(worker, EventCursor(page.spool_id, seq, page.mark, epoch))]


def position_line(worker: str, cursor: EventCursor) -> bytes:
    """A stored line that has a position and no event."""
    row = {
        "worker": worker,
        "spool_id": cursor.spool_id,
        "seq": cursor.seq,
        "id": "",
        "mark": cursor.mark,
        "epoch": cursor.epoch,
    }
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _ids_before(home: Home, worker: str, epoch: int) -> frozenset[str]:
    """The stored ids of the spools before an epoch. Epochs only grow from line to line."""
    rows = (row_of(line) for line in read_lines(home.events(worker) / "events.jsonl"))
    earlier = takewhile(lambda row: row is None or _epoch(row) < epoch, rows)
    return frozenset(str(row["id"]) for row in earlier if row is not None)


def _line(worker: str, page: Page, event: AttackerEvent, epoch: int, *, is_end: bool) -> bytes:
    row = {"worker": worker, "spool_id": page.spool_id, **event.model_dump(exclude_defaults=True)}
    if epoch:
        row["epoch"] = epoch
    if page.mark and is_end:
        row["mark"] = page.mark
    line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    if len(line) < MAX_LINE:
        return line
    return orjson.dumps({**row, "fields": {"cut": True}}, option=orjson.OPT_APPEND_NEWLINE)


def _lines(folder: Path, coverage: Coverage | None) -> Iterator[bytes]:
    path = folder / "events.jsonl"
    return read_lines(path) if coverage is None else read_lines(path, spans=partial(coverage.of, folder))


def _stored(lines: Iterator[bytes], since: float | None, until: float | None) -> Iterator[StoredEvent]:
    low, high = -inf if since is None else since, inf if until is None else until
    for line in lines:
        row = row_of(line)
        # Most of the time goes into the check of a whole event.
        if row is None or (isinstance(at := row.get("at"), float) and not low <= at < high):
            continue
        found = event_of(row)
        if found is not None and low <= found.event.at < high:
            yield found


def event_of(row: dict[str, Any]) -> StoredEvent | None:
    """The event in a stored row; None if it holds only a position, or an unknown event."""
    rest = {key: value for key, value in row.items() if key not in _OURS}
    try:
        return StoredEvent(str(row.get("worker", "")), AttackerEvent.model_validate(rest))
    except ValidationError:
        return None


def place_of(row: dict[str, Any]) -> Place:
    """The place of a row among those of its worker; it only grows."""
    return _epoch(row), int(row["seq"])


def _epoch(row: dict[str, Any]) -> int:
    epoch = row.get("epoch", 0)
    return epoch if isinstance(epoch, int) else 0


def row_of(line: bytes) -> dict[str, Any] | None:
    """The row in a line of the file; None if the line is damaged."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    is_ours = isinstance(row, dict) and isinstance(row.get("seq"), int) and {"id", "spool_id"} <= row.keys()
    return row if is_ours else None
