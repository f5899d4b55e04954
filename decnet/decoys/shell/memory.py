"""The memory of this process: where it runs out, the commands that took most of it are killed."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..allocator import trim

SHARE = 0.7
"""Of the container's limit: the rest is for what is not a command's."""
LEAST = 192 * 1024
"""Bytes: who has taken less is not killed."""
TRIM_SECONDS = 1.0
"""How often memory is returned without killing anyone: that takes milliseconds."""
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Of the container, with version 2 and version 1 of control groups."""


class Account:
    """One channel: the bytes by which the process grew while its commands ran, without modules that were
    loaded."""

    def __init__(self, kill: Callable[[], None]) -> None:
        self.size = 0
        self.kill = kill


class Memory:
    """Of the whole process."""

    def __init__(self, limit: int | None) -> None:
        self._most = int(limit * SHARE) if limit is not None else None
        self._accounts: list[Account] = []
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._file = -1
        self._given_back = 0.0

    def taken(self) -> int:
        """Bytes that are not shared with files; 0 where there is no limit."""
        if self._most is None:
            return 0
        if self._file < 0:
            self._file = os.open("/proc/self/statm", os.O_RDONLY)
        _, resident, shared, *_ = os.pread(self._file, 200, 0).split()
        return (int(resident) - int(shared)) * self._page

    @contextmanager
    def account(self, kill: Callable[[], None]) -> Iterator[Account]:
        """A channel for as long as it is open. `kill` ends its commands, and at once again all of it."""
        account = Account(kill)
        self._accounts.append(account)
        try:
            yield account
        finally:
            self._accounts.remove(account)

    @contextmanager
    def charged_to(self, account: Account) -> Iterator[None]:
        """A block in which only the commands of this channel run."""
        before, modules = self.taken(), len(sys.modules)
        try:
            yield
        finally:
            now = self.taken()
            if len(sys.modules) == modules:
                account.size += now - before
            if self._most is not None and now > self._most:
                self._free(self._most)

    def _free(self, most: int) -> None:
        """End one after the other, the largest first, until there is room."""
        now = time.monotonic()
        if now - self._given_back > TRIM_SECONDS:
            self._given_back = now
            give_back()
        while self.taken() > most:
            largest = max(self._accounts, key=lambda each: each.size)
            if largest.size < LEAST:
                return
            largest.size = 0
            largest.kill()
            give_back()
            if self.taken() > most:
                largest.kill()
                give_back()


def give_back() -> None:
    """Return unused memory to the kernel: the C library keeps what it once had, so that after one greedy
    visitor there would never be room again."""
    gc.collect()
    trim()


def _limit() -> int | None:
    """The limit in bytes, None without one. Tests set MOST_MEMORY, containers do not."""
    own = os.environ.get("MOST_MEMORY")
    if own:
        return int(own)
    for path in LIMITS:
        try:
            text = Path(path).read_text().strip()
        except OSError:
            continue
        return int(text) if text.isdecimal() and int(text) < 1 << 40 else None
    return None


MEMORY = Memory(_limit())
