"""TinyDB over our own storage: a transaction reads the file once, and writes it once or not at all."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from decnet.errors import StateBroken

from .atomic import last_copy, read_whole, write_whole
from .os_errors import translate_os_errors

if TYPE_CHECKING:
    from tinydb import TinyDB

Row = dict[str, Any]

_SPELLING = orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


class WholeFile:
    """A TinyDB storage. TinyDB's own truncates the file in place, which is not safe in a crash or with two
    processes. This one reads the file once, keeps the tables in memory, and writes them as a whole in
    `commit`; without a commit, the file does not change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tables: dict[str, dict[str, Any]] | None = None

    def read(self) -> dict[str, dict[str, Any]] | None:
        """The tables; None if there is no file yet."""
        if self._tables is None:
            self._tables = read_tables(self._path)
        return self._tables

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Replaces the tables in memory."""
        self._tables = data

    def close(self) -> None:
        """No file is open."""

    def commit(self) -> bool:
        """Writes the tables to the file if they differ from it; returns whether they did."""
        return self._tables is not None and write_tables(self._path, self._tables)


class Tables:
    """The tables of one file inside a transaction. `db` is TinyDB on them, in memory until the commit; then
    `wrote` is whether the commit had to write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wrote = False
        self._storage = WholeFile(path)
        self._database: TinyDB | None = None

    @property
    def db(self) -> TinyDB:
        if self._database is None:
            from tinydb import TinyDB

            self._database = TinyDB(storage=lambda: self._storage)
        return self._database

    @property
    def is_new(self) -> bool:
        """Whether there is no file yet."""
        return self._storage.read() is None

    def documents(self, table: str) -> list[Row]:
        """The documents of a table in the order of their numbers; none if there is no such table. Raises
        StateBroken for an invalid number or document."""
        if self.is_new:
            return []
        try:
            found = sorted(self.db.table(table), key=lambda document: document.doc_id)
        except (ValueError, TypeError) as error:
            why = f"a document of its table {table} has no number, or is not an object"
            raise damaged(self.path, why) from error
        return [dict(document) for document in found]

    def replace(self, table: str, documents: Sequence[Mapping[str, Any]]) -> None:
        """Makes these the documents of a table, numbered from 1 in their order."""
        self.db.drop_table(table)
        self.db.table(table).insert_multiple(documents)

    def commit(self) -> None:
        self.wrote = self._storage.commit()

    def remove(self) -> bool:
        """Deletes the file and its copy."""
        with translate_os_errors("remove", self.path):
            there = self.path.exists()
            self.path.unlink(missing_ok=True)
            last_copy(self.path).unlink(missing_ok=True)
        return there


@contextmanager
def transaction(path: Path, *, lasting: bool = False) -> Iterator[Tables]:
    """The file's tables, to be changed; they are committed if nothing is raised inside.

    `lasting`: the file is never deleted; raises StateBroken if it is missing and its copy exists.
    """
    if lasting:
        check_not_gone(path)
    tables = Tables(path)
    yield tables
    tables.commit()


def read_tables(path: Path) -> dict[str, Any] | None:
    """The tables of a file; None if there is no file."""
    content = read_whole(path)
    return None if content is None else parsed(path, content)


def check_not_gone(path: Path) -> None:
    """Raises StateBroken if there is no file but its copy exists."""
    copy = last_copy(path)
    if read_whole(path) is None and read_whole(copy) is not None:
        raise StateBroken(
            f"{path} is missing, but its last good copy exists",
            hint=f"to restore it: cp {shlex.quote(str(copy))} {shlex.quote(str(path))}",
        )


def parsed(path: Path, content: bytes) -> dict[str, Any]:
    """The tables in a file's content as TinyDB lays them out: {table: {document id: document}}.

    Raises StateBroken for content that is empty, truncated or not JSON; the message names the last good copy.
    """
    if not content.strip():
        raise damaged(path, "it is empty")
    try:
        tables = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise damaged(
            path, f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        ) from error
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise damaged(path, "it is not a TinyDB document")
    return tables


def rows(tables: Mapping[str, Any], table: str, path: Path) -> list[Row]:
    """The documents of one table in the order of their numbers; none if there is no such table."""
    documents = tables.get(table, {})
    try:
        ordered = [documents[number] for number in sorted(documents, key=int)]
    except ValueError:
        raise damaged(path, f"a document of its table {table} has no number") from None
    if not all(isinstance(row, dict) for row in ordered):
        raise damaged(path, f"a document of its table {table} is not an object")
    return ordered


def write_tables(path: Path, tables: Mapping[str, Any]) -> bool:
    """Writes the tables as a whole; returns whether that changed the file."""
    return write_whole(path, encode(tables), keep=True)


def encode(tables: Mapping[str, Any]) -> bytes:
    """The content of the file that holds these tables."""
    return orjson.dumps(tables, option=_SPELLING)


def damaged(path: Path, why: str) -> StateBroken:
    """The error of a damaged file, with the last good copy if that can be read."""
    copy = last_copy(path)
    good = _is_good(copy)
    hint = (
        f"restore the last good copy: cp {shlex.quote(str(copy))} {shlex.quote(str(path))}" if good else None
    )
    return StateBroken(f"{path} is damaged: {why}", hint=hint)


def _is_good(copy: Path) -> bool:
    try:
        content = read_whole(copy)
        return content is not None and isinstance(orjson.loads(content), dict)
    except (StateBroken, orjson.JSONDecodeError):
        return False
