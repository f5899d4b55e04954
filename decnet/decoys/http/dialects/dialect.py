"""What every server software renders: headers, error pages, refusals."""

import time
from abc import ABC, abstractmethod

from ...persona import Persona
from ..messages import REASONS, Headers, Page, Reply, Request
from ..reading import Limits

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(at: float) -> str:
    """A time (seconds since the epoch) in HTTP's format, independent of the locale."""
    t = time.gmtime(at)
    clock = f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
    return f"{DAYS[t.tm_wday]}, {t.tm_mday:02} {MONTHS[t.tm_mon - 1]} {t.tm_year} {clock} GMT"


class Dialect(ABC):
    """One server software."""

    limits = Limits()
    charset = ""

    def __init__(self, server: str, persona: Persona) -> None:
        self.server = server
        self.persona = persona

    @abstractmethod
    def head(self, reply: Reply, request: Request, length: int | None, *, stay: bool) -> Headers:
        """The headers in this server's order; `length` None if it sends none."""

    @abstractmethod
    def error_body(self, reply: Reply, request: Request, port: int) -> bytes:
        """The page of an error."""

    def reason(self, status: int) -> str:
        """The reason phrase after the status code."""
        return REASONS.get(status, "Unknown")

    def etag(self, page: Page) -> str:
        """The page's ETag, stable for the seed."""
        return f'"{page.changed or 0:x}-{len(page.body):x}"'

    def refuse_method(self, request: Request, page: Page | None) -> Reply | None:
        """The reply to a method other than GET and HEAD on a file; None if it is served like GET."""
        return Reply(405)

    def special(self, request: Request) -> Reply | None:
        """Replies that this software sends before it looks for a file."""
        return None

    def render(self, reply: Reply, request: Request, port: int, *, stay: bool) -> bytes:
        """The bytes of an answer."""
        body = reply.body
        if (
            reply.status >= 300
            and reply.status != 304
            and not body
            and "Content-Length" not in dict(reply.headers)
        ):
            body = self.error_body(reply, request, port)
        if request.version == (0, 9):
            return body
        length = None if reply.status == 304 else len(body)
        lines = [f"HTTP/1.1 {reply.status} {self.reason(reply.status)}"]
        lines += [f"{name}: {value}" for name, value in self.head(reply, request, length, stay=stay)]
        raw = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        return raw if request.method == "HEAD" or reply.status == 304 else raw + body

    def render_refusal(self, reply: Reply, request: Request, port: int) -> bytes:
        """The bytes of the answer to a request that could not be read; b"" to close without an answer."""
        return self.render(reply, request, port, stay=False)

    def error_type(self) -> str:
        """The Content-Type of error pages."""
        return "text/html" + self.charset
