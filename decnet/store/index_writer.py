"""Keeps the index of stored events up to date: after each pull, and in batches after it was deleted."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import orjson

from decnet.errors import DecnetError, LockHeld
from decnet.plan.attackers import Attacker, merged

from .event_index import APPLICATION, VERSION, index_path, indexed_files, is_ours, matches, present_files
from .index_batch import Batch, read_part, write_batch
from .lock import Lock
from .paths import Home

SPAN = 256 * 1024
"""Bytes of one row for time queries."""

BATCH = 256
"""Spans of one transaction, at most."""

MOST_GONE = 3
"""Files that are removed from an index one by one."""

FAR_BEHIND = 64 << 20
"""Bytes that are not indexed; less is indexed within seconds, and not reported."""

_SCHEMA = (
    "CREATE TABLE files (number INTEGER PRIMARY KEY, folder TEXT, inode INTEGER, end INTEGER, head BLOB,"
    " tail BLOB)",
    "CREATE TABLE spans (file INTEGER, start INTEGER, stop INTEGER, first REAL, last REAL,"
    " PRIMARY KEY (file, start)) WITHOUT ROWID",
    "CREATE TABLE parts (file INTEGER, source TEXT, document BLOB, PRIMARY KEY (file, source)) WITHOUT ROWID",
    "CREATE INDEX of_source ON parts (source)",
    "CREATE TABLE totals (source TEXT PRIMARY KEY, document BLOB) WITHOUT ROWID",
    "CREATE TABLE worker_totals (source TEXT, folder TEXT, document BLOB, PRIMARY KEY (source, folder))"
    " WITHOUT ROWID",
    "CREATE INDEX of_folder ON worker_totals (folder)",
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
)


class Progress(NamedTuple):
    """How many bytes of the files are indexed, before and after, and how many there are."""

    before: int
    after: int
    whole: int

    @property
    def tenths(self) -> int:
        """How many tenths are indexed, while the rest is too much for one pull."""
        is_behind = self.whole - self.after > FAR_BEHIND or self.whole - self.before > FAR_BEHIND
        return 10 * self.after // max(self.whole, 1) if is_behind else 10

    @property
    def tenths_before(self) -> int:
        """The same before this update."""
        return 10 * self.before // max(self.whole, 1) if self.whole - self.before > FAR_BEHIND else 10


def update_index(home: Home, seconds: float, *, span: int = SPAN, batch: int = BATCH) -> Progress | None:
    """Index what was stored since the last time, for at most about these seconds, with rows of about `span`
    bytes for time queries, `batch` of them in a transaction. An index that is damaged, older or foreign is
    replaced. None if it cannot be written or another command writes it: no question depends on it."""
    lock = Lock(home, "decnet events", 0.0, path=home.events_dir / "index.lock")
    with suppress(LockHeld, DecnetError, OSError, sqlite3.Error), lock:
        try:
            return _update(home, seconds, span, batch)
        except (sqlite3.Error, TypeError, ValueError) as error:
            if not _is_damage(error):
                raise
            _delete(index_path(home))
            return _update(home, seconds, span, batch)
    return None


def _is_damage(error: Exception) -> bool:
    """Whether the index is wrong, and not the disk full or the file locked."""
    return not isinstance(error, sqlite3.OperationalError) or "no such" in str(error)


def _update(home: Home, seconds: float, span: int, most: int) -> Progress:
    end = time.monotonic() + seconds
    with closing(_open(index_path(home))) as index:
        present = present_files(home)
        _forget_others(index, present)
        known = {each.key: each.end for each in indexed_files(index)}
        before = sum(known.values())
        whole, after = sum(path.stat().st_size for path in present.values()), before
        batch = Batch()
        for key, path in present.items():
            for _ in read_part(batch, key, path, known.get(key, 0), span):
                is_over = time.monotonic() > end
                if is_over or batch.is_full or batch.spans >= most:
                    after += write_batch(index, batch)
                if is_over:
                    return Progress(before, after, whole)
        after += write_batch(index, batch) if batch.parts else 0
        return Progress(before, after, whole)


def _open(path: Path) -> sqlite3.Connection:
    if path.exists():
        index = _connect(path)
        try:
            if is_ours(index):
                return index
        except sqlite3.Error:
            pass
        index.close()
        _delete(path)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    index = _connect(path)
    for statement in _SCHEMA:
        index.execute(statement)
    return index


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=5.0, isolation_level=None)


def _delete(path: Path) -> None:
    for each in (path, path.with_name(path.name + "-journal")):
        each.unlink(missing_ok=True)


def _forget_others(index: sqlite3.Connection, present: dict[tuple[str, int], Path]) -> None:
    """Remove what files held that were deleted or replaced. Raises ValueError if these are most of them: in a
    copy of the state directory every file is another one, and a new index is faster."""
    known = indexed_files(index)
    gone = [each for each in known if each.key not in present or not matches(present[each.key], each)]
    if len(gone) > MOST_GONE and len(gone) > len(known) // 4:
        raise ValueError("an index of other files")
    for each in gone:
        index.execute("BEGIN IMMEDIATE")
        query = "SELECT source FROM parts WHERE file = ?"
        sources = [row[0] for row in index.execute(query, (each.number,))]
        for table in ("spans", "parts"):
            index.execute(f"DELETE FROM {table} WHERE file = ?", (each.number,))  # noqa: S608
        index.execute("DELETE FROM files WHERE number = ?", (each.number,))
        for source in sources:
            _sum_up(index, each.folder, source)
        index.execute("COMMIT")


def _sum_up(index: sqlite3.Connection, folder: str, source: str) -> None:
    """The totals of a source from its parts on one worker, because what is gone cannot be subtracted, and
    from its totals on the others."""
    query = "SELECT document FROM parts JOIN files ON file = number WHERE source = ? AND folder = ?"
    _replace(index, "worker_totals", (source, folder), index.execute(query, (source, folder)).fetchall())
    query = "SELECT document FROM worker_totals WHERE source = ?"
    _replace(index, "totals", (source,), index.execute(query, (source,)).fetchall())


def _replace(index: sqlite3.Connection, table: str, key: tuple[str, ...], rows: list[tuple[bytes]]) -> None:
    """Set the row with this key to the sum of these documents; without any, remove it."""
    names = ("source", "folder")[: len(key)]
    index.execute(f"DELETE FROM {table} WHERE {' AND '.join(f'{name} = ?' for name in names)}", key)  # noqa: S608
    for each in merged({}, (Attacker.of(orjson.loads(document)) for (document,) in rows)).values():
        values = (*key, orjson.dumps(each.document()))
        index.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608
