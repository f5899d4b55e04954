"""The processor's time for all visitors' commands: who has used least comes first."""

import asyncio
import heapq
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

SLICE_SECONDS = 0.004
FADE_SECONDS = 5.0
"""Who comes first depends on the last seconds: otherwise the oldest visitor would wait for all others."""
BUSY_SECONDS = 2.0
"""Who has used more than this runs for a fifth of the time at most."""
REST_FACTOR = 4.0
MOST_SECONDS = 10.0
"""Of the processor's time in one channel: after that its commands are killed."""


class Use:
    """What one channel's commands have used lately: seconds, which fade."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._at = time.monotonic()

    def recent(self) -> float:
        """The seconds now."""
        now = time.monotonic()
        self._seconds *= math.exp((self._at - now) / FADE_SECONDS)
        self._at = now
        return self._seconds

    def add(self, seconds: float) -> None:
        """It has used so many more."""
        self._seconds = self.recent() + seconds


class Turns:
    """One at a time runs; the loop gets its turn between two of them."""

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    @asynccontextmanager
    async def turn(self, used: float) -> AsyncIterator[None]:
        """A block that no other visitor's commands interrupt; `used`: seconds that this one has used
        lately."""
        await self._take(used)
        try:
            yield
        finally:
            # Not at once: the loop has its turn between two of them.
            asyncio.get_running_loop().call_soon(self._give)

    async def _take(self, used: float) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._waiting, (used, self._count, waiting))
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self._give()
            raise

    def _give(self) -> None:
        while self._waiting:
            _, _, waiting = heapq.heappop(self._waiting)
            if not waiting.done():
                waiting.set_result(None)
                return
        self._is_taken = False


TURNS = Turns()
