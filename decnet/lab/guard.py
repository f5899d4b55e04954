"""One at a time: an abstract socket as lock, which the kernel lets go with its holder and which leaves no file."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from decnet.errors import LockHeld


@contextmanager
def exclusive(name: str, *, limit: float = 120) -> Iterator[None]:
    """Hold the lock of the lab `name`, or of what all labs of the machine share (""); wait `limit` seconds."""
    deadline = time.monotonic() + limit
    with socket.socket(socket.AF_UNIX) as lock:
        while True:
            try:
                lock.bind(f"\0decnet-lab/{name}")
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise LockHeld(f"another command works on the lab {name!r}") from None
                time.sleep(0.05)
        yield
