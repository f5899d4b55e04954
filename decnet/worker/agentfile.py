"""The agent's file on this machine, kept under the hash of its content."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from pathlib import Path

from decnet.errors import StateBroken
from decnet.wire.fault import place

from .zipapp import build_agent


def agent_file(folder: Path) -> Path:
    """The path of `<folder>/<sha256>.pyz` with today's agent in it. Raises StateBroken."""
    payload, sha256 = build_agent()
    path = folder / f"{sha256}.pyz"
    try:
        if not holds(path, sha256):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_whole(path, payload)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = "the disk is full: free some space and run the command again" if full else None
        raise StateBroken(f"{error.filename or folder}: {error.strerror}", hint=hint) from error
    return path


def holds(path: Path, sha256: str) -> bool:
    """Whether that very content lies there, in a file of its own."""
    try:
        return not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except FileNotFoundError:
        return False


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
