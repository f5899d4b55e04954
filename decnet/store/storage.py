"""Our TinyDB storage. Its own one truncates in place: not safe in a crash, nor for two processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinydb.storages import Storage

from .tables import read_tables, write_tables


class WholeFile(Storage):
    """Reads the file once, keeps the tables in memory, and writes them whole when told to commit.

    Closing without a commit leaves the file as it was.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tables: dict[str, dict[str, Any]] | None = None

    def read(self) -> dict[str, dict[str, Any]] | None:
        if self._tables is None:
            self._tables = read_tables(self._path)
        return self._tables

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        self._tables = data

    def commit(self) -> bool:
        """Writes the tables to the file if they differ from it; returns whether they did."""
        return self._tables is not None and write_tables(self._path, self._tables)
