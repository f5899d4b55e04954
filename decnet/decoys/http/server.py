"""Connections: read, route, answer, keep alive; every visit is recorded."""

import asyncio
from dataclasses import replace

from ..credentials import record_login
from ..events import Recorder, shown
from ..host.insiders import Answers, answer_insiders
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Line, receive
from ..uploads import Incoming
from .access_log import AccessLog
from .dialects import Dialect, dialect_of
from .logins import logins, salvaged
from .messages import Refused, Reply, Request
from .reading import STREAM_LIMIT, read_body, read_request, request_of
from .site import Site, build_site
from .uploads import carries_files, record_uploads

MOST_REQUESTS = 100


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    dialect = dialect_of(persona)
    site = build_site(persona, dialect)
    log = AccessLog(dialect, persona)

    async def converse(line: Line) -> None:
        line.summary["requests"] = 0
        visit = Visit(dialect, site, log, line)
        try:
            line.summary["requests"] = await visit.converse()
        finally:
            await visit.end()

    stop_visits = await receive(persona, recorder, converse, stream_limit=STREAM_LIMIT)
    stop_insiders = await answer_insiders(persona.tcp_ports(), inside_answer(dialect, site))

    async def stop() -> None:
        stop_insiders()
        await stop_visits()

    return stop


def inside_answer(dialect: Dialect, site: Site) -> Answers:
    """What the other services of this machine get for a request, which is not a visit."""

    def answer(raw: bytes, port: int) -> bytes:
        try:
            request = request_of(raw, dialect.limits)
        except Refused as refused:
            reply = Reply(refused.status, why=refused.why, close=True)
            return dialect.render_refusal(reply, refused.request or Request("", "", (1, 1)), port)
        return dialect.render(site.answer(request, port), request, port, stay=False)

    return answer


class Visit:
    """One connection."""

    def __init__(self, dialect: Dialect, site: Site, log: AccessLog, line: Line) -> None:
        self._dialect = dialect
        self._site = site
        self._log = log
        self._line = line

    async def converse(self) -> int:
        """Answer request after request; the number of requests."""
        for count in range(1, MOST_REQUESTS + 1):
            try:
                request = await read_request(self._line, self._dialect.limits, first=count == 1)
                if request is None:
                    return count - 1
                request = await self._with_body(request)
            except Refused as refused:
                await self._refuse(refused)
                return count
            reply = self._site.answer(request, self._line.port)
            self._record(request, reply)
            self._record_logins(request)
            if reply.delay:
                await asyncio.sleep(reply.delay)
            stay = request.wants_to_stay and not reply.close and count < MOST_REQUESTS
            answer = self._dialect.render(reply, request, self._line.port, stay=stay)
            self._log.write(self._line.session.source, request, b"", reply.status, answer)
            await self._line.send(answer)
            if not stay:
                return count
        return MOST_REQUESTS

    async def end(self) -> None:
        """Record the credentials of a request that is never answered."""
        raw, _, rest = (await self._line.unread()).partition(b"\n")
        self._record_logins(salvaged(Refused(0, raw=raw), rest))

    async def _with_body(self, request: Request) -> Request:
        if request.version >= (1, 1) and request.header("expect").lower() == "100-continue":
            await self._line.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        with Incoming(keeps=carries_files(request)) as incoming:
            is_whole = False
            try:
                found = await read_body(self._line, request, incoming)
                is_whole = True
                return found
            finally:
                record_uploads(self._line.session, request, incoming, whole=is_whole)

    async def _refuse(self, refused: Refused) -> None:
        request = refused.request or Request("", "", (1, 1))
        reply = Reply(refused.status, why=refused.why, close=True)
        headers = salvaged(refused, b"").headers if refused.head else request.headers
        self._record(replace(request, headers=headers), reply, shown(refused.raw) if refused.raw else "")
        answer = self._dialect.render_refusal(reply, request, self._line.port) if refused.status else b""
        rest = await self._line.unread()
        if refused.status:
            source = self._line.session.source
            self._log.write(source, replace(request, headers=headers), refused.raw, reply.status, answer)
        try:
            if answer:
                await self._line.send(answer)
                rest += await self._line.linger()
        finally:
            self._record_logins(salvaged(refused, rest))

    def _record(self, request: Request, reply: Reply, raw: str = "") -> None:
        fields: dict[str, str | int] = {
            "method": request.method,
            "path": request.target or raw,
            "status": reply.status,
            "user_agent": request.header("user-agent"),
            "host": request.header("host"),
        }
        if request.headers:
            fields["headers"] = "\n".join(f"{name}: {value}" for name, value in request.headers)
        if request.body:
            fields["body"] = shown(request.body)
            fields["body_size"] = request.body_size
            fields["body_sha256"] = request.body_sha256
        self._line.session.record("request", **fields)

    def _record_logins(self, request: Request) -> None:
        for method, fields in logins(request):
            record_login(self._line.session, method, success=False, **fields)
