"""Waits for a visitor: no wait exceeds its limit or the visit, and no visitor monopolizes the processor."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import SupportsIndex

LONGEST_WAIT = float(os.environ.get("LONGEST_WAIT") or "inf")
"""Seconds; upper bound of every wait. Tests set it, containers do not."""
TURN_SECONDS = 0.01
MOVING_BYTES = 1024


def at_most(seconds: float) -> asyncio.Timeout:
    """A block that ends with TimeoutError after so many seconds."""
    return asyncio.timeout(min(seconds, LONGEST_WAIT))


class Input(asyncio.StreamReader):
    """A visitor's input. Its end is noticed at once, even during another wait. `heard` is the time, on the
    monotonic clock, of the last byte, or of the connection; `received` counts its bytes. `moved` is the time
    from which on it has sent only a little, byte by byte, and has not been answered."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit, asyncio.get_running_loop())
        self.heard = self.moved = time.monotonic()
        self.received = self._counted = 0
        self._calls: list[Callable[[], None]] = []
        self._is_over = False

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        self.heard = time.monotonic()
        self.received += len(data)  # type: ignore[arg-type] # asyncio gives bytes
        if self.received - self._counted >= MOVING_BYTES:
            self.move()
        super().feed_data(data)

    def move(self) -> None:
        """It has got an answer, or sent as much as one who is not slow on purpose."""
        self.moved, self._counted = time.monotonic(), self.received

    def feed_eof(self) -> None:
        super().feed_eof()
        self._is_over = True
        for call in self._calls:
            call()

    def set_exception(self, exc: Exception) -> None:
        """A reset acts like an end of input: what was received before can still be read."""
        if isinstance(exc, OSError):
            self.feed_eof()
        else:
            super().set_exception(exc)

    @contextlib.asynccontextmanager
    async def at_most(self, seconds: float) -> AsyncIterator[None]:
        """A block that ends with TimeoutError after so many seconds, or once no more input can arrive."""
        async with at_most(seconds) as limit:
            with self._calling(lambda: None if limit.expired() else limit.reschedule(0)):
                yield

    @contextlib.contextmanager
    def _calling(self, call: Callable[[], None]) -> Iterator[None]:
        self._calls.append(call)
        try:
            if self._is_over:
                call()
            yield
        finally:
            self._calls.remove(call)


class Turn:
    """How long a visitor has used the processor: a burst of input is processed in pieces."""

    def __init__(self) -> None:
        self._began: float | None = None

    async def pass_on(self) -> None:
        """Yield to the others, if this turn has been long enough."""
        if self._began is None:
            self._began = time.monotonic()
            asyncio.get_running_loop().call_soon(self._end)
        elif time.monotonic() - self._began > TURN_SECONDS:
            await asyncio.sleep(0)

    def _end(self) -> None:
        self._began = None
