"""The one lock for everything that changes the fleet; a second command waits, or reports the holder."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from decnet.errors import LockHeld, StateBroken
from decnet.wire import clean

from .atomic import write_all
from .os_errors import NO_LOCKS, translate_os_errors
from .paths import Home

if TYPE_CHECKING:
    from filelock import FileLock

POLL = 0.1
"""Seconds between two attempts."""

_MAX_NOTE = 4096
_held: dict[Path, Lock] = {}
"""The locks that this process holds."""


class Lock:
    """Holds the state directory's lock inside a `with`; the lock file then has our pid, command and start
    time.

    Waits up to `timeout` seconds, then raises LockHeld naming the holder. The system releases it when its
    holder ends. Not re-entrant: taking it twice in one process is a RuntimeError. Raises StateBroken if the
    lock file cannot be written, but not with `read_only`: a command that only reads needs no lock where no
    command can write. `path` is the file of another lock.
    """

    def __init__(
        self,
        home: Home,
        command: str,
        timeout: float = 0.0,
        *,
        path: Path | None = None,
        read_only: bool = False,
    ) -> None:
        self._path = path or home.lock
        self._command = command
        self._timeout = timeout
        self._read_only = read_only
        self._file: FileLock | None = None

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Takes the lock, waiting at most the timeout."""
        try:
            self._take()
        except StateBroken:
            if not self._read_only:
                raise

    def _take(self) -> None:
        from filelock import FileLock, Timeout

        if self._path in _held:
            raise RuntimeError(f"this process already holds {self._path}")
        self._file = FileLock(self._path, mode=0o600, thread_local=False)
        with translate_os_errors("lock", self._path):
            # filelock would create a missing folder, with another mode.
            self._path.parent.stat()
            _check_locks_work(self._path)
            try:
                self._file.acquire(timeout=max(self._timeout, 0.0), poll_interval=POLL)
            except Timeout as timeout:
                raise _refusal(self._path) from timeout
        _held[self._path] = self
        self._write_note(_note(self._command))

    def release(self) -> None:
        """Releases the lock; does nothing if it is not held."""
        if self._file is None or self._path not in _held:
            return
        try:
            self._write_note(b"")
        finally:
            _held.pop(self._path, None)
            self._file.release()

    def _write_note(self, note: bytes) -> None:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.ftruncate(descriptor, 0)
                write_all(descriptor, note)
            finally:
                os.close(descriptor)
        except OSError:
            pass  # on a full disk the lock still works; only its holder's name is missing


@contextmanager
def released(home: Home) -> Iterator[None]:
    """Inside, the state directory's lock is free if this process held it; it is taken again at the end, but
    not after an error. Raises LockHeld if another command holds it then."""
    lock = _held.get(home.lock)
    if lock is not None:
        lock.release()
    yield
    if lock is not None:
        lock.acquire()


def holder(path: Path) -> str | None:
    """The holder of this lock as text: "`decnet deploy` (pid 123, since 14:03:22)"; None if it is not
    known."""
    try:
        with path.open("rb") as stream:
            note = json.loads(stream.read(_MAX_NOTE))
        pid, command, start = int(note["pid"]), str(note["command"]), float(note["start"])
        # A killed holder's entry stays until the next holder replaces it.
        if not Path(f"/proc/{pid}").exists():
            return None
        return f"`{clean(command, 80)}` (pid {pid}, since {_clock(start)})"
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _check_locks_work(path: Path) -> None:
    """filelock waits for a lock that never comes, or makes a file that stays, where there are no locks."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EINTR):
            raise StateBroken(f"cannot lock {path}: {error.strerror}", hint=NO_LOCKS) from error
    finally:
        os.close(descriptor)


def _note(command: str) -> bytes:
    return json.dumps({"pid": os.getpid(), "command": command, "start": time.time()}).encode() + b"\n"


def _refusal(path: Path) -> LockHeld:
    return LockHeld(
        f"the lock is held by {holder(path) or 'another decnet command'}",
        hint="wait for it to end, or use --lock-timeout SECONDS",
    )


def _clock(start: float) -> str:
    then, now = time.localtime(start), time.localtime()
    today = then[:3] == now[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", then)
