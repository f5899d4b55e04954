# ruff: noqa: E501 (what real servers print is not broken into shorter lines)
"""nginx, as its users see it with curl -i."""

import time

from ..messages import Headers, Reply, Request
from ..reading import Limits
from .dialect import Dialect, http_date


class Nginx(Dialect):
    """nginx 1.x as distributions build it."""

    limits = Limits(line=8192, field=8192, head_seconds=60, idle_seconds=65, method=r"^[A-Z_-]{1,32}$")
    reasons = {
        405: "Not Allowed",
        408: "Request Time-out",
        414: "Request-URI Too Large",
        302: "Moved Temporarily",
    }
    titles = {401: "Authorization Required", 302: "Found"}
    whys = {"large": "Request Header Or Cookie Too Large"}

    def reason(self, status: int) -> str:
        return self.reasons.get(status) or super().reason(status)

    def head(self, reply: Reply, request: Request, length: int | None, *, stay: bool) -> Headers:
        page = reply.page
        headers = [("Server", self.server)] if self.server else []
        headers.append(("Date", http_date(time.time())))
        if reply.status != 304:
            headers.append(("Content-Type", reply.content_type or self.error_type()))
        if length is not None:
            headers.append(("Content-Length", str(length)))
        if page and page.changed:
            headers.append(("Last-Modified", http_date(page.changed)))
        headers += [header for header in reply.headers if header[0] == "Location"]
        headers.append(("Connection", "keep-alive" if stay else "close"))
        headers += [header for header in reply.headers if header[0] != "Location"]
        if page and page.changed:
            headers.append(("ETag", self.etag(page)))
            if reply.status == 200:
                headers.append(("Accept-Ranges", "bytes"))
        return headers

    def error_body(self, reply: Reply, request: Request, port: int) -> bytes:
        heading = f"{reply.status} {self.titles.get(reply.status) or self.reason(reply.status)}"
        special = self.whys.get(reply.why, "")
        title = f"{reply.status} {special}" if special else heading
        middle = f"<center>{special}</center>\r\n" if special else ""
        return (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{heading}</h1></center>\r\n"
            f"{middle}<hr><center>{self.server or 'nginx'}</center>\r\n</body>\r\n</html>\r\n"
        ).encode()

    def render_refusal(self, reply: Reply, request: Request, port: int) -> bytes:
        return b"" if reply.status == 408 else super().render_refusal(reply, request, port)
