"""TCP services: who is connected, how many at most, and how every visit ends."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from .events import Field, Recorder, Session
from .persona import Persona
from .serve import Stop, listening

MOST_VISITS = 200
MOST_OF_ONE_SOURCE = 60
STREAM_LIMIT = 64 * 1024
WRITE_SECONDS = 30.0
TOTAL_SECONDS = 4 * 3600.0
LINGER_SECONDS = 1.0
MOST_LATE = 16384


class Reader(asyncio.StreamReader):
    """A stream that a reset ends like an end of input: what came before it can still be read."""

    def set_exception(self, exc: Exception) -> None:
        """The connection is lost."""
        if isinstance(exc, OSError):
            self.feed_eof()
        else:
            super().set_exception(exc)


class Gone(Exception):
    """The visitor left, or is sent away without a word."""


class Line:
    """One connection. `summary` is told with the end of its session."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, session: Session, port: int
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.session = session
        self.port = port
        self.summary: dict[str, Field] = {}

    async def send(self, data: bytes) -> None:
        """Send all of it; a visitor that does not read is left."""
        self.writer.write(data)
        async with asyncio.timeout(WRITE_SECONDS):
            await self.writer.drain()

    async def read(self, seconds: float, most: int = 16384) -> bytes:
        """What came, b"" at the end. Raises TimeoutError after so many seconds of silence."""
        async with asyncio.timeout(seconds):
            return await self.reader.read(most)

    async def unread(self) -> bytes:
        """The beginning of what has come and was not read yet, without waiting for more."""
        try:
            async with asyncio.timeout(0):
                return await self.reader.read(MOST_LATE)
        except (TimeoutError, OSError):
            return b""

    async def linger(self) -> bytes:
        """Say that nothing more comes, and read on for a moment, so that the visitor gets the last words
        and not a reset. Returns the beginning of what came too late to be answered."""
        late = bytearray()
        try:
            if self.writer.can_write_eof():
                self.writer.write_eof()
            async with asyncio.timeout(LINGER_SECONDS):
                while data := await self.reader.read(16384):
                    late += data[: MOST_LATE - len(late)]
        except (TimeoutError, OSError):
            pass
        return bytes(late)


Converse = Callable[[Line], Awaitable[None]]
Visit = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def receive(
    persona: Persona, recorder: Recorder, converse: Converse, *, stream_limit: int = STREAM_LIMIT
) -> Stop:
    """Listen on the persona's TCP ports and hold `converse` with everybody who comes.

    `converse` may end by returning, or with Gone, TimeoutError, EOFError or OSError. The returned call
    ends every connection.
    """
    visits = Visits(recorder, converse)
    listeners = await listen(persona.tcp_ports(), visits.visit, stream_limit)

    async def stop() -> None:
        for listener in listeners:
            listener.close()
        await visits.end()

    return stop


async def listen(ports: list[int], visit: Visit, stream_limit: int = STREAM_LIMIT) -> list[asyncio.Server]:
    """Listen on these ports, and hold a visit for each connection."""
    loop = asyncio.get_running_loop()

    def connected() -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(Reader(stream_limit), visit)

    return [await loop.create_server(connected, sock=listening(port)) for port in ports]


class Visits:
    """Everybody who is connected."""

    def __init__(self, recorder: Recorder, converse: Converse) -> None:
        self._recorder = recorder
        self._converse = converse
        self._tasks: set[asyncio.Task[None]] = set()
        self._sources: Counter[str] = Counter()

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first to its last byte."""
        task = asyncio.current_task()
        peer = writer.get_extra_info("peername")
        if task is None or not peer or self._is_full(peer[0]):
            writer.close()
            return
        self._tasks.add(task)
        self._sources[peer[0]] += 1
        session = self._recorder.session(peer[0], peer[1])
        line = Line(reader, writer, session, int(writer.get_extra_info("sockname")[1]))
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                await self._converse(line)
        except (Gone, TimeoutError, EOFError, OSError, asyncio.CancelledError):
            pass
        finally:
            session.end(**line.summary)
            writer.close()
            self._tasks.discard(task)
            self._leave(peer[0])

    async def end(self) -> None:
        """Cut every connection off."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_full(self, source: str) -> bool:
        return len(self._tasks) >= MOST_VISITS or self._sources[source] >= MOST_OF_ONE_SOURCE

    def _leave(self, source: str) -> None:
        self._sources[source] -= 1
        if not self._sources[source]:
            del self._sources[source]
