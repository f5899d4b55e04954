"""Texts of configuration that the data of releases lacks (packaging/trees/readable.py)."""

from __future__ import annotations

from .archive import entry

ARCHIVE = "readable.zip"


def readable(path: str, size: int, version: str) -> bytes:
    """The text of a file of a package of that version, b"" if it is not known."""
    return entry(ARCHIVE, f"{path}@{size}@{version}", f"{path}@{size}") or b""
