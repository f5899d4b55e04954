"""Whom a command could reach: the machine itself; the rest fails as on a network that drops what leaves it.

Nothing here opens a connection. A name that /etc/hosts does not have fails as with a resolver that does not
answer, a host of the LAN that has never been heard as one that does not exist, and all others as behind a
firewall that drops packets.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from ...events import Session
from ...host.network import Neighbour
from ..process import Process
from .hostname import address_of
from .kernel_tables import NEIGHBOURS, rows

DNS_SECONDS = 10.0
"""Two attempts of five seconds (resolv.conf(5))."""
UNREACHABLE_SECONDS = 3.06
"""Three unanswered ARP requests (arp(7))."""
TIMEOUT_SECONDS = (129.2, 131.6)
"""Six retransmissions of a SYN (tcp_syn_retries in tcp(7)), as curl measures them."""
ANSWER_SECONDS = 0.5
"""How long a service of the machine itself may take for an answer."""
MOST_REQUESTS = 300
"""Recorded one by one of a visit."""
LONGEST_URL = 900

REFUSED, TIMED_OUT, NO_ROUTE, UNREACHABLE, OPEN = (
    "Connection refused", "Connection timed out", "No route to host", "Network is unreachable", "",
)  # fmt: skip
NO_NAME = "Temporary failure in name resolution"

FAILED_SECONDS, MOST_FAILED = 90.0, 16
"""How long an entry of the ARP table without an answer is shown, and how many of a visit."""
_failed: WeakKeyDictionary[Session, dict[str, float]] = WeakKeyDictionary()
_recorded: WeakKeyDictionary[Session, int] = WeakKeyDictionary()


@dataclass(frozen=True)
class Attempt:
    """How connecting ends: the error ("" for none), after so many seconds."""

    error: str
    seconds: float


def record(process: Process, request: str, **fields: str | int) -> None:
    """Record whom a command would have contacted."""
    session = process.shell.session
    count = _recorded[session] = _recorded.get(session, 0) + 1
    if count > MOST_REQUESTS:
        session.count("request")
        return
    cut = {name: value[:LONGEST_URL] if isinstance(value, str) else value for name, value in fields.items()}
    session.record("request", request=request, tool=process.name, **cut)


def resolved(process: Process, host: str) -> str:
    """The address of a name or a number as getaddrinfo(3) gives it without a resolver, "" for none."""
    name = host.strip("[]")
    if not name or len(name) > 255:
        return ""
    if ":" in name:
        try:
            return socket.inet_ntop(
                socket.AF_INET6, socket.inet_pton(socket.AF_INET6, name.partition("%")[0])
            )
        except (OSError, ValueError):
            return ""
    if name[:1].isdecimal():
        try:
            return socket.inet_ntoa(socket.inet_aton(name))
        except (OSError, ValueError):
            return ""
    found = address_of(process, name)
    if not found and (name.rstrip(".") == "localhost" or name.endswith(".localhost")):
        return "127.0.0.1"
    return found


def is_numeric(host: str) -> bool:
    """Whether it is an address in its usual form."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host.strip("[]"))
    except (OSError, ValueError):
        return False
    return True


def attempt(process: Process, address: str, port: int, protocol: str = "tcp") -> Attempt:
    """How a connection to an address ends."""
    facts = process.shell.world.network
    if ":" in address:
        if address != "::1":
            return Attempt(UNREACHABLE, 0.0)
        if not facts.loopback6:
            return Attempt("Cannot assign requested address", 0.0)
    if facts.is_own(address):
        return Attempt(OPEN if listens(process, address, port, protocol) else REFUSED, 0.0)
    if facts.is_near(address):
        if address == facts.broadcast:
            return Attempt("Permission denied", 0.0)
        if not facts.knows(address):
            _remember(process, address)
            return Attempt(NO_ROUTE, UNREACHABLE_SECONDS)
    elif not facts.gateway or int(address.partition(".")[0]) >= 224:
        return Attempt(UNREACHABLE, 0.0)
    return Attempt(TIMED_OUT, random.uniform(*TIMEOUT_SECONDS))


def _remember(process: Process, address: str) -> None:
    failed = _failed.setdefault(process.shell.session, {})
    failed[address] = time.monotonic() + FAILED_SECONDS
    while len(failed) > MOST_FAILED:
        del failed[next(iter(failed))]


def neighbours(process: Process) -> list[Neighbour]:
    """The machine's neighbours, and first those that the visitor looked for in vain."""
    now = time.monotonic()
    failed = [address for address, until in _failed.get(process.shell.session, {}).items() if until > now]
    facts = process.shell.world.network
    missed = [Neighbour(each, "", "FAILED") for each in failed if not facts.knows(each)]
    added = [Neighbour(*row[:3]) for row in rows(process.shell, NEIGHBOURS)]
    own = {each.address for each in added}
    return [*missed, *added, *(each for each in facts.neighbours if each.address not in own)]


def listens(process: Process, address: str, port: int, protocol: str = "tcp") -> bool:
    """Whether a service of this machine listens there."""
    every = ("::",) if ":" in address else ("0.0.0.0", "::")
    if address == "0.0.0.0":
        address = "127.0.0.1"
    return any(
        each.port == port
        and each.state in ("LISTEN", "")
        and (each.address in every or each.address == address)
        for each in process.shell.world.sockets()
        if each.protocol.startswith(protocol)
    )


class Clock:
    """The time of a command: when it was started, and what it has waited since."""

    def __init__(self) -> None:
        self.began = time.time()
        self.waited = 0.0

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.began + self.waited

    def wait(self, seconds: float) -> Generator[float, None, None]:
        """`yield from` it to wait."""
        seconds = max(0.0, seconds)
        self.waited += seconds
        if seconds:
            yield seconds


def ask(process: Process, port: int, request: bytes) -> Generator[Any, Any, bytes]:
    """The answer of this machine's own service on a port to a request; b"" if it does not answer."""
    from ...host.insiders import Question

    question = Question(port, request)
    try:
        until = time.monotonic() + ANSWER_SECONDS
        while question.is_sent and time.monotonic() < until:
            found = question.answer()
            if found is not None:
                return found
            yield 0.01
        return b""
    finally:
        question.close()


def greeting(process: Process, port: int) -> bytes:
    """How a service of this machine greets whoever connects; b"" if it waits, or is another decoy's."""
    persona = process.shell.world.persona
    if persona.service == "ssh" and port in persona.tcp_ports():
        banner = persona.banner or "SSH-2.0-OpenSSH"
        return (banner if banner.startswith("SSH-") else f"SSH-2.0-{banner}").encode() + b"\r\n"
    return b""
