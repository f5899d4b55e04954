"""The Docker engine over its unix socket: one HTTP/1.0 request per connection, bounded in bytes and time.

Importing `http.client` takes longer than a whole `status` may, so the little HTTP that is needed is
implemented here.
"""

from __future__ import annotations

import errno
import os
import time

from decnet.wire import decode_json, encode_json
from decnet.wire.engine import START, is_stopped
from decnet.wire.fault import step

from . import limits
from .request import Refusal
from .sockets import AF_UNIX, SOCK_STREAM, Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

DEFAULT_SOCKET = "/var/run/docker.sock"
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


_until: Optional[float] = None
_may_start = False
_server = b""
"""What the last answer's head has as `Server`: `Docker/28.2.2 (linux)`."""


def patience(seconds: float) -> None:
    """Limit the total time of all requests of this process, so that a verb can report that the engine hangs
    instead of hanging itself."""
    global _until
    _until = time.monotonic() + seconds


def start_if_stopped() -> None:
    """Allow the first request of this process to start a stopped engine. Otherwise every request is refused:
    the person who stopped the engine did not ask decnet to start it."""
    global _may_start
    _may_start = True


class EngineError(Exception):
    """The engine answered with an error; `status` is its HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def socket_path() -> str:
    return os.environ.get("DECNET_DOCKER_SOCKET") or DEFAULT_SOCKET


class Question:
    """A GET that is sent at once, so that this process does other work while the engine makes its answer."""

    def __init__(self, path: str, query: Optional[Dict[str, Any]] = None) -> None:
        self._deadline = time.monotonic() + limits.CONTROL
        self._connection: Optional[Socket] = None
        self._error: Optional[Refusal] = None
        try:
            self._connection = _connect(limits.CONTROL)
            _send(self._connection, _request("GET", path, query, ""), self._deadline)
        except Refusal as error:
            self._error = error

    def answer(self) -> Any:
        """The answer's JSON value, once. Raises as `get`, also if the request could not be sent."""
        if self._error is not None or self._connection is None:
            raise self._error or Refusal("docker-down", "the Docker engine was asked already")
        return _value(*_answer_on(self._connection, self._deadline))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def version() -> str:
    """The engine's version. Every answer of an engine shows it; `/version` takes the engine 10 ms."""
    name, _, version = _server.partition(b"/")
    if name == b"Docker" and version.strip():
        return version.split()[0].decode("ascii", "replace")
    return str(get("/version").get("Version", ""))


def get(path: str, query: Optional[Dict[str, Any]] = None, limit: float = limits.CONTROL) -> Any:
    """The JSON answer to a GET. Raises EngineError, and Refusal `docker-down` if nothing answers."""
    return call("GET", path, query, limit=limit)


def post(
    path: str, query: Optional[Dict[str, Any]] = None, body: Any = None, limit: float = limits.CONTROL
) -> Any:
    return call("POST", path, query, body, limit)


def delete(path: str, query: Optional[Dict[str, Any]] = None, limit: float = limits.CONTROL) -> Any:
    return call("DELETE", path, query, limit=limit)


def call(
    method: str,
    path: str,
    query: Optional[Dict[str, Any]] = None,
    body: Any = None,
    limit: float = limits.CONTROL,
) -> Any:
    """One request; the answer's JSON value, None if it is empty."""
    payload = b"" if body is None else encode_json(body).encode()
    head = "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(payload) if payload else ""
    if method == "POST" and not payload:
        head = "Content-Length: 0\r\n"
    if method != "GET":
        step("%s %s to be asked" % (method, path))
    status, content = _exchange(method, path, query, head, payload, limit)
    if method != "GET":
        step("%s %s answered" % (method, path))
    return _value(status, content)


def raw_post(path: str, body: Any, limit: float = limits.CONTROL) -> bytes:
    """The body of the answer to a POST, unchanged."""
    payload = encode_json(body).encode()
    head = "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(payload)
    status, content = _exchange("POST", path, None, head, payload, limit)
    if status >= 400:
        raise EngineError(status, _message(content))
    return content


def stream(
    path: str, query: Optional[Dict[str, Any]] = None, limit: float = limits.CONTROL
) -> Iterator[bytes]:
    """The raw body of a GET, piece by piece. Raises EngineError before the first piece."""
    connection, deadline = _connect(limit), time.monotonic() + limit
    try:
        _send(connection, _request("GET", path, query, ""), deadline)
        status, rest = _head(connection, deadline)
        if status >= 400:
            raise EngineError(status, _message(rest + _rest(connection, deadline, limits.ERROR_BYTES)))
        piece = rest or _receive(connection, deadline)
        while piece:
            yield piece
            piece = _receive(connection, deadline)
    finally:
        connection.close()


def upload(path: str, pieces: Iterable[bytes], limit: float) -> bytes:
    """A POST of unknown length; the answer's body."""
    connection, deadline = _connect(limit), time.monotonic() + limit
    try:
        head = (
            "POST %s HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-tar\r\n"
            "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" % path
        )
        _send(connection, head.encode(), deadline)
        for piece in pieces:
            if piece:
                _send(connection, b"%x\r\n%s\r\n" % (len(piece), piece), deadline)
        _send(connection, b"0\r\n\r\n", deadline)
        status, rest = _head(connection, deadline)
        content = rest + _rest(connection, deadline, limits.API_BYTES)
        if status >= 400:
            raise EngineError(status, _message(content))
        return content
    finally:
        connection.close()


def quote(text: str) -> str:
    """Percent-encoding of everything but unreserved characters."""
    return "".join(chr(byte) if byte in _SAFE else "%%%02X" % byte for byte in text.encode())


def _exchange(
    method: str, path: str, query: Optional[Dict[str, Any]], head: str, payload: bytes, limit: float
) -> Tuple[int, bytes]:
    connection, deadline = _connect(limit), time.monotonic() + limit
    try:
        _send(connection, _request(method, path, query, head) + payload, deadline)
        return _answer_on(connection, deadline)
    finally:
        connection.close()


def _answer_on(connection: Socket, deadline: float) -> Tuple[int, bytes]:
    """Status and body of the answer to what was sent."""
    status, rest = _head(connection, deadline)
    return status, rest + _rest(connection, deadline, limits.API_BYTES)


def _value(status: int, content: bytes) -> Any:
    """The JSON value of an answer, None if it is empty. Raises EngineError and Refusal."""
    if status >= 400:
        raise EngineError(status, _message(content))
    if not content.strip():
        return None
    try:
        return decode_json(content.decode())
    except ValueError as error:
        raise Refusal("docker-down", "the Docker engine's answer is not JSON") from error


def _request(method: str, path: str, query: Optional[Dict[str, Any]], head: str) -> bytes:
    if query:
        path += "?" + "&".join("%s=%s" % (key, quote(_spelled(value))) for key, value in query.items())
    return ("%s %s HTTP/1.0\r\nHost: docker\r\n%s\r\n" % (method, path, head)).encode("ascii")


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else encode_json(value)


def _connect(limit: float) -> Socket:
    if not _may_start and is_stopped(socket_path()):
        raise Refusal("docker-down", "the Docker engine is stopped", START)
    try:
        connection = Socket(AF_UNIX, SOCK_STREAM)
    except OSError as error:
        raise _down(error) from error
    try:
        _arm(connection, time.monotonic() + limit)
        connection.connect(socket_path())
    except OSError as error:
        connection.close()
        raise _down(error) from error
    except Refusal:
        connection.close()
        raise
    return connection


def _send(connection: Socket, content: bytes, deadline: float) -> None:
    _arm(connection, deadline)
    try:
        connection.sendall(content)
    except OSError as error:
        # The engine refuses an upload by answering and closing the connection: its answer has the reason.
        if error.errno not in (errno.EPIPE, errno.ECONNRESET):
            raise _down(error) from error


def _head(connection: Socket, deadline: float) -> Tuple[int, bytes]:
    content = b""
    while b"\r\n\r\n" not in content:
        piece = _receive(connection, deadline)
        if not piece or len(content) > 65536:
            raise Refusal("docker-down", "the Docker engine closed the connection without an answer")
        content += piece
    head, rest = content.split(b"\r\n\r\n", 1)
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        raise Refusal("docker-down", "what answers on %s is not a Docker engine" % socket_path())
    _note_server(head)
    return int(words[1]), rest


def _note_server(head: bytes) -> None:
    global _server  # noqa: PLW0603
    for line in head.split(b"\r\n"):
        if line[:7].lower() == b"server:":
            _server = line[7:].strip()


def _rest(connection: Socket, deadline: float, most: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        piece = _receive(connection, deadline)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise Refusal("failed", "the Docker engine's answer is larger than %d bytes" % most)


def _receive(connection: Socket, deadline: float) -> bytes:
    _arm(connection, deadline)
    try:
        return connection.recv(262144)
    except OSError as error:
        raise _down(error) from error


def _arm(connection: Socket, deadline: float) -> None:
    left = (deadline if _until is None else min(deadline, _until)) - time.monotonic()
    if left <= 0:
        raise Refusal("docker-down", "the Docker engine did not answer in time")
    connection.settimeout(left)


def _down(error: OSError) -> Refusal:
    if error.errno == errno.EACCES:
        return Refusal(
            "docker-down",
            "no permission to use %s" % socket_path(),
            "the worker's user must be root or in the group docker",
        )
    reason = error.strerror or "no answer in time"
    return Refusal("docker-down", "the Docker engine does not answer on %s: %s" % (socket_path(), reason))


def _message(content: bytes) -> str:
    try:
        return str(decode_json(content.decode())["message"])[:2000]
    except (ValueError, KeyError, TypeError):
        return content[:2000].decode("utf-8", "replace")
