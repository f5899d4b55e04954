"""A clock that moves only when its `sleep` is called."""

from __future__ import annotations

import asyncio

START = 1_700_000_000.0


class Clock:
    """Seconds since the epoch; `monotonic` counts from this clock's own start."""

    def __init__(self, start: float = START) -> None:
        self._start = start
        self._now = start

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now - self._start

    def advance(self, seconds: float) -> None:
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        await asyncio.sleep(0)
