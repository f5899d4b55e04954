"""Reads one request from standard input: a JSON line, then for some verbs a stream. Its arguments are checked
for type and bounds; every error is a Refusal."""

from __future__ import annotations

import os
import select
import time

from decnet.wire import MAX_REQUEST_BYTES, PROTOCOL, is_project, parse

from . import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

_HEX = frozenset("0123456789abcdef")
NO_MARKER = "0" * 32
"""The marker of an answer to a request whose own marker could not be read."""


class Refusal(Exception):
    """A refused request; `code` is one of the protocol's error codes."""

    def __init__(
        self, code: str, message: str, hint: Optional[str] = None, details: Optional[Dict[str, Any]] = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details or {}

    def answer(self) -> Dict[str, Any]:
        return {"code": self.code, "message": self.message, "hint": self.hint, "details": self.details}


class Request:
    """`marker` frames the answer, `args` are the verb's arguments, `pieces` is the stream after the line."""

    def __init__(self, marker: str, args: Dict[str, Any], rest: bytes = b"") -> None:
        self.marker = marker
        self.args = args
        self._rest = rest

    def pieces(self, limit: float = limits.IMAGE, most: int = limits.IMAGE_BYTES) -> Iterator[bytes]:
        """The stream after the request's line, to its end. Raises Refusal over a bound."""
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
    """The request on standard input, of any protocol if it is `timeless`. Raises Refusal `usage` or
    `protocol`; its marker is then NO_MARKER or, if it could be read, the request's."""
    return request_in(*_first_line(), timeless=timeless)


def request_in(line: bytes, rest: bytes = b"", *, timeless: bool = False) -> Request:
    """The same for its line, and what follows that."""
    try:
        value = parse(line)
    except ValueError as error:
        raise Refusal("usage", "the request is not plain JSON: %s" % error) from error
    return decode(value, rest, timeless)


def decode(value: Any, rest: bytes = b"", timeless: bool = False) -> Request:
    """The request in a parsed line. Raises Refusal, whose details.marker holds the marker if it is valid."""
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
        raise Refusal("usage", "a request must have v, marker and args", None, {"marker": marker})
    return Request(marker, args, rest)


def text(args: Dict[str, Any], key: str, most: int = 200) -> str:
    """A string of 1 to `most` printable ASCII characters. Raises Refusal `usage`."""
    value = args.get(key)
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= most
        or not value.isascii()
        or not value.isprintable()
    ):
        raise Refusal(
            "usage", "argument %s: must be a string of 1 to %d printable ASCII characters" % (key, most)
        )
    return value


def optional_text(args: Dict[str, Any], key: str, most: int = 200) -> Optional[str]:
    return None if args.get(key) is None else text(args, key, most)


def project(args: Dict[str, Any], default: Optional[str] = None) -> str:
    """The name of a project. Raises Refusal `usage`."""
    value = default if args.get("project") is None else args["project"]
    if not is_project(value):
        raise Refusal("usage", "argument project: must be decnet, or decnet-t- and 8 hexadecimal digits")
    return str(value)


def whole(args: Dict[str, Any], key: str, default: Optional[int] = None, most: int = 2**53) -> int:
    """A whole number from 0 to `most`. Raises Refusal `usage`."""
    value = args.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refusal("usage", "argument %s: must be a whole number from 0 to %d" % (key, most))
    return value


def seconds(args: Dict[str, Any], key: str, default: float, most: float) -> float:
    value = args.get(key, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= most:
        raise Refusal("usage", "argument %s: must be seconds from 0 to %d" % (key, most))
    return float(value)


def flag(args: Dict[str, Any], key: str) -> bool:
    value = args.get(key, False)
    if not isinstance(value, bool):
        raise Refusal("usage", "argument %s: must be true or false" % key)
    return value


def mapping(args: Dict[str, Any], key: str) -> Dict[str, Any]:
    value = args.get(key)
    if not isinstance(value, dict):
        raise Refusal("usage", "argument %s: must be an object" % key)
    return value


def texts(args: Dict[str, Any], key: str, most: int) -> List[str]:
    """A list of at most `most` short strings. Raises Refusal `usage`."""
    value = args.get(key, [])
    if not isinstance(value, list) or len(value) > most:
        raise Refusal("usage", "argument %s: must be a list of at most %d strings" % (key, most))
    return [text({key: item}, key) for item in value]


def only(args: Dict[str, Any], *known: str) -> None:
    """Raises Refusal `usage` if an argument is not one of these or `expect`."""
    unknown = sorted(set(args) - set(known) - {"expect"})
    if unknown:
        raise Refusal("usage", "unknown argument %r" % unknown[0][:80])


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
