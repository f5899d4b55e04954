"""Texts of configuration that the data of releases lacks (packaging/trees/readable.py)."""

from __future__ import annotations

import zipfile
from functools import cache
from importlib.resources import files
from io import BytesIO

ARCHIVE = "readable.zip"


def readable(path: str, size: int, version: str) -> bytes:
    """The text of a file of a package of that version, b"" if it is not known."""
    names = _archive().NameToInfo
    name = next((each for each in (f"{path}@{size}@{version}", f"{path}@{size}") if each in names), "")
    return _archive().read(name) if name else b""


@cache
def _archive() -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(files(__package__).joinpath("data", ARCHIVE).read_bytes()))
