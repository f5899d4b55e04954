"""The index of stored events: what each part of the files holds, by time and by source.

It is derived from the files and may be deleted at any time. Reading never writes it and never needs it: what
it does not cover is read from the files. `index_writer` keeps it up to date.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote
from zlib import crc32

import orjson

from decnet.plan.attack_table import RULES
from decnet.plan.attackers import Attacker, merged

from .jsonl import files_of
from .paths import Home

APPLICATION, SCHEMA = 0x6465636E, 5
VERSION = crc32(f"{SCHEMA} {RULES}".encode()) & 0x7FFFFFFF
"""Who wrote the file, the schema, and the techniques that its totals know: anything else is not ours."""

BUSY = 0.5
"""Seconds that a reader waits while the index is written."""

SAMPLE = 512
"""Bytes of a file's beginning, and before the end of what is indexed, by which the file is recognized."""

FileKey = tuple[str, int]
"""A worker's folder and the inode of a file in it."""

Span = tuple[int, int | None]
"""Bytes of a file, from and to; None: to its end."""


class IndexedFile(NamedTuple):
    """A file as it is indexed: up to `end`, with the hashes of its first bytes and of those before `end`."""

    number: int
    folder: str
    inode: int
    end: int
    head: bytes
    tail: bytes

    @property
    def key(self) -> FileKey:
        return self.folder, self.inode


class Coverage(NamedTuple):
    """Which bytes of the files have to be read; a file that is not named has to be read as a whole."""

    spans: dict[FileKey, list[Span]]

    def of(self, folder: Path, inode: int) -> list[Span]:
        """The parts of one file to read, in order."""
        return self.spans.get((folder.name, inode), [(0, None)])


class TimedPart(NamedTuple):
    """A part of a file, and the time of its last event in seconds since the epoch; infinite if unknown.
    `age` grows with the age of the file."""

    last: float
    folder: Path
    age: int
    inode: int
    start: int
    stop: int | None


def index_path(home: Home) -> Path:
    return home.events_dir / "index.db"


def parts_within(
    home: Home, since: float | None, until: float | None, sources: Collection[str] | None = None
) -> Coverage:
    """What has to be read to find the events of this time, `since` included, in seconds since the epoch; with
    `sources`, those of these addresses."""
    low = float("-inf") if since is None else since
    high = float("inf") if until is None else until
    query = "SELECT start, stop FROM spans WHERE file = ? AND last >= ? AND first < ? ORDER BY start"
    spans: dict[FileKey, list[Span]] = {}
    try:
        with _opened(index_path(home)) as reader:
            for each in _valid(home, reader)[0]:
                rows = reader.execute(query, (each.number, low, high)) if _has(reader, each, sources) else ()
                spans[each.key] = _joined([*((int(row[0]), int(row[1])) for row in rows), (each.end, None)])
    except _USELESS:
        return Coverage({})
    return Coverage(spans)


def newest_first(
    home: Home, since: float | None, until: float | None, source: str | None, folders: Collection[Path]
) -> list[TimedPart]:
    """The same of these workers' folders, by the time of the last event of each part, the latest first."""
    low = float("-inf") if since is None else since
    high = float("inf") if until is None else until
    query = "SELECT start, stop, last FROM spans WHERE file = ? AND last >= ? AND first < ? ORDER BY start"
    present = {key: path for key, path in present_files(home).items() if path.parent in folders}
    parts = {key: [(0, None, float("inf"))] for key in present}
    with suppress(*_USELESS), _opened(index_path(home)) as reader:
        for each in _valid(home, reader)[0]:
            if each.key in present:
                has = _has(reader, each, None if source is None else (source,))
                rows = reader.execute(query, (each.number, low, high)) if has else ()
                parts[each.key] = [*rows, (each.end, None, float("inf"))]
    found = [
        TimedPart(last, present[key].parent, age, key[1], start, stop)
        for age, (key, rows) in enumerate(parts.items())
        for start, stop, last in rows
    ]
    return sorted(found, key=lambda part: part.last, reverse=True)


def totals(home: Home, workers: Collection[str] | None = None) -> tuple[dict[str, Attacker], Coverage]:
    """What the indexed events of these workers (None: of all) show of each source, and what has to be read in
    addition."""
    try:
        with _opened(index_path(home)) as reader:
            valid, is_current = _valid(home, reader)
            if is_current:
                found = (Attacker.of(orjson.loads(text)) for text in _documents(home, reader, workers))
                return merged({}, found), Coverage({each.key: [(each.end, None)] for each in valid})
    except _USELESS:
        pass
    return {}, Coverage({})


def _documents(home: Home, reader: sqlite3.Connection, workers: Collection[str] | None) -> Iterator[bytes]:
    if workers is None:
        yield from (row[0] for row in reader.execute("SELECT document FROM totals"))
        return
    for worker in workers:
        query = "SELECT document FROM worker_totals WHERE folder = ?"
        yield from (row[0] for row in reader.execute(query, (home.events(worker).name,)))


def indexed_files(reader: sqlite3.Connection) -> list[IndexedFile]:
    """The files that the index knows."""
    return [IndexedFile(*row) for row in reader.execute("SELECT * FROM files ORDER BY number")]


def sample_of(stream: BinaryIO, end: int) -> tuple[bytes, bytes] | None:
    """The hashes of a file's first bytes and of those before `end`; None if it is shorter."""
    stream.seek(0)
    head = stream.read(min(SAMPLE, end))
    stream.seek(max(0, end - SAMPLE))
    tail = stream.read(min(SAMPLE, end))
    if len(tail) < min(SAMPLE, end):
        return None
    return hashlib.blake2b(head).digest(), hashlib.blake2b(tail).digest()


def is_ours(connection: sqlite3.Connection) -> bool:
    """Whether this decnet wrote the index. Raises sqlite3.Error."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return (application, version) == (APPLICATION, VERSION)


def matches(path: Path, known: IndexedFile) -> bool:
    """Whether the file begins as it was indexed."""
    try:
        with path.open("rb") as stream:
            return sample_of(stream, known.end) == (known.head, known.tail)
    except OSError:
        return False


def present_files(home: Home) -> dict[FileKey, Path]:
    """The files of all workers."""
    found: dict[FileKey, Path] = {}
    folders = home.events_dir.iterdir() if home.events_dir.is_dir() else ()
    for folder in folders:
        if folder.is_dir() and not folder.is_symlink():
            found.update(
                {(folder.name, each.stat().st_ino): each for each in files_of(folder / "events.jsonl")}
            )
    return found


def _valid(home: Home, reader: sqlite3.Connection) -> tuple[list[IndexedFile], bool]:
    """The indexed files that are there unchanged, and whether these are all that the index knows."""
    present, known = present_files(home), indexed_files(reader)
    valid = [each for each in known if each.key in present and matches(present[each.key], each)]
    return valid, len(valid) == len(known)


def _has(reader: sqlite3.Connection, file: IndexedFile, sources: Collection[str] | None) -> bool:
    """Whether the indexed part of the file has events of these sources."""
    if sources is None:
        return True
    query = "SELECT 1 FROM parts WHERE file = ? AND source = ?"
    return any(reader.execute(query, (file.number, source)).fetchone() for source in sources)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The index as it is at one moment."""
    address = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        if not is_ours(reader):
            raise ValueError("not an index of this version")
        yield reader


_USELESS = (sqlite3.Error, OSError, TypeError, ValueError)
"""What a damaged, foreign or locked index raises: the files have everything."""


def _joined(spans: list[Span]) -> list[Span]:
    """The same without gaps of no bytes."""
    found: list[Span] = []
    for start, stop in spans:
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], stop
        else:
            found.append((start, stop))
    return found
