# ruff: noqa: E501 (what real servers print is not broken into shorter lines)
"""lighttpd, as its users see it with curl -i."""

import time

from ..messages import Headers, Page, Reply, Request
from ..reading import Limits
from .apache import Apache
from .dialect import Dialect, http_date


class Lighttpd(Dialect):
    """lighttpd 1.4."""

    limits = Limits(line=8192, field=8192, head_seconds=60, idle_seconds=5, method=r"^[A-Z]{1,32}$")
    reasons = {413: "Payload Too Large", 414: "URI Too Long"}

    def reason(self, status: int) -> str:
        return self.reasons.get(status) or super().reason(status)

    def etag(self, page: Page) -> str:
        return (
            f'"{int.from_bytes(self.persona.bytes_for(f"etag {page.changed} {len(page.body)}", 4), "big")}"'
        )

    def head(self, reply: Reply, request: Request, length: int | None, *, stay: bool) -> Headers:
        page = reply.page
        headers = list(reply.headers)
        if reply.status != 304:
            headers.append(("Content-Type", reply.content_type or self.error_type()))
        if page and page.changed:
            headers += [("Accept-Ranges", "bytes")] if reply.status == 200 else []
            headers += [("ETag", self.etag(page)), ("Last-Modified", http_date(page.changed))]
        if length is not None:
            headers.append(("Content-Length", str(length)))
        if not stay:
            headers.append(("Connection", "close"))
        elif request.version < (1, 1):
            headers.append(("Connection", "keep-alive"))
        headers.append(("Date", http_date(time.time())))
        return headers + ([("Server", self.server)] if self.server else [])

    def refuse_method(self, request: Request, page: Page | None) -> Reply | None:
        if request.method == "OPTIONS":
            return Reply(200, headers=[("Allow", "OPTIONS, GET, HEAD, POST")], content_type="text/html")
        if request.method == "POST" and page is not None:
            return None
        return Reply(501 if request.method not in Apache.known else 405)

    def error_body(self, reply: Reply, request: Request, port: int) -> bytes:
        title = f"{reply.status} {self.reason(reply.status)}"
        return (
            '<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"'
            '\n         "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
            '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">\n <head>\n'
            f"  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n </body>\n</html>\n"
        ).encode()
