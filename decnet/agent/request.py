"""One request from standard input: a JSON line, then for some verbs a stream."""

from __future__ import annotations

import os
import select
import time

from decnet.wire import MAX_REQUEST_BYTES, PROTOCOL, parse

from . import limits
from .failure import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator

_HEX = frozenset("0123456789abcdef")
NO_MARKER = "0" * 32
"""What frames an answer to a request whose own marker could not be read."""


class Request:
    """`marker` frames the answer, `args` are the verb's; `pieces` is what follows the line."""

    def __init__(self, marker: str, args: Dict[str, Any], rest: bytes = b"") -> None:
        self.marker = marker
        self.args = args
        self._rest = rest

    def pieces(self, limit: float = limits.IMAGE, most: int = limits.IMAGE_BYTES) -> Iterator[bytes]:
        """The stream after the request's line, till its end. Raises Refusal over a bound."""
        deadline, size, piece = time.monotonic() + limit, 0, self._rest
        while True:
            if piece:
                size += len(piece)
                if size > most:
                    raise Refusal("usage", "the stream is longer than %d bytes" % most)
                yield piece
            piece = _read(deadline)
            if not piece:
                return


def read_request(timeless: bool = False) -> Request:
    """The request on standard input, of any protocol where it is `timeless`. Raises Refusal `usage` or
    `protocol`; its marker is then NO_MARKER or, where it could be read, the request's."""
    line, rest = _first_line()
    try:
        value = parse(line)
    except ValueError as error:
        raise Refusal("usage", "the request is not plain JSON: %s" % error) from error
    return decode(value, rest, timeless)


def decode(value: Any, rest: bytes = b"", timeless: bool = False) -> Request:
    """The request that a parsed line spells. Raises Refusal; details.marker holds a marker that is good."""
    if not isinstance(value, dict):
        raise Refusal("usage", "the request is not a JSON object")
    marker = value.get("marker")
    if not isinstance(marker, str) or len(marker) != 32 or not _HEX.issuperset(marker):
        raise Refusal("usage", "the request's marker is not 32 hexadecimal digits")
    version = value.get("v")
    known = isinstance(version, int) and not isinstance(version, bool)
    if not known or (version != PROTOCOL and not timeless):
        hint = "decnet worker upgrade" if isinstance(version, int) and version > PROTOCOL else None
        message = "this agent speaks protocol %d" % PROTOCOL
        raise Refusal("protocol", message, hint, {"marker": marker})
    args = value.get("args")
    if not isinstance(args, dict) or not set(value) <= {"v", "marker", "args"}:
        raise Refusal("usage", "a request holds v, marker and args", None, {"marker": marker})
    return Request(marker, args, rest)


def _first_line() -> "tuple[bytes, bytes]":
    deadline, content = time.monotonic() + limits.REQUEST, bytearray()
    while True:
        piece = _read(deadline)
        content += piece
        end = content.find(b"\n", max(0, len(content) - len(piece)))
        if end >= 0:
            return bytes(content[:end]), bytes(content[end + 1 :])
        if not piece:
            return bytes(content), b""
        if len(content) > MAX_REQUEST_BYTES:
            raise Refusal("usage", "the request is longer than %d bytes" % MAX_REQUEST_BYTES)


def _read(deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0 or not select.select([0], [], [], left)[0]:
        raise Refusal("time-limit", "the request did not arrive in time")
    return os.read(0, 262144)
