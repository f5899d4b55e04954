"""The subprocesses of an image build, so that an interrupted command can end them."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

_lock = threading.Lock()
_running: set[subprocess.Popen[bytes]] = set()


@contextmanager
def program(
    argv: list[str], *, stderr: IO[bytes] | int, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program whose output is read from a pipe; the caller waits for its end."""
    process = subprocess.Popen(  # noqa: S603
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, env=env
    )
    with _lock:
        _running.add(process)
    try:
        yield process
    finally:
        with _lock:
            _running.discard(process)


def end_programs() -> None:
    """Terminate every running program; code that waits for one then fails."""
    with _lock:
        for process in _running:
            process.terminate()
