# ruff: noqa: E501 (what real servers print is not broken into shorter lines)
"""The small web servers of devices."""

import time
from html import escape

from ..messages import Headers, Page, Reply, Request
from ..reading import Limits
from .dialect import Dialect, http_date


class Appliance(Dialect):
    """The small web server of a device, in the manner of Boa: one answer per connection."""

    limits = Limits(line=2048, field=2048, head_seconds=30, idle_seconds=10, absent_host=True)

    def head(self, reply: Reply, request: Request, length: int | None, *, stay: bool) -> Headers:
        headers = [("Date", http_date(time.time()))]
        if self.server:
            headers.append(("Server", self.server))
        headers += reply.headers
        headers.append(("Connection", "keep-alive" if stay else "close"))
        if length is not None:
            headers.append(("Content-Length", str(length)))
        if reply.page and reply.page.changed:
            headers.append(("Last-Modified", http_date(reply.page.changed)))
        if reply.status != 304:
            headers.append(("Content-Type", reply.content_type or "text/html"))
        return headers

    def refuse_method(self, request: Request, page: Page | None) -> Reply | None:
        return None if request.method == "POST" and page else Reply(501)

    def error_body(self, reply: Reply, request: Request, port: int) -> bytes:
        title = f"{reply.status} {self.reason(reply.status)}"
        texts = {
            400: "Your client has issued a malformed or illegal request.",
            401: "Your client does not have permission to get this page.",
            404: f"The requested URL {escape(request.path)} was not found on this server.",
            501: f"The method {escape(request.method)} is not supported.",
        }
        text = texts.get(reply.status, self.reason(reply.status))
        return (
            f"<HTML><HEAD><TITLE>{title}</TITLE></HEAD>\n<BODY><H1>{title}</H1>\n{text}\n</BODY></HTML>\n"
        ).encode("utf-8", "replace")
