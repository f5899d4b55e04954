"""A clock that moves only when its `sleep` is called, or at each look with a `tick`."""

from __future__ import annotations

import asyncio

START = 1_700_000_000.0


class Clock:
    """Seconds since the epoch; `monotonic` counts from this clock's own start. `tick` is what each look at it
    takes."""

    tick = 0.0

    def __init__(self, start: float = START) -> None:
        self._start = start
        self._now = start

    def now(self) -> float:
        self._now += self.tick
        return self._now

    def monotonic(self) -> float:
        return self._now - self._start

    def advance(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)
