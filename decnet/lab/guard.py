"""Locks, as abstract sockets: the kernel releases them when their holder ends, and no file is left."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from decnet.errors import LockHeld

_held: list[socket.socket] = []


def held() -> tuple[int, ...]:
    """The descriptors of the locks that this process holds, the lab's own first.

    Programs that a command starts inherit them: if the command is killed, its orphans still hold the lock,
    and the next command waits until they end.
    """
    return tuple(lock.fileno() for lock in _held)


@contextmanager
def exclusive(name: str, *, limit: float = 120) -> Iterator[None]:
    """Hold the lock of the lab `name`, of all labs (""), or of a part of their cache ("cache/...").

    Waits at most `limit` seconds. Raises LockHeld.
    """
    deadline = time.monotonic() + limit
    with socket.socket(socket.AF_UNIX) as lock:
        while True:
            try:
                lock.bind(f"\0decnet-lab/{name}")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise LockHeld(f"another command is using {_describe(name)}") from None
                time.sleep(0.05)
        _held.append(lock)
        try:
            yield
        finally:
            _held.remove(lock)


def _describe(name: str) -> str:
    if name.startswith("cache/"):
        return f"the {name.removeprefix('cache/')} of the labs"
    return f"the lab {name!r}" if name else "the machine's labs"
