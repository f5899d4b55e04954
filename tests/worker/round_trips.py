"""Round trips counted: a clock that only the network moves, and a line on which every byte takes long."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")

ONE_WAY = 0.05
"""Seconds, which nothing waits for in fact."""


GRACE = 0.01
"""Real seconds in which a busy kernel delivers what was sent on loopback."""


class _Idle(selectors.DefaultSelector):
    """A selector that never sleeps for a timer: when nothing is ready, the clock goes to the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(GRACE)
        if not ready:
            self.now += min(timeout, ONE_WAY)
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.idle = _Idle()
        super().__init__(self.idle)

    def time(self) -> float:
        return self.idle.now


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """asyncio.run, on that clock."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


@asynccontextmanager
async def slow_line(port: int) -> AsyncIterator[int]:
    """A port that leads to another one, ONE_WAY later in both directions."""
    tasks: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while data := await reader.read(65536):
            asyncio.get_running_loop().call_later(ONE_WAY, writer.write, data)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        tasks.append(asyncio.create_task(carry(reader, far_writer)))
        tasks.append(asyncio.create_task(carry(far_reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(ONE_WAY)


def trips(since: float) -> float:
    """Round trips since then, by the running loop's clock."""
    return round((asyncio.get_running_loop().time() - since) / (2 * ONE_WAY), 1)
