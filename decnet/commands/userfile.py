"""The user's files, outside of the state directory: limited reads, atomic writes, no overwriting."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from decnet.errors import SpecError, UsageError
from decnet.model.toml_text import MAX_BYTES

STANDARD_INPUT = Path("-")


def display_name(path: Path) -> str:
    """The name of a file in messages; that of standard input for `-`."""
    return "<stdin>" if path == STANDARD_INPUT else str(path)


def read_bytes(path: Path) -> bytes:
    """The content of a file, or of standard input for `-`, cut one byte after the largest that is allowed.
    Raises SpecError naming it."""
    try:
        if path == STANDARD_INPUT:
            return _read_standard_input()
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SpecError(f"cannot be read: {error.strerror}", place=display_name(path)) from error


def _read_standard_input() -> bytes:
    if sys.stdin is None:
        raise SpecError("cannot be read: it is closed", place=display_name(STANDARD_INPUT))
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def refuse_existing(path: Path) -> None:
    """Raises UsageError if a file or link of that name exists."""
    if os.path.lexists(path):
        raise UsageError(f"{path} exists already", hint="--force replaces it")


def write_text(path: Path, text: str) -> None:
    """Makes `text` the file's content (0600: it may hold passwords). Raises UsageError naming the file."""
    temp = path.parent / f".{path.name}.{os.urandom(4).hex()}.tmp"
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a directory", hint="include the name of the file")
        descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        temp.replace(path)
    except OSError as error:
        _remove(temp)
        raise UsageError(f"{path}: cannot be written: {(error.strerror or '').lower()}") from error


def _remove(temp: Path) -> None:
    with suppress(OSError):
        temp.unlink()
