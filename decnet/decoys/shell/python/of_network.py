# ruff: noqa: E501 (tables, and what real programs print)
"""Modules of the network. Nothing leaves the machine: connecting fails as for the shell's own programs."""

from __future__ import annotations

import socket
import urllib.parse
from collections.abc import Callable
from typing import Any

from ..net.reach import DNS_SECONDS, NO_NAME, attempt, record, resolved
from .machine import Machine, Value
from .of_system import natives
from .values import Native, Record, Thrown, check

ERRORS: dict[str, tuple[type[OSError], int]] = {
    "Connection refused": (ConnectionRefusedError, 111),
    "Connection timed out": (TimeoutError, 110),
    "No route to host": (OSError, 113),
    "Network is unreachable": (OSError, 101),
    "Permission denied": (PermissionError, 13),
    "Cannot assign requested address": (OSError, 99),
}
PORTS = {"http": 80, "https": 443, "ftp": 21}


class gaierror(OSError):  # noqa: N801 (its name in tracebacks)
    """A name that cannot be resolved."""


class URLError(OSError):
    """A page that cannot be fetched."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"<urlopen error {self.reason}>"


class HTTPError(URLError):
    """An answer with an error."""


def connect(machine: Machine, host: str, port: int, seconds: float | None) -> Value:
    """Connect to a host; the error, None where something listens."""
    record(machine.process, "socket", host=host, port=port)
    address = resolved(machine.process, host)
    if not address:
        yield DNS_SECONDS
        return gaierror(-3, NO_NAME)
    found = attempt(machine.process, address, port)
    waits = found.seconds if seconds is None else min(seconds, found.seconds)
    if waits:
        yield waits
    if seconds is not None and found.seconds > seconds:
        return TimeoutError("timed out")
    if not found.error:
        return None
    kind, number = ERRORS.get(found.error, (OSError, 5))
    return kind(number, found.error)


def _socket(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    made = Record("socket", {"timeout": machine.modules["socket"].attributes.get("timeout_seconds")})

    def connect_to(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
        host, port = args[0]
        error = yield from connect(machine, str(host), int(port), made.attributes["timeout"])
        if error is not None:
            raise Thrown(error)

    def connect_ex(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
        host, port = args[0]
        error = yield from connect(machine, str(host), int(port), made.attributes["timeout"])
        return 0 if error is None else error.errno or 11

    def set_timeout(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
        made.attributes["timeout"] = args[0]

    made.attributes |= natives(
        connect=connect_to, connect_ex=connect_ex, settimeout=set_timeout, close=_nothing, bind=_nothing, listen=_nothing,
        setsockopt=_nothing, shutdown=_nothing, send=_sent, sendall=_nothing, sendto=_sent, recv=lambda machine, args, keywords: b"",
        fileno=lambda machine, args, keywords: 3, __enter__=lambda machine, args, keywords: made, __exit__=_nothing,
        getsockname=lambda machine, args, keywords: ("0.0.0.0", 0),
    )  # fmt: skip
    made.attributes |= {"__enter__": made.attributes["enter"], "__exit__": made.attributes["exit"]}
    return made


def _nothing(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    return None


def _sent(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> int:
    return len(args[0])


def _by_name(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    address = resolved(machine.process, str(args[0]))
    if not address:
        yield DNS_SECONDS
        raise Thrown(gaierror(-3, NO_NAME))
    return address


def _create(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    host, port = args[0]
    error = yield from connect(
        machine, str(host), int(port), keywords.get("timeout", args[1] if len(args) > 1 else None)
    )
    if error is not None:
        raise Thrown(error)
    return _socket(machine, [], {})


def _default(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    machine.modules["socket"].attributes["timeout_seconds"] = args[0]


def _sockets(machine: Machine) -> dict[str, Any]:
    numbers = {
        "AF_INET": 2, "AF_INET6": 10, "AF_UNIX": 1, "SOCK_STREAM": 1, "SOCK_DGRAM": 2, "SOCK_RAW": 3, "IPPROTO_TCP": 6, "SOL_SOCKET": 1,
        "SO_REUSEADDR": 2, "SHUT_RDWR": 2,
    }  # fmt: skip
    functions = natives(
        socket=_socket, gethostname=lambda machine, args, keywords: machine.process.shell.hostname, gethostbyname=_by_name,
        create_connection=_create, setdefaulttimeout=_default, inet_aton=lambda machine, args, keywords: socket.inet_aton(args[0]),
        getfqdn=lambda machine, args, keywords: machine.process.shell.hostname,
    )  # fmt: skip
    return {**functions, **numbers, "error": OSError, "timeout": TimeoutError, "gaierror": gaierror}


def _urlopen(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    given = args[0].attributes["full_url"] if isinstance(args[0], Record) else str(args[0])
    check(len(given))
    parts = urllib.parse.urlsplit(given)
    record(machine.process, "urlopen", url=given)
    if not parts.scheme:
        raise Thrown(ValueError(f"unknown url type: {given!r}"))
    if parts.scheme not in PORTS:
        raise Thrown(URLError(f"unknown url type: {parts.scheme}"))
    if not parts.hostname:
        raise Thrown(URLError("no host given"))
    timeout = keywords.get("timeout")
    error = yield from connect(machine, parts.hostname, parts.port or PORTS[parts.scheme], timeout)
    raise Thrown(URLError(error or ConnectionResetError(104, "Connection reset by peer")))


def _retrieve(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    return (yield from _urlopen(machine, args[:1], {}))


def _request(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    return Record("Request", {"full_url": str(args[0]), **natives(add_header=_nothing)})


def _of_text(run: Callable[[str], Any]) -> Native:
    return Native(run.__name__, lambda machine, args, keywords: run(str(args[0])))


def _parse(machine: Machine) -> dict[str, Any]:
    def parts(text: str) -> Record:
        found = urllib.parse.urlparse(text)
        names = ("scheme", "netloc", "path", "params", "query", "fragment", "hostname", "port")
        return Record("ParseResult", {name: getattr(found, name) for name in names}, repr(found))

    return {
        "quote": _of_text(urllib.parse.quote),
        "unquote": _of_text(urllib.parse.unquote),
        "quote_plus": _of_text(urllib.parse.quote_plus),
        "urlparse": _of_text(parts),
        "urlencode": Native("urlencode", lambda machine, args, keywords: urllib.parse.urlencode(args[0])),
    }


MODULES: dict[str, Callable[[Machine], dict[str, Any]]] = {
    "socket": _sockets,
    "urllib": lambda machine: {},
    "urllib.request": lambda machine: natives(urlopen=_urlopen, urlretrieve=_retrieve, Request=_request),
    "urllib.parse": _parse,
    "urllib.error": lambda machine: {"URLError": URLError, "HTTPError": HTTPError},
    "http": lambda machine: {},
    "http.client": lambda machine: natives(HTTPConnection=_socket),
}
