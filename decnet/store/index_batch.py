"""What the index gets in one transaction: the parts of one or more files, read and counted before."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from decnet.plan.attackers import Attacker, add_sources
from decnet.wire.fault import place

from .event_index import FileKey, sample_of
from .touches import touches

MOST_SOURCES = 20_000
"""Of one batch: forged addresses must not fill the memory."""


@dataclass
class Part:
    """What was read of one file from `start` to `end`, which has these hashes."""

    start: int
    end: int
    hashes: tuple[bytes, bytes] = (b"", b"")
    spans: list[tuple[int, int, float, float]] = field(default_factory=list)
    sources: dict[str, Attacker] = field(default_factory=dict)

    def add(self, text: bytes) -> None:
        """Count the next whole lines."""
        found = list(touches(text.split(b"\n")))
        if found:
            times = [each.at for each in found]
            self.spans.append((self.end, self.end + len(text), min(times), max(times)))
            add_sources(self.sources, found)
        self.end += len(text)


@dataclass
class Batch:
    """The parts that are not in the index yet. The totals of many sources are large: they are written once
    for all of these parts."""

    parts: dict[FileKey, Part] = field(default_factory=dict)

    @property
    def spans(self) -> int:
        return sum(len(each.spans) for each in self.parts.values())

    @property
    def is_full(self) -> bool:
        return sum(len(each.sources) for each in self.parts.values()) >= MOST_SOURCES

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(each.end - each.start for each in self.parts.values())


def read_part(batch: Batch, key: FileKey, path: Path, start: int, span: int) -> Iterator[None]:
    """Read a file from `start` on into the batch, `span` bytes after each other. If the batch was written and
    emptied meanwhile, what follows is the next part of the file."""
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_ino != key[1]:
            return
        rest, end = b"", start
        while True:
            # `sample_of` reads elsewhere.
            stream.seek(end + len(rest))
            block = stream.read(span)
            if not block:
                return
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if newline:
                part = batch.parts.setdefault(key, Part(end, end))
                part.add(whole + newline)
                end = part.end
                hashes = sample_of(stream, end)
                if hashes is None:
                    del batch.parts[key]
                    return
                part.hashes = hashes
                yield


def write_batch(index: sqlite3.Connection, batch: Batch) -> int:
    """Add a batch in one transaction, and empty it; returns its bytes."""
    size = batch.size
    index.execute("BEGIN IMMEDIATE")
    try:
        numbers = {key: _file(index, key) for key in batch.parts}
        for key, part in batch.parts.items():
            _write_part(index, numbers[key], part)
        _write_totals(index, batch)
        place("index")
        ends = [(part.end, *part.hashes, numbers[key]) for key, part in batch.parts.items()]
        index.executemany("UPDATE files SET end = ?, head = ?, tail = ? WHERE number = ?", ends)
        index.execute("COMMIT")
        place("index")
    except BaseException:
        index.execute("ROLLBACK")
        raise
    batch.parts.clear()
    return size


def _file(index: sqlite3.Connection, key: FileKey) -> int:
    query = "SELECT number FROM files WHERE folder = ? AND inode = ?"
    found = index.execute(query, key).fetchone()
    if found is not None:
        return int(found[0])
    empty = (*key, b"", b"")
    added = index.execute("INSERT INTO files (folder, inode, end, head, tail) VALUES (?, ?, 0, ?, ?)", empty)
    assert added.lastrowid is not None
    return added.lastrowid


def _write_part(index: sqlite3.Connection, file: int, part: Part) -> None:
    spans = ((file, *each) for each in part.spans)
    index.executemany("INSERT INTO spans VALUES (?, ?, ?, ?, ?)", spans)
    query = "SELECT document FROM parts WHERE file = ? AND source = ?"
    documents = (
        (file, source, _with_stored(index, query if part.start else "", (file, source), part.sources[source]))
        for source in sorted(part.sources)
    )
    index.executemany("REPLACE INTO parts VALUES (?, ?, ?)", documents)


def _write_totals(index: sqlite3.Connection, batch: Batch) -> None:
    whole: dict[str, list[Attacker]] = {}
    of_workers: dict[tuple[str, str], list[Attacker]] = {}
    for (folder, _), part in batch.parts.items():
        for source, new in part.sources.items():
            whole.setdefault(source, []).append(new)
            of_workers.setdefault((source, folder), []).append(new)
    query = "SELECT document FROM worker_totals WHERE source = ? AND folder = ?"
    parts = ((*key, _with_stored(index, query, key, *of_workers[key])) for key in sorted(of_workers))
    index.executemany("REPLACE INTO worker_totals VALUES (?, ?, ?)", parts)
    query = "SELECT document FROM totals WHERE source = ?"
    documents = ((source, _with_stored(index, query, (source,), *whole[source])) for source in sorted(whole))
    index.executemany("REPLACE INTO totals VALUES (?, ?)", documents)


def _with_stored(
    index: sqlite3.Connection, query: str, values: tuple[object, ...], first: Attacker, *more: Attacker
) -> bytes:
    """What is stored of a source, if anything, together with what is new."""
    stored = index.execute(query, values).fetchone() if query else None
    if stored is None and not more:
        return orjson.dumps(first.document())
    found = Attacker.of(orjson.loads(stored[0]) if stored is not None else first.document())
    for each in (first, *more) if stored is not None else more:
        found.merge(each)
    return orjson.dumps(found.document())
