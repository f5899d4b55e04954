"""TCP services: connections, their limits, and how every visit ends."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import cast

from .events import Field, Local, Recorder, Session
from .persona import Persona
from .serve import Stop, listening
from .waits import Input, Turn, at_most

MOST_VISITS = 200
MOST_OF_ONE_SOURCE = 60
IDLE_SECONDS = 30.0
"""After so many seconds of silence a connection gives way to any new one that needs its place. Single bytes
that lead to no answer are silence."""
MOST_ECHO = 3
"""Bytes that answer a key: no more than its echo, or that of an erased one."""
STREAM_LIMIT = 64 * 1024
WRITE_SECONDS = 30.0
TOTAL_SECONDS = 4 * 3600.0
LINGER_SECONDS = 1.0
MOST_LATE = 16384


class Gone(Exception):
    """The visitor has left, or is disconnected without an answer."""


class Line:
    """One connection. `summary` is recorded with the end of its session."""

    def __init__(self, reader: Input, writer: asyncio.StreamWriter, session: Session, port: int) -> None:
        self.reader = reader
        self.writer = writer
        self.session = session
        self.port = port
        self.turn = Turn()
        self.summary: dict[str, Field] = {}
        self.sent: Counter[str] = Counter()

    def write(self, data: bytes | bytearray) -> None:
        """Send later; `send` waits until there is room for more."""
        self.sent["bytes"] += len(data)
        if len(data) > MOST_ECHO:
            self.reader.move()
        self.writer.write(data)

    async def send(self, data: bytes) -> None:
        """Send all of it; a visitor that does not read is disconnected."""
        self.write(data)
        async with at_most(WRITE_SECONDS):
            await self.writer.drain()
        await self.turn.pass_on()

    async def read(self, seconds: float, most: int = 16384) -> bytes:
        """Received bytes, b"" at the end. Raises TimeoutError after so many seconds of silence."""
        await self.turn.pass_on()
        async with at_most(seconds):
            return await self.reader.read(most)

    async def read_exactly(self, count: int, seconds: float) -> bytes:
        """So many bytes. Raises IncompleteReadError, which is an EOFError, and TimeoutError."""
        await self.turn.pass_on()
        async with at_most(seconds):
            return await self.reader.readexactly(count)

    async def read_line(self, seconds: float) -> bytes:
        """A line with its end. Raises IncompleteReadError, LimitOverrunError and TimeoutError."""
        await self.turn.pass_on()
        async with at_most(seconds):
            return await self.reader.readuntil(b"\n")

    async def unread(self) -> bytes:
        """The beginning of the unread input, without waiting for more."""
        try:
            async with asyncio.timeout(0):
                return await self.reader.read(MOST_LATE)
        except (TimeoutError, OSError):
            return b""

    async def linger(self) -> bytes:
        """Send the end of our output, and read for another moment, so that the visitor gets our last output
        and not a reset. Returns the beginning of the input that came too late to be answered."""
        late = bytearray()
        try:
            if self.writer.can_write_eof():
                self.writer.write_eof()
            async with at_most(LINGER_SECONDS):
                while data := await self.reader.read(16384):
                    late += data[: MOST_LATE - len(late)]
        except (TimeoutError, OSError):
            pass
        return bytes(late)


Converse = Callable[[Line], Awaitable[None]]
Admits = Callable[[], bool]


async def receive(
    persona: Persona,
    recorder: Recorder,
    converse: Converse,
    *,
    admits: Admits | None = None,
    stream_limit: int = STREAM_LIMIT,
) -> Stop:
    """Listen on the persona's TCP ports and run `converse` with every visitor.

    `converse` may end by returning, or with Gone, TimeoutError, EOFError or OSError. `admits` replaces the
    limits here on who may connect. The returned call ends every connection.
    """
    visits = Visits(recorder, converse, admits)
    loop = asyncio.get_running_loop()

    def connected() -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(Input(stream_limit), visits.visit, loop=loop)

    listeners = [await loop.create_server(connected, sock=listening(port)) for port in persona.tcp_ports()]

    async def stop() -> None:
        for listener in listeners:
            listener.close()
        await visits.end()

    return stop


class Visits:
    """All current connections. Whoever occupies places and says nothing keeps no one out: if none is free,
    the longest idle connection of the source with the most gives way to a source with fewer."""

    def __init__(self, recorder: Recorder, converse: Converse, admits: Admits | None) -> None:
        self._recorder = recorder
        self._converse = converse
        self._admits = admits
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: dict[asyncio.Task[None], Line] = {}
        self._sources: Counter[str] = Counter()

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first to its last byte."""
        task = asyncio.current_task()
        peer = writer.get_extra_info("peername")
        address, port = writer.get_extra_info("sockname")[:2]
        local = Local(address, port, "tcp")
        if task is None or not peer or not self._has_place(peer[0]):
            source, source_port = (peer or ("", 0))[:2]
            self._recorder.turn_away(source, source_port, local)
            writer.close()
            return
        self._tasks.add(task)
        self._sources[peer[0]] += 1
        session = self._recorder.session(peer[0], peer[1], local)
        line = Line(cast(Input, reader), writer, session, local.port)
        self._lines[task] = line
        reason = "closed"
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                await self._converse(line)
        except (Gone, EOFError):
            pass
        except TimeoutError:
            reason = "timeout"
        except OSError:
            reason = "reset"
        except asyncio.CancelledError:
            reason = "evicted" if "evicted" in line.summary else "stopped"
        finally:
            received, sent = line.reader.received, line.sent.total()
            session.end(reason=reason, bytes_in=received, bytes_out=sent, **line.summary)
            try:
                await _close(writer)
            finally:
                self._tasks.discard(task)
                self._leave(task)

    async def end(self) -> None:
        """Abort every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _has_place(self, source: str) -> bool:
        """Whether one more connection of the source has a place, if necessary that of another one."""
        if self._admits is None and self._sources[source] >= MOST_OF_ONE_SOURCE:
            return self._evict({source}, IDLE_SECONDS)
        if self._admits() if self._admits is not None else len(self._lines) < MOST_VISITS:
            return True
        most = max(self._sources.values(), default=0)
        if most > self._sources[source] + 1:
            return self._evict({other for other, held in self._sources.items() if held == most}, 0.0)
        return self._evict(set(self._sources), IDLE_SECONDS)

    def _evict(self, sources: set[str], seconds: float) -> bool:
        """End the connection of these sources that has been idle for longest, if for so many seconds; with 0
        the one that has been silent for longest."""
        lines = [(line, task) for task, line in self._lines.items() if line.session.source in sources]
        if not lines:
            return False
        line, task = min(lines, key=lambda each: each[0].reader.moved if seconds else each[0].reader.heard)
        if time.monotonic() - line.reader.moved < seconds:
            return False
        line.summary["evicted"] = True
        self._leave(task)
        line.writer.transport.abort()
        task.cancel()
        return True

    def _leave(self, task: asyncio.Task[None]) -> None:
        line = self._lines.pop(task, None)
        if line is not None:
            self._sources -= Counter([line.session.source])


async def _close(writer: asyncio.StreamWriter) -> None:
    """Close once the visitor has read the last output; one that reads nothing occupies its slot until
    then."""
    writer.close()
    try:
        async with at_most(WRITE_SECONDS):
            await writer.wait_closed()
    except (TimeoutError, OSError, asyncio.CancelledError):
        pass
    finally:
        writer.transport.abort()
