"""Connections: read, route, answer, keep alive; every visit is recorded."""

import asyncio
from collections.abc import Awaitable, Callable

from ..events import Recorder, Session, shown
from ..persona import Persona
from ..serve import listening
from .flavours import Flavour, flavour_of
from .messages import Refused, Reply, Request
from .reading import STREAM_LIMIT, read_body, read_request
from .site import Site, build_site

MOST_CONNECTIONS = 200
MOST_REQUESTS = 100
LINGER_SECONDS = 1.0
WRITE_SECONDS = 30.0


async def start(persona: Persona, recorder: Recorder) -> Callable[[], Awaitable[None]]:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    server = WebServer(persona, recorder)
    listeners = [
        await asyncio.start_server(server.visit, sock=listening(port), limit=STREAM_LIMIT)
        for port in persona.tcp_ports()
    ]

    async def stop() -> None:
        for listener in listeners:
            listener.close()
        await server.end()

    return stop


class WebServer:
    """One persona's web server."""

    def __init__(self, persona: Persona, recorder: Recorder) -> None:
        self._recorder = recorder
        self._flavour: Flavour = flavour_of(persona)
        self._site: Site = build_site(persona, self._flavour)
        self._visits: set[asyncio.Task[None]] = set()

    async def visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first to its last byte."""
        task = asyncio.current_task()
        peer = writer.get_extra_info("peername")
        if task is None or not peer or len(self._visits) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._visits.add(task)
        session = self._recorder.session(peer[0], peer[1])
        port = int(writer.get_extra_info("sockname")[1])
        requests = 0
        try:
            requests = await Visit(self._flavour, self._site, session, reader, writer, port).converse()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            session.end(requests=requests)
            writer.close()
            self._visits.discard(task)

    async def end(self) -> None:
        """Cut every connection off."""
        for task in list(self._visits):
            task.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)


class Visit:
    """One connection."""

    def __init__(
        self,
        flavour: Flavour,
        site: Site,
        session: Session,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        port: int,
    ) -> None:
        self._flavour = flavour
        self._site = site
        self._session = session
        self._reader = reader
        self._writer = writer
        self._port = port

    async def converse(self) -> int:
        """Answer request after request; how many there were."""
        for count in range(1, MOST_REQUESTS + 1):
            try:
                request = await read_request(self._reader, self._flavour.limits, first=count == 1)
                if request is None:
                    return count - 1
                request = await self._with_body(request)
            except Refused as refused:
                await self._refuse(refused)
                return count
            reply = self._site.answer(request, self._port)
            self._record(request, reply)
            if reply.delay:
                await asyncio.sleep(reply.delay)
            stay = request.wants_to_stay and not reply.close and count < MOST_REQUESTS
            await self._send(self._flavour.spell(reply, request, self._port, stay=stay))
            if not stay:
                return count
        return MOST_REQUESTS

    async def _with_body(self, request: Request) -> Request:
        if request.version >= (1, 1) and request.header("expect").lower() == "100-continue":
            await self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await read_body(self._reader, request)

    async def _refuse(self, refused: Refused) -> None:
        request = refused.request or Request("", "", (1, 1))
        reply = Reply(refused.status, why=refused.why, close=True)
        self._record(request, reply, shown(refused.raw) if refused.raw else "")
        answer = self._flavour.spell_refusal(reply, request, self._port) if refused.status else b""
        if answer:
            await self._send(answer)
            await self._linger()

    async def _linger(self) -> None:
        """Say that nothing more comes, and read on for a moment, so that the client gets the answer
        and not a reset."""
        try:
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with asyncio.timeout(LINGER_SECONDS):
                while await self._reader.read(16384):
                    continue
        except (TimeoutError, OSError):
            return

    async def _send(self, answer: bytes) -> None:
        self._writer.write(answer)
        async with asyncio.timeout(WRITE_SECONDS):
            await self._writer.drain()

    def _record(self, request: Request, reply: Reply, raw: str = "") -> None:
        fields: dict[str, str | int] = {
            "method": request.method,
            "path": request.target or raw,
            "status": reply.status,
            "user_agent": request.header("user-agent"),
            "host": request.header("host"),
        }
        if request.body:
            fields["body"] = shown(request.body)
        self._session.record("request", **fields)
        for user, password, method in self._site.logins(request):
            self._session.record("login", username=user, password=password, success=False, method=method)
