"""Reads one request, bounded in size and time, and refuses what the imitated server refuses."""

import asyncio
import re
import time
from dataclasses import dataclass, replace

from ..tcp_server import Line
from ..uploads import Incoming
from ..waits import at_most
from .messages import Headers, Refused, Request

STREAM_LIMIT = 32 * 1024
KEPT_BODY = 8 * 1024
MOST_BODY = 1024 * 1024
BODY_SECONDS = 30.0
MOST_HEADERS = 100

LINE = re.compile(rb"^([^ \t\r\n]+)[ \t]+([^ \t\r\n]+)(?:[ \t]+HTTP/(\d{1,3})\.(\d{1,3}))?[ \t]*$")
NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")


@dataclass(frozen=True)
class Limits:
    """The limits of one server software for requests. Bytes and seconds."""

    line: int = 8190
    field: int = 8190
    head_seconds: float = 30.0
    idle_seconds: float = 5.0
    method: str = r"^[A-Za-z]{1,32}$"
    absent_host: bool = False


class Body:
    """The beginning of a body; `whole` has all that was received of it."""

    def __init__(self, whole: Incoming) -> None:
        self._kept = bytearray()
        self._whole = whole

    def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        self._kept += piece[: max(0, KEPT_BODY - len(self._kept))]
        self._whole.add(piece)

    def of(self, request: Request) -> Request:
        """The request with this body."""
        return replace(
            request, body=bytes(self._kept), body_size=self._whole.size, body_sha256=self._whole.sha256
        )


async def read_request(line: Line, limits: Limits, *, first: bool) -> Request | None:
    """The next request; None if the client has left or was silent for too long. Raises Refused."""
    raw = await _first_line(line, limits, first)
    if raw is None:
        return None
    request = _parse_line(raw, limits)
    if request.version == (0, 9):
        return request
    deadline = time.monotonic() + limits.head_seconds
    headers = await _headers(line, limits, deadline, request)
    return replace(request, headers=headers)


def request_of(raw: bytes, limits: Limits) -> Request:
    """The request in bytes that have all arrived, with the beginning of its body. Raises Refused."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    request = _parse_line(first, limits)
    headers: Headers = []
    for line in lines[:MOST_HEADERS]:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not NAME.match(name):
            raise Refused(400, "header", request=request)
        headers.append((name.lower(), value.strip()))
    return replace(
        request, headers=_checked(headers, limits, request), body=body[:KEPT_BODY], body_size=len(body)
    )


async def read_body(line: Line, request: Request, whole: Incoming) -> Request:
    """`request` with the beginning of its body; all of it goes to `whole`. Raises Refused."""
    body = Body(whole)
    try:
        async with at_most(BODY_SECONDS):
            await _body(line, request, body)
    except Refused as refused:
        refused.request = body.of(request)
        raise
    except (TimeoutError, asyncio.IncompleteReadError) as error:
        raise Refused(408, request=body.of(request)) from error
    except ValueError as error:
        raise Refused(400, "chunk", request=body.of(request)) from error
    return body.of(request)


async def _first_line(line: Line, limits: Limits, first: bool) -> bytes | None:
    """The request line without its end; blank lines before it are skipped, as every server does."""
    wait = limits.head_seconds if first else limits.idle_seconds
    for _ in range(5):
        try:
            raw = await line.read_line(wait)
        except TimeoutError:
            return None
        except asyncio.IncompleteReadError as error:
            if error.partial.strip():
                raise Refused(400, "line", error.partial) from error
            return None
        except asyncio.LimitOverrunError as error:
            raise Refused(414, raw=(await line.unread())[:200]) from error
        if len(raw) > limits.line + 2:
            raise Refused(414, raw=raw)
        if raw.strip(b"\r\n"):
            return raw.rstrip(b"\r\n")
    return None


def _parse_line(raw: bytes, limits: Limits) -> Request:
    found = LINE.match(raw)
    if not found or any(byte < 0x20 or byte == 0x7F for byte in raw):
        raise Refused(400, "line", raw)
    method, target = found[1].decode("latin-1"), found[2].decode("latin-1")
    if not re.match(limits.method, method):
        raise Refused(400, "verb", raw)
    version = (0, 9) if found[3] is None else (int(found[3]), int(found[4]))
    request = Request(method, target, min(version, (1, 1)))
    if version == (0, 9) and method != "GET":
        raise Refused(400, "line", raw)
    if version[0] > 1:
        raise Refused(505, raw=raw, request=request)
    if not target.startswith(("/", "http://", "https://")) and not (target == "*" and method == "OPTIONS"):
        raise Refused(400, "target", raw, request)
    return request


async def _headers(line: Line, limits: Limits, deadline: float, request: Request) -> Headers:
    seen = bytearray()
    try:
        return await _read_headers(line, limits, deadline, request, seen)
    except Refused as refused:
        refused.head = bytes(seen)
        raise


async def _read_headers(
    line: Line, limits: Limits, deadline: float, request: Request, seen: bytearray
) -> Headers:
    headers: Headers = []
    while True:
        try:
            raw = await line.read_line(max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise Refused(408, request=request) from error
        except asyncio.IncompleteReadError as error:
            seen += error.partial
            raise Refused(0, request=request) from error
        except asyncio.LimitOverrunError as error:
            raise Refused(400, "large", request=request) from error
        seen += raw
        if len(raw) > limits.field + 2 or len(seen) > STREAM_LIMIT or len(headers) > MOST_HEADERS:
            raise Refused(400, "large", request=request)
        raw = raw.rstrip(b"\r\n")
        if not raw:
            return _checked(headers, limits, request)
        name, colon, value = raw.decode("latin-1").partition(":")
        if not colon or not NAME.match(name):
            raise Refused(400, "header", request=request)
        headers.append((name.lower(), value.strip()))


def _checked(headers: Headers, limits: Limits, request: Request) -> Headers:
    hosts = [value for name, value in headers if name == "host"]
    whole = replace(request, headers=headers)
    if request.version >= (1, 1) and not hosts and not limits.absent_host:
        raise Refused(400, "host", request=whole)
    if len(hosts) > 1 or any(re.search(r"[\s/@\\\x00-\x1f]", host) for host in hosts):
        raise Refused(400, "host", request=whole)
    return headers


async def _body(line: Line, request: Request, body: Body) -> None:
    length = request.header("content-length")
    if "chunked" in request.header("transfer-encoding").lower():
        await _chunks(line, body)
    elif length:
        if not length.isdigit() or len(length) > 15:
            raise Refused(400, "length")
        if int(length) > MOST_BODY:
            raise Refused(413)
        await _sized(line, int(length), body)


async def _sized(line: Line, length: int, body: Body) -> None:
    while length > 0:
        piece = await line.read(BODY_SECONDS, min(length, 16384))
        if not piece:
            raise asyncio.IncompleteReadError(b"", length)
        length -= len(piece)
        body.add(piece)


async def _chunks(line: Line, body: Body) -> None:
    total = 0
    while True:
        try:
            head = await line.read_line(BODY_SECONDS)
        except asyncio.LimitOverrunError as error:
            raise Refused(400, "chunk") from error
        size = int(head.split(b";")[0].strip() or b"x", 16)
        total += size
        if size < 0 or total > MOST_BODY:
            raise Refused(413)
        await _sized(line, size, body)
        if await line.read_line(BODY_SECONDS) not in (b"\r\n", b"\n"):
            if size:
                raise ValueError("no end of chunk")
            return
        if size == 0:
            return
