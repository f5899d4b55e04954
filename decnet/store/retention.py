"""How long stored events are kept: old files of a worker are deleted when events are pulled, and counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import orjson
from pydantic import Field, ValidationError

from decnet.model.base import FrozenModel, Timestamp
from decnet.model.event_settings import Retention

from .atomic import fsync_folder, read_whole, write_whole
from .events import LIMIT, LOCK_TIMEOUT, cursor_of, position_line, row_of
from .jsonl import append_lines, files_of
from .lock import Lock
from .os_errors import translate_os_errors
from .paths import Home

DAY = 86_400.0
MOST_FILES = 1_000_000
FILES_PER_SIZE = 8
"""A limit is kept to within a file: an eighth of it, at most LIMIT."""

_END = 256 * 1024


class Dropped(FrozenModel):
    """Events that retention has deleted so far: how many, and the time of the newest."""

    events: Annotated[int, Field(ge=0)] = 0
    until: Timestamp = 0.0
    file: Annotated[int, Field(ge=0)] = 0
    """The inode of the file that was counted last: it may not have been deleted yet."""


class Stored(NamedTuple):
    """What one worker's events take."""

    bytes: int
    dropped: Dropped


def file_limit(retention: Retention) -> int:
    """Bytes after which a worker's file is rotated."""
    return min(LIMIT, retention.size // FILES_PER_SIZE)


def apply_retention(home: Home, folder: Path, retention: Retention, now: float) -> Dropped | None:
    """Delete the oldest files of one worker's folder until the rest fits: events older than `days` (up to a
    day later) and what is beyond `size`. Returns what was deleted now; None for nothing.

    The last position stays stored, so that the next pull continues there. Raises LockHeld, StateBroken.
    """
    path = folder / "events.jsonl"
    if not files_of(path) or not _is_due(path, retention, now):
        return None
    with Lock(home, "decnet events", LOCK_TIMEOUT, path=folder / "lock"):
        if _is_aging(path, retention, now):
            _close_file(path)
        before = load_dropped(folder)
        for file in _surplus(path, retention, now):
            _drop(folder, file)
        after = load_dropped(folder)
    count = after.events - before.events
    return after.model_copy(update={"events": count}) if count else None


def load_dropped(folder: Path) -> Dropped:
    """What was deleted so far; nothing if that is not known."""
    try:
        return Dropped.model_validate_json(read_whole(folder / "dropped.json") or b"{}")
    except ValidationError:
        return Dropped()


def stored_sizes(home: Home) -> Iterator[Stored]:
    """What the events of each worker take, also of those that are no longer enrolled."""
    for folder in event_folders(home):
        sizes = [each.stat().st_size for each in files_of(folder / "events.jsonl")]
        yield Stored(sum(sizes), load_dropped(folder))


def event_folders(home: Home) -> list[Path]:
    """The folders with workers' events."""
    with translate_os_errors("read", home.events_dir):
        found = home.events_dir.iterdir() if home.events_dir.is_dir() else ()
        return sorted(each for each in found if each.is_dir() and not each.is_symlink())


def _is_due(path: Path, retention: Retention, now: float) -> bool:
    return _is_aging(path, retention, now) or bool(_surplus(path, retention, now))


def _is_aging(path: Path, retention: Retention, now: float) -> bool:
    """Whether the current file has to be closed, to be deleted in time."""
    return retention.days is not None and _is_old(path, now - DAY)


def _surplus(path: Path, retention: Retention, now: float) -> list[Path]:
    """The files to delete, oldest first; never the newest, nor any while that one has no position."""
    with translate_os_errors("read", path):
        current, *others = files_of(path)
        total = current.stat().st_size + sum(each.stat().st_size for each in others)
        found: list[Path] = []
        for file in reversed(others):
            is_old = retention.days is not None and _newest(file) < now - retention.days * DAY
            if total <= retention.size and not is_old:
                break
            found.append(file)
            total -= file.stat().st_size
        return found if found and _has_line(current) else []


def _has_line(file: Path) -> bool:
    with file.open("rb") as stream:
        return b"\n" in stream.read(_END)


def _is_old(path: Path, limit: float) -> bool:
    """Whether the first event of the current file is from before that time."""
    if not path.exists():
        return False
    with translate_os_errors("read", path), path.open("rb") as stream:
        times = _times(stream.read(_END).split(b"\n")[:-1])
    return bool(times) and times[0] < limit


def _close_file(path: Path) -> None:
    """Begin a new file with the position that the last one ends with."""
    cursor = cursor_of(path)
    if cursor is not None:
        append_lines(path, position_line(path.parent.name, cursor), limit=0, keep=MOST_FILES)


def _newest(file: Path) -> float:
    """The time of the newest event of a file, by its end; a clock that was ahead does not count."""
    found = file.stat()
    with file.open("rb") as stream:
        stream.seek(max(0, found.st_size - _END))
        return min(max(_times(stream.read(_END).split(b"\n")), default=found.st_mtime), found.st_mtime)


def _drop(folder: Path, file: Path) -> None:
    with translate_os_errors("delete", file):
        known, inode = load_dropped(folder), file.stat().st_ino
        if known.file != inode:
            times = _times(file.read_bytes().split(b"\n"))
            until = max([known.until, *times])
            # Before the deletion: what a crash leaves is not counted again.
            counted = Dropped(events=known.events + len(times), until=until, file=inode)
            write_whole(folder / "dropped.json", orjson.dumps(counted.model_dump()))
        file.unlink()
        fsync_folder(folder)


def _times(lines: list[bytes]) -> list[float]:
    rows = (row_of(line) for line in lines if line)
    return [float(row["at"]) for row in rows if row is not None and isinstance(row.get("at"), (int, float))]
