"""Requests and replies of HTTP/1, as values."""

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import unquote

Headers = list[tuple[str, str]]

REASONS = {
    200: "OK", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 304: "Not Modified",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 411: "Length Required", 413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    416: "Requested Range Not Satisfiable", 417: "Expectation Failed", 500: "Internal Server Error",
    501: "Not Implemented", 505: "HTTP Version Not Supported",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request as it was sent. `version` is (0, 9), (1, 0) or (1, 1); header names in lower case."""

    method: str
    target: str
    version: tuple[int, int]
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    """Its beginning; the size and the hash are those of all that was received."""
    body_size: int = 0
    body_sha256: str = ""

    def header(self, name: str) -> str:
        """The first header of this name, "" when there is none."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def path(self) -> str:
        """The decoded path, without the query; dots resolved as servers do before they look for a file."""
        target = self.target
        if target.startswith(("http://", "https://")):
            target = "/" + target.split("/", 3)[3] if target.count("/") > 2 else "/"
        parts: list[str] = []
        raw = unquote(target.split("?", 1)[0], errors="replace")
        for part in raw.split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts) + ("/" if raw.endswith("/") and parts else "")

    @property
    def wants_to_stay(self) -> bool:
        """Whether the client leaves the connection open, by HTTP's own default for its version."""
        value = self.header("connection").lower()
        return "keep-alive" in value if self.version < (1, 1) else "close" not in value

    @property
    def asked_to_stay(self) -> bool:
        """Whether it requests that in a header."""
        return "keep-alive" in self.header("connection").lower()

    @property
    def tries_basic(self) -> bool:
        """Whether it has a valid basic Authorization header."""
        scheme, _, value = self.header("authorization").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Page:
    """A page of a site. `changed` is in seconds since the epoch; None for a dynamic page."""

    body: bytes
    content_type: str = "text/html"
    changed: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200


@dataclass
class Reply:
    """One reply before a dialect renders it. `why` selects the text of an error page."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Headers = field(default_factory=list)
    page: Page | None = None
    why: str = ""
    close: bool = False
    delay: float = 0.0


class Refused(Exception):
    """A request that the server answers with an error and then closes.

    `raw` is what was received instead of a request line, `head` what was read of the headers.
    """

    def __init__(self, status: int, why: str = "", raw: bytes = b"", request: Request | None = None) -> None:
        super().__init__(status, why)
        self.status = status
        self.why = why
        self.raw = raw
        self.head = b""
        self.request = request
