"""Room for many connections in this process."""

from __future__ import annotations

import gc
import resource
from functools import cache

WANTED_FILES = 8192
COLLECTED_AFTER = (20_000, 2, 2)


@cache
def make_room() -> None:
    """Call once before a large fan-out: raises the limit of file descriptors for the sockets, and makes the
    garbage collector ignore existing objects and collect new ones often enough (a closed connection is a
    reference cycle)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)
