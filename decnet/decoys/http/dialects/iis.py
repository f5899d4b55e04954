# ruff: noqa: E501 (what real servers print is not broken into shorter lines)
"""IIS and the HTTP.sys before it, as their users see them with curl -i."""

import time
from html import escape

from ..messages import Headers, Page, Reply, Request
from ..reading import Limits
from .dialect import Dialect, http_date


class Iis(Dialect):
    """Microsoft IIS 10 behind HTTP.sys, which answers invalid requests itself."""

    limits = Limits(line=16384, field=16384, head_seconds=30, idle_seconds=120, method=r"^[A-Za-z-]{1,32}$")
    reasons = {302: "Redirect"}
    system = {
        "verb": ("Bad Request - Invalid Verb", "HTTP Error 400. The request verb is invalid."),
        "host": ("Bad Request - Invalid Hostname", "HTTP Error 400. The request hostname is invalid."),
        "target": ("Bad Request - Invalid URL", "HTTP Error 400. The request URL is invalid."),
        "header": ("Bad Request - Invalid Header", "HTTP Error 400. The request has an invalid header name."),
        "large": (
            "Bad Request - Request Too Long",
            "HTTP Error 400. The size of the request headers is too long.",
        ),
        "line": ("Bad Request - Invalid Verb", "HTTP Error 400. The request verb is invalid."),
    }
    texts = {
        403: ("Forbidden: Access is denied.", "You do not have permission to view this directory or page using the "
              "credentials that you supplied."),
        404: ("File or directory not found.", "The resource you are looking for might have been removed, had its name "
              "changed, or is temporarily unavailable."),
        405: ("HTTP verb used to access this page is not allowed.", "The page you are looking for cannot be displayed "
              "because an invalid method (HTTP verb) was used to attempt access."),
    }  # fmt: skip

    def reason(self, status: int) -> str:
        return self.reasons.get(status) or super().reason(status)

    def etag(self, page: Page) -> str:
        return f'"{((page.changed or 0) + 11644473600) * 10_000_000:x}:0"'

    def head(self, reply: Reply, request: Request, length: int | None, *, stay: bool) -> Headers:
        page = reply.page
        headers: Headers = []
        if reply.status != 304:
            headers.append(("Content-Type", reply.content_type or self.error_type()))
        headers += [header for header in reply.headers if header[0] in ("Location", "Allow")]
        if page and page.changed:
            headers += [("Last-Modified", http_date(page.changed)), ("Accept-Ranges", "bytes")]
            headers.append(("ETag", self.etag(page)))
        if self.server:
            headers.append(("Server", self.server))
        headers += [header for header in reply.headers if header[0] not in ("Location", "Allow")]
        headers.append(("X-Powered-By", "ASP.NET"))
        headers.append(("Date", http_date(time.time())))
        if not stay:
            headers.append(("Connection", "close"))
        if length is not None:
            headers.append(("Content-Length", str(length)))
        return headers

    def refuse_method(self, request: Request, page: Page | None) -> Reply | None:
        if request.method == "OPTIONS":
            verbs = "OPTIONS, TRACE, GET, HEAD, POST"
            return Reply(200, headers=[("Allow", verbs), ("Public", verbs)], content_type="text/html")
        if request.method == "TRACE":
            return Reply(501)
        return Reply(405, headers=[("Allow", "GET, HEAD, OPTIONS, TRACE")]) if page else Reply(404)

    def error_body(self, reply: Reply, request: Request, port: int) -> bytes:
        if reply.status in (301, 302):
            where = escape(dict(reply.headers).get("Location", ""))
            return (
                "<head><title>Document Moved</title></head>\n<body><h1>Object Moved</h1>"
                f'This document may be found <a HREF="{where}">here</a></body>'
            ).encode()
        title, text = self.texts.get(reply.status, (self.reason(reply.status) + ".", ""))
        return (
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
            '\r\n<html xmlns="http://www.w3.org/1999/xhtml">\r\n<head>\r\n<meta http-equiv="Content-Type" '
            f'content="text/html; charset=iso-8859-1"/>\r\n<title>{reply.status} - {title}</title>\r\n</head>\r\n<body>\r\n'
            f'<div id="header"><h1>Server Error</h1></div>\r\n<div id="content">\r\n <h2>{reply.status} - {title}</h2>\r\n'
            f" <h3>{text}</h3>\r\n</div>\r\n</body>\r\n</html>\r\n"
        ).encode()

    def render_refusal(self, reply: Reply, request: Request, port: int) -> bytes:
        title, text = self.system.get(
            reply.why, ("Bad Request", "HTTP Error 400. The request is badly formed.")
        )
        status = "400 Bad Request"
        if reply.status in (414, 413, 505, 408):
            status = f"{reply.status} {self.reason(reply.status)}"
            title, text = self.reason(reply.status), f"HTTP Error {status}."
        body = (
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
            '<HTML><HEAD><TITLE>Bad Request</TITLE>\r\n<META HTTP-EQUIV="Content-Type" Content="text/html; '
            f'charset=us-ascii"></HEAD>\r\n<BODY><h2>{title}</h2>\r\n<hr><p>{text}</p>\r\n</BODY></HTML>\r\n'
        ).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=us-ascii\r\nServer: Microsoft-HTTPAPI/2.0\r\n"
            f"Date: {http_date(time.time())}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
