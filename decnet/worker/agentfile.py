"""The agent's file for `local`, kept by its content and built only when its sources changed."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import sys
from pathlib import Path

from decnet.errors import StateBroken
from decnet.wire.fault import place

from .zipapp import ROOMS, build_agent


def agent_file(folder: Path) -> Path:
    """The path of `<folder>/<sha256>.pyz` with today's agent in it. Raises StateBroken.

    Building compiles every module (65 ms), so a note in the folder says which file came from sources of
    this state; the file's content is checked against its name all the same.
    """
    note = folder / f"built-{_sources_stamp()}"
    try:
        kept = _noted(folder, note)
        if kept is not None:
            return kept
        payload, sha256 = build_agent()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{sha256}.pyz"
        if not holds(path, sha256):
            _write_whole(path, payload)
        _write_whole(note, sha256.encode("ascii"))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "the disk is full: free some space and run the command again" if full else None
        raise StateBroken(f"{error.filename or folder}: {error.strerror}", hint=hint) from error
    return path


def _noted(folder: Path, note: Path) -> Path | None:
    try:
        sha256 = note.read_text("ascii")
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    path = folder / f"{sha256}.pyz"
    # The name comes from a file: it must not lead anywhere else.
    return path if len(sha256) == 64 and sha256.isalnum() and holds(path, sha256) else None


def holds(path: Path, sha256: str) -> bool:
    """Whether that very content lies there, in a file of its own."""
    try:
        return not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except FileNotFoundError:
        return False


def _sources_stamp() -> str:
    package = Path(__file__).resolve().parent.parent
    stamp = hashlib.sha256(sys.version.encode())
    for room in (*ROOMS, "worker"):
        for source in sorted((package / room).glob("*.py")):
            found = source.stat()
            stamp.update(f"{source} {found.st_size} {found.st_mtime_ns}\n".encode())
    return stamp.hexdigest()[:16]


def _write_whole(path: Path, content: bytes) -> None:
    # Named as the store's own temp files are: what a killed command left is collected with those.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    place("opening of a temp file")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            place("write")
            file.write(content)
            file.flush()
            place("fsync")
            os.fsync(file.fileno())
        place("rename")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
