# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""How each server software spells an answer: order of headers, error pages, refusals.

Sources: answers of the servers themselves, as their users see them with curl -i.
"""

import time
from abc import ABC, abstractmethod
from html import escape

from ..persona import Persona
from .messages import REASONS, Headers, Page, Reply, Request
from .reading import Limits

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def flavour_of(persona: Persona) -> "Flavour":
    """The flavour that fits the persona's Server header."""
    said = persona.text("server_header")
    software = persona.banner or DEFAULT_SOFTWARE.get(persona.os, "nginx")
    software = software.format_map(_Plain(persona)) if "{" in software else software
    kind = next((made for start, made in FLAVOURS if (said or software).startswith(start)), Appliance)
    return kind(software if said is None else said, persona)


class _Plain(dict[str, str]):
    """The variables that a banner of the catalog may have."""

    def __init__(self, persona: Persona) -> None:
        super().__init__(hostname=persona.hostname, address=persona.address, date=http_date(time.time()))

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def http_date(at: float) -> str:
    """Seconds since the epoch as HTTP writes it, in no machine's language."""
    t = time.gmtime(at)
    clock = f"{t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02}"
    return f"{DAYS[t.tm_wday]}, {t.tm_mday:02} {MONTHS[t.tm_mon - 1]} {t.tm_year} {clock} GMT"


class Flavour(ABC):
    """One server software."""

    limits = Limits()
    charset = ""
    text_methods = ("GET", "HEAD")
    """Methods that a file answers."""

    def __init__(self, server: str, persona: Persona) -> None:
        self.server = server
        self.persona = persona

    @abstractmethod
    def head(self, reply: Reply, request: Request, length: int | None, *, stay: bool) -> Headers:
        """The headers in this server's order; `length` None where it sends none."""

    @abstractmethod
    def error_body(self, reply: Reply, request: Request, port: int) -> bytes:
        """The page that goes with an error."""

    def reason(self, status: int) -> str:
        """The words after the status code."""
        return REASONS.get(status, "Unknown")

    def etag(self, page: Page) -> str:
        """The page's ETag, stable for the seed."""
        return f'"{page.changed or 0:x}-{len(page.body):x}"'

    def refuse_method(self, request: Request, page: Page | None) -> Reply | None:
        """What a method that is neither GET nor HEAD gets on a file; None where it is served like GET."""
        return Reply(405)

    def special(self, request: Request) -> Reply | None:
        """Answers that this software gives before it looks for a file."""
        return None

    def spell(self, reply: Reply, request: Request, port: int, *, stay: bool) -> bytes:
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

    def spell_refusal(self, reply: Reply, request: Request, port: int) -> bytes:
        """The bytes of the answer to a request that could not be read; b"" to close without a word."""
        return self.spell(reply, request, port, stay=False)

    def error_type(self) -> str:
        """The Content-Type of error pages."""
        return "text/html" + self.charset


class Nginx(Flavour):
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

    def spell_refusal(self, reply: Reply, request: Request, port: int) -> bytes:
        return b"" if reply.status == 408 else super().spell_refusal(reply, request, port)


class Apache(Flavour):
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


class Lighttpd(Flavour):
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


class Iis(Flavour):
    """Microsoft IIS 10 behind HTTP.sys, which answers what is not a request by itself."""

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

    def spell_refusal(self, reply: Reply, request: Request, port: int) -> bytes:
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


class Appliance(Flavour):
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


def _split(headers: Headers, names: tuple[str, ...]) -> tuple[Headers, Headers]:
    return [h for h in headers if h[0] in names], [h for h in headers if h[0] not in names]


FLAVOURS: tuple[tuple[str, type[Flavour]], ...] = (
    ("nginx", Nginx),
    ("openresty", Nginx),
    ("Apache", Apache),
    ("Microsoft-IIS", Iis),
    ("lighttpd", Lighttpd),
)

DEFAULT_SOFTWARE = {
    "linux": "nginx/1.22.1",
    "bsd": "nginx/1.24.0",
    "windows": "Microsoft-IIS/10.0",
    "windows_server": "Microsoft-IIS/10.0",
    "embedded": "lighttpd/1.4.59",
    "cisco": "nginx",
}
