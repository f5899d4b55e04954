"""The pinned host keys: one file in OpenSSH's format, one line per worker."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from decnet.errors import HostKeyRefused, StateBroken

if TYPE_CHECKING:
    from decnet.model.worker import Worker

Write = Callable[[Path, bytes], object]
"""Writes a file whole, or not at all."""


@dataclass(frozen=True)
class HostKey:
    """A host's public key: `ssh-ed25519` and its base64 blob."""

    algorithm: str
    blob: str

    @property
    def line(self) -> str:
        return f"{self.algorithm} {self.blob}"

    @property
    def fingerprint(self) -> str:
        """As OpenSSH shows it: `SHA256:` and base64 without padding."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")

    @classmethod
    def parse(cls, line: str) -> HostKey:
        """From `ALGORITHM BLOB [COMMENT]`. Raises ValueError."""
        algorithm, blob = line.split()[:2]
        try:
            raw = base64.b64decode(blob, validate=True)
        except binascii.Error as error:
            raise ValueError("the key is not base64") from error
        name = algorithm.encode("ascii")
        if raw[: 4 + len(name)] != len(name).to_bytes(4, "big") + name:
            raise ValueError("the key does not match its type")
        return cls(algorithm, blob)


def pinned(known_hosts: Path, worker: Worker) -> HostKey:
    """The pinned key of an enrolled worker. Raises HostKeyRefused if there is none, StateBroken."""
    key = load_pins(known_hosts).get(worker.worker_id)
    if key is None:
        raise HostKeyRefused(
            "no host key is pinned for it",
            hint=f"decnet worker trust {worker.name}",
            worker=worker.name,
        )
    return key


def load_pins(known_hosts: Path) -> dict[str, HostKey]:
    """worker_id to pinned key; empty where the file does not exist. Raises StateBroken with the line."""
    try:
        stat = known_hosts.stat()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StateBroken(f"{known_hosts}: {error.strerror}") from error
    return _parsed(known_hosts, stat.st_mtime_ns, stat.st_size, stat.st_ino)


def pin(known_hosts: Path, worker: Worker, key: HostKey, write: Write) -> bool:
    """Pin the key for the worker, replacing an older one. False if nothing had to be written."""
    lines = {**_lines(known_hosts), worker.worker_id: _line(worker, key)}
    return _replace(known_hosts, lines, write)


def unpin(known_hosts: Path, worker_id: str, write: Write) -> bool:
    """Remove the worker's key. False if none was pinned."""
    lines = {held: line for held, line in _lines(known_hosts).items() if held != worker_id}
    return _replace(known_hosts, lines, write)


def _line(worker: Worker, key: HostKey) -> str:
    # The worker_id first, as an alias (ssh -o HostKeyAlias=...); then the address, for plain use with ssh.
    place = worker.host if worker.port == 22 else f"[{worker.host}]:{worker.port}"
    return f"{worker.worker_id},{place} {key.line}"


def _lines(known_hosts: Path) -> dict[str, str]:
    try:
        text = known_hosts.read_text("ascii")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise StateBroken(f"{known_hosts}: it cannot be read: {error}") from error
    return {line.split(",", 1)[0]: line for line in text.splitlines() if line and not line.startswith("#")}


def _replace(known_hosts: Path, lines: dict[str, str], write: Write) -> bool:
    if lines == _lines(known_hosts):
        return False
    write(known_hosts, "".join(f"{line}\n" for _, line in sorted(lines.items())).encode("ascii"))
    return True


@lru_cache(maxsize=4)
def _parsed(known_hosts: Path, _mtime: int, _size: int, _inode: int) -> dict[str, HostKey]:
    # Cached by the file's stat: a fleet of a thousand workers reads it once, not a thousand times.
    pins: dict[str, HostKey] = {}
    for number, line in enumerate(_lines(known_hosts).values(), 1):
        try:
            names, rest = line.split(" ", 1)
            pins[names.split(",", 1)[0]] = HostKey.parse(rest)
        except ValueError as error:
            raise StateBroken(
                f"{known_hosts}:{number}: not a pinned host key: {error}",
                hint="restore the file, or pin the worker's key again: decnet worker trust NAME",
            ) from error
    return pins
