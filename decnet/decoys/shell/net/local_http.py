"""A request of wget or curl to this machine's own web server."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from ..process import Process
from .reach import ask


@dataclass(frozen=True)
class Response:
    """A response of HTTP/1; header names as they were sent."""

    version: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """The first header of this name, "" for none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def fetched(process: Process, port: int, request: bytes) -> Generator[Any, Any, Response | None]:
    """The response of the service on a port; None if that does not speak HTTP."""
    raw: bytes = yield from ask(process, port, request)
    head, mark, body = raw.partition(b"\r\n\r\n")
    if not mark or not head.startswith(b"HTTP/"):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status, _, reason = rest.partition(" ")
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
    return Response(
        version, int(status) if status.isdecimal() else 0, reason, headers, head + b"\r\n\r\n", body
    )
