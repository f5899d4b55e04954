"""How much is done at once over the whole fleet, and when to try again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

DIALS = 1000
WORK = 64


class Lanes:
    """Shared by all sessions of a command.

    A machine that does not answer holds a place among the many dials only, so that any number of dead
    workers costs one time limit; `logins` and `verbs` need processor and memory. They do not wait for each
    other: a worker that let us in is asked at once, not after a thousand others have let us in too.
    """

    def __init__(self, work: int = WORK, dials: int = DIALS) -> None:
        self.dials = asyncio.Semaphore(dials)
        self.logins = asyncio.Semaphore(work)
        self.verbs = asyncio.Semaphore(work)


def pauses(tries: int, first: float = 0.15) -> Iterator[float]:
    """Seconds to wait between tries: doubling, with jitter, so that many clients do not come back at once."""
    for number in range(tries - 1):
        yield first * 2**number * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, hides nothing
