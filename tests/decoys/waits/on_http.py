"""Where the http decoy waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .base import Group, Wait, connect, saying, until

POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@contextmanager
def steady(port: int) -> Iterator[Callable[[], object]]:
    """A new connection each time: none may ask more than a hundred times."""

    def ask() -> None:
        with connect(port) as line:
            line.sendall(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
            until(line, b"HTTP/1.1 404")

    yield ask


GROUPS = (
    Group("http", "http", "debian-12", steady, (
        Wait("a request", "http/reading.py:_first_line", saying(b"")),
        Wait("the rest of a line", "http/reading.py:_first_line", saying(b"GET /")),
        Wait("the next request", "http/reading.py:_first_line",
              saying(b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")),
        Wait("a header", "http/reading.py:_read_headers", saying(POST + b"Us")),
        Wait("a body", "http/reading.py:_sized", saying(POST + b"Content-Length: 9\r\n\r\na=")),
        Wait("a body that was asked for", "http/reading.py:_sized",
              saying(POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")),
        Wait("a chunk", "http/reading.py:_chunks", saying(CHUNKED + b"4")),
        Wait("the rest of a chunk", "http/reading.py:_sized", saying(CHUNKED + b"4\r\na=")),
        Wait("the end of a chunk", "http/reading.py:_chunks", saying(CHUNKED + b"2\r\na=")),
        Wait("the end after a refusal", "tcp_server.py:linger", saying(b"!\r\n\r\n")),
    )),
)  # fmt: skip
