"""The files of the event spool: numbered JSON lines in segments, whose names are the number of their first.

A segment grows to `limits.SPOOL_SEGMENT` bytes, then the next one begins. Callers make room before they
append.
"""

from __future__ import annotations

import json
import os
import re

from decnet.wire import is_project, parse
from decnet.wire.event_fields import KINDS
from decnet.wire.fault import place

from . import limits
from .home import path, sync_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Tuple

FOLDER = "events"
LOST = "lost"
_NEAR = 8192
_SEGMENT = re.compile(r"[0-9]{12,}\.jsonl")


class Segments:
    """The segments on disk. The caller holds the spool's lock."""

    def __init__(self) -> None:
        names = [name for name in _names() if _SEGMENT.fullmatch(name)]
        begins = [int(name.partition(".")[0]) for name in names if os.path.isfile(path(FOLDER, name))]
        self._sizes = {begin: os.path.getsize(_place(begin)) for begin in sorted(begins)}
        self._unsynced: List[int] = []

    @property
    def begins(self) -> List[int]:
        """The first number of each segment, ascending."""
        return list(self._sizes)

    @property
    def total(self) -> int:
        """Bytes of all segments."""
        return sum(self._sizes.values())

    def behind(self, number: int) -> List[int]:
        """The segments that hold numbers above this one."""
        begins = self.begins
        return [
            begin
            for begin, following in zip(begins, [*begins[1:], None])
            if following is None or following > number + 1
        ]

    def bytes_behind(self, number: int) -> int:
        """Bytes of the segments that hold numbers above this one."""
        return sum(self._sizes[begin] for begin in self.behind(number))

    def rows(self, begin: int, after: int = 0) -> Iterator[Tuple[Dict[str, Any], int]]:
        """The events of a segment with a higher number than `after`, and their bytes. Damaged lines are
        skipped."""
        with open(_place(begin), "rb") as file:
            file.seek(self._before(file, begin, after))
            for line in file:
                row = _row(line) if line.endswith(b"\n") else None
                if row is not None and after < row["seq"] and self._is_possible(begin, row["seq"]):
                    yield row, len(line)

    def append(self, content: bytes, first: int) -> None:
        """Write lines whose first number is `first`; durable after `sync`."""
        begin = max(self._sizes, default=None)
        if begin is None or self._sizes[begin] + len(content) > limits.SPOOL_SEGMENT:
            self.sync()
            begin = first
        if begin not in self._unsynced:
            self._unsynced.append(begin)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(_place(begin), flags, 0o600)
        self._sizes.setdefault(begin, 0)
        try:
            while content:
                place("write to the spool")
                written = os.write(descriptor, content)
                self._sizes[begin] += written
                content = content[written:]
        finally:
            os.close(descriptor)

    def sync(self) -> None:
        """Make appended lines durable."""
        while self._unsynced:
            place("fsync of the spool")
            _sync(_place(self._unsynced[0]))
            del self._unsynced[0]

    def drop(self, begin: int) -> None:
        """Remove a segment."""
        place("removal of a segment")
        os.unlink(_place(begin))
        del self._sizes[begin]

    def cut_torn_line(self) -> None:
        """Cut off a torn last line."""
        begin = max(self._sizes, default=None)
        if begin is not None and self._sizes[begin]:
            with open(_place(begin), "rb") as file:
                whole = _last_end(file, self._sizes[begin])
            if whole != self._sizes[begin]:
                self._truncate(begin, whole)

    def split_large(self) -> None:
        """Split the segments of an agent that put a whole batch into one. The end is moved first, so that a
        crash leaves at most one duplicate piece, which the next call finds."""
        for begin in self.begins:
            while self._sizes[begin] > 2 * limits.SPOOL_SEGMENT + limits.SPOOL_LINE:
                self._split_end(begin)

    def _before(self, file: BinaryIO, begin: int, after: int) -> int:
        """The start of a line before which no row is above `after`: reading all lines would take longer than
        everything else of a page."""
        low, high = 0, self._sizes[begin]
        while high - low > _NEAR:
            file.seek((low + high) // 2)
            file.readline()
            start, row = file.tell(), _row(file.readline())
            if row is not None and self._is_possible(begin, row["seq"]) and row["seq"] <= after:
                low = start
            else:
                high = (low + high) // 2
        return low

    def _is_possible(self, begin: int, number: int) -> bool:
        """Whether a segment can contain this number: every line has at least one byte. A damaged number must
        not change the spool's."""
        return 0 <= number - begin < self._sizes[begin]

    def _split_end(self, begin: int) -> None:
        with open(_place(begin), "rb") as file:
            file.seek(self._sizes[begin] - limits.SPOOL_SEGMENT)
            file.readline()
            cut, content = file.tell(), file.read()
        rows = (row for row in map(_row, content.splitlines(True)) if row is not None)
        first = next((row["seq"] for row in rows if self._is_possible(begin, row["seq"])), begin)
        if first > begin and first not in self._sizes:
            self._add_segment(first, content)
        self._truncate(begin, cut if content else self._sizes[begin] - limits.SPOOL_SEGMENT)

    def _add_segment(self, begin: int, content: bytes) -> None:
        draft = _place(begin) + ".%d.tmp" % os.getpid()
        with open(draft, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, _place(begin))
        sync_folder(path(FOLDER))
        self._sizes = dict(sorted({**self._sizes, begin: len(content)}.items()))

    def _truncate(self, begin: int, size: int) -> None:
        os.truncate(_place(begin), size)
        self._sizes[begin] = size


def _names() -> List[str]:
    try:
        return os.listdir(path(FOLDER))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _place(begin: int) -> str:
    return path(FOLDER, "%012d.jsonl" % begin)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NOFOLLOW, 0o600)


def _sync(name: str) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _last_end(file: BinaryIO, size: int) -> int:
    """The end of the last whole line."""
    start = size
    while start > 0:
        start = max(0, start - 65536)
        file.seek(start)
        found = file.read(min(65536, size - start)).rfind(b"\n")
        if found >= 0:
            return start + found + 1
    return 0


def _row(line: bytes) -> Optional[Dict[str, Any]]:
    """The event of a line; None if it is damaged."""
    try:
        # Strict parsing, which takes four times as long, only if a lone surrogate or a constant is possible.
        odd = b"\\ud" in line or b"N" in line or b"I" in line
        row = parse(line) if odd else json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and _is_event(row) else None


def _is_event(row: Dict[str, Any]) -> bool:
    return (
        row.get("kind") in KINDS
        and all(isinstance(row.get(key), kind) for key, kind in ROW.items())
        and ("project" not in row or is_project(row["project"]))
        and 0 < row["seq"] <= 2**53
        and 0 <= row["at"] < 1e11
        and 0 <= row["source_port"] <= 65535
        and not any(isinstance(value, (dict, list)) for value in row["fields"].values())
    )


GIVEN: Dict[str, Any] = {
    "id": str, "seq": int, "at": float, "decky": str, "service": str, "kind": str, "source_ip": str,
    "source_port": int, "session": str, "fields": dict,
}  # fmt: skip
"""The fields of an event that the operator gets, in addition to the `project` of a topology."""


_ALL = (*GIVEN, "project")


def given(row: Dict[str, Any]) -> Dict[str, Any]:
    """The event as the operator gets it."""
    return {key: row[key] for key in _ALL if key in row}


ROW = dict(GIVEN, container=str, run=str, n=int, mark=str)
