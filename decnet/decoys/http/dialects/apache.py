# ruff: noqa: E501 (what real servers print is not broken into shorter lines)
"""Apache httpd, as its users see it with curl -i."""

import time
from html import escape

from ..messages import Headers, Page, Reply, Request
from ..reading import Limits
from .dialect import Dialect, http_date


class Apache(Dialect):
    """Apache httpd 2.4; Debian and Ubuntu sign their error pages, others do not."""

    limits = Limits(line=8190, field=8190, head_seconds=20, idle_seconds=5, method=r"^[A-Za-z0-9_-]{1,64}$")
    charset = "; charset=iso-8859-1"
    reasons = {408: "Request Timeout", 414: "Request-URI Too Long"}
    known = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "PROPPATCH",
             "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "CHECKOUT", "CHECKIN", "MERGE", "LABEL")  # fmt: skip
    texts = {
        400: "<p>Your browser sent a request that this server could not understand.<br />\n{why}</p>",
        401: "<p>This server could not verify that you\nare authorized to access the document\nrequested.  Either you "
        "supplied the wrong\ncredentials (e.g., bad password), or your\nbrowser doesn't understand how to supply\n"
        "the credentials required.</p>",
        403: "<p>You don't have permission to access this resource.</p>",
        404: "<p>The requested URL was not found on this server.</p>",
        405: "<p>The requested method {method} is not allowed for this URL.</p>",
        408: "<p>Server timeout waiting for the HTTP request from the client.</p>",
        413: "The requested resource does not allow request data with {method} requests, or the amount of data "
        "provided in\nthe request exceeds the capacity limit.\n",
        414: "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n</p>",
        501: "<p>{method} not supported for current URL.<br />\n</p>",
        302: '<p>The document has moved <a href="{location}">here</a>.</p>',
        301: '<p>The document has moved <a href="{location}">here</a>.</p>',
    }
    large = "Size of a request header field exceeds server limit.<br />\n"

    def reason(self, status: int) -> str:
        return self.reasons.get(status) or super().reason(status)

    def etag(self, page: Page) -> str:
        micros = (page.changed or 0) * 1_000_000
        return f'"{len(page.body):x}-{micros:x}"'

    def head(self, reply: Reply, request: Request, length: int | None, *, stay: bool) -> Headers:
        page = reply.page
        headers = [("Date", http_date(time.time()))]
        if self.server:
            headers.append(("Server", self.server))
        before, after = _split(reply.headers, ("Location", "Set-Cookie", "WWW-Authenticate", "Allow"))
        headers += before
        if page and page.changed:
            headers += [("Last-Modified", http_date(page.changed)), ("ETag", self.etag(page))]
            if reply.status == 200:
                headers.append(("Accept-Ranges", "bytes"))
        if length is not None:
            headers.append(("Content-Length", str(length)))
        if page and page.changed and page.content_type.startswith("text/"):
            headers.append(("Vary", "Accept-Encoding"))
        headers += after
        if not stay:
            headers.append(("Connection", "close"))
        elif request.asked_to_stay:
            headers += [("Keep-Alive", "timeout=5, max=100"), ("Connection", "Keep-Alive")]
        if reply.status != 304:
            headers.append(("Content-Type", reply.content_type or self.error_type()))
        return headers

    def refuse_method(self, request: Request, page: Page | None) -> Reply | None:
        allow = [("Allow", "GET,POST,OPTIONS,HEAD")]
        if request.method == "POST" and page is not None:
            return None
        if request.method == "OPTIONS":
            return Reply(200, headers=allow, content_type="text/html" if page else "httpd/unix-directory")
        if request.method == "TRACE":
            return Reply(405, headers=[("Allow", "")])
        if request.method not in self.known:
            return Reply(501, headers=allow)
        return Reply(405, headers=allow) if page else Reply(404)

    def special(self, request: Request) -> Reply | None:
        name = request.path.rsplit("/", 1)[-1]
        if name.startswith(".ht") or request.path.startswith(
            ("/server-status", "/server-info", "/cgi-bin/.")
        ):
            return Reply(403)
        if request.path == "/icons/":
            return Reply(403)
        return None

    def error_body(self, reply: Reply, request: Request, port: int) -> bytes:
        title = f"{reply.status} {self.reason(reply.status)}"
        words = {
            "why": self.large if reply.why == "large" else "",
            "method": escape(request.method),
            "location": escape(dict(reply.headers).get("Location", "")),
        }
        text = self.texts.get(reply.status, "<p></p>").format(**words)
        signature = ""
        if any(mark in self.server for mark in ("(Debian)", "(Ubuntu)")):
            host = request.header("host").rsplit(":", 1)[0] or "127.0.1.1"
            signature = f"<hr>\n<address>{self.server} Server at {escape(host)} Port {port}</address>\n"
        return (
            '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n'
            f"<title>{title}</title>\n</head><body>\n<h1>{self.reason(reply.status)}</h1>\n{text}\n{signature}"
            "</body></html>\n"
        ).encode("latin-1", "replace")


def _split(headers: Headers, names: tuple[str, ...]) -> tuple[Headers, Headers]:
    return [h for h in headers if h[0] in names], [h for h in headers if h[0] not in names]
