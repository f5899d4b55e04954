"""The C library's allocator: Python keeps objects of more than 512 bytes in its heap."""

from collections.abc import Callable
from functools import cache

TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""Of mallopt(3)."""
RETURNED_FROM = 128 * 1024
MAPPED_FROM = 64 * 1024
"""Bytes. Both grow by themselves if they are not set, with the largest piece that was ever freed."""


def use_one_heap() -> None:
    """Let all threads of this process use the same heap. By default each thread has one of its own, which
    keeps what the thread needed for a moment: megabytes after the first login."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        for option, value in ((ARENA_MAX, 1), (MMAP_THRESHOLD, MAPPED_FROM), (TRIM_THRESHOLD, RETURNED_FROM)):
            mallopt(option, value)


def trim() -> None:
    """Return unused memory to the kernel."""
    malloc_trim = _function("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


@cache
def _function(name: str) -> Callable[..., int] | None:
    """A function of the GNU C library, None without it."""
    try:
        import ctypes

        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (ImportError, OSError, AttributeError):
        return None
    return found
