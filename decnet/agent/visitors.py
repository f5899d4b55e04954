"""Who is at work on the deckies now: connected to a service at this moment, and logged in or giving commands.

A connection is found in the kernel's table of the decky's network, and what its visitor did in the service's
log, by its source address and port. Logs are read only of services that have connections.
"""

from __future__ import annotations

import os
import time

from decnet.wire import parse

from . import docker, limits
from .containers import RUNNING
from .health import asked_inside, shown
from .home import path
from .logs import frames
from .request import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

    from .containers import Container

    Peer = Tuple[str, int]
    """Address and port of a visitor."""

_ESTABLISHED = "01"
_STDOUT = 1
_MAPPED = "::ffff:"
_KINDS = ("contact", "login", "command", "disconnect")


def busy(found: List[Container], applied: Dict[str, Dict[str, Any]]) -> List[Dict[str, str]]:
    """[{"project", "decky", "service", "source"}] of the visitors at work, 256 at the most; `applied` are the
    slices by project. What cannot be read within SESSIONS seconds does not count."""
    until = time.monotonic() + limits.SESSIONS
    services = {(each.project, each.decky, each.service): each for each in found if each.service}
    rows: List[Dict[str, str]] = []
    for base in found:
        if base.service or base.state != RUNNING:
            continue
        ports = _ports_of(base, applied)
        for service, peers in _connected(base, ports, until).items():
            container = services.get((base.project, base.decky, service))
            for source in sorted(_at_work(container, peers, until)) if container is not None else ():
                whose = {"project": base.project, "decky": base.decky, "service": service}
                rows.append(dict(whose, source=source))
            if len(rows) >= limits.BUSY_MOST or time.monotonic() > until:
                return rows[: limits.BUSY_MOST]
    return rows


def _ports_of(base: Container, applied: Dict[str, Dict[str, Any]]) -> Dict[int, str]:
    """The TCP ports of the decky's services, by the slice."""
    content = (applied.get(base.project) or {}).get("slice") or {}
    entry = content.get("deckies", {}).get(base.decky) or {}
    return {
        int(port): str(row.get("service", ""))
        for row in entry.get("containers", {}).values()
        for port, protocol in row.get("ports", [])
        if protocol == "tcp"
    }


def _connected(base: Container, ports: Dict[int, str], until: float) -> Dict[str, Set[Peer]]:
    """The peers of established connections to these ports, by service."""
    peers: Dict[str, Set[Peer]] = {}
    is_visible = True
    for table in ("tcp", "tcp6") if ports else ():
        if time.monotonic() > until:
            break
        content = shown(base.pid, "net/" + table)
        is_visible = is_visible and (content is not None or table != "tcp")
        text = (content or b"").decode("ascii", "replace") if is_visible else asked_inside(base, table)
        for port, peer in connections_in(text):
            if port in ports:
                peers.setdefault(ports[port], set()).add(peer)
    return peers


def connections_in(text: str) -> Iterator[Tuple[int, Peer]]:
    """(local port, peer) of each established connection in a table in the kernel's format."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 3 and words[3] == _ESTABLISHED and ":" in words[1] and ":" in words[2]:
            address, _, port = words[2].rpartition(":")
            try:
                yield int(words[1].rpartition(":")[2], 16), (_spelled(address), int(port, 16))
            except ValueError:
                continue


def _at_work(container: Container, peers: Set[Peer], until: float) -> Set[str]:
    """The addresses of those peers that have logged in or given a command in their present session."""
    working: Set[Peer] = set()
    unknown = set(peers)
    for lines in limits.SESSION_LINES:
        if unknown:
            ended, seen = _sessions(_logged(container, lines, until), unknown)
            working |= ended
            unknown -= seen
    if unknown:
        working |= _sessions(_spooled(container.id), unknown)[0]
    return {address for address, _ in working}


def _sessions(lines: Iterable[bytes], peers: Set[Peer]) -> Tuple[Set[Peer], Set[Peer]]:
    """Those that are at work by these events, oldest first, and those whose session began among them: what
    happened before it was another visitor's with the same port."""
    marks = {str(port).encode() for _, port in peers}
    working: Set[Peer] = set()
    seen: Set[Peer] = set()
    for line in lines:
        if not any(mark in line for mark in marks):
            continue
        kind, peer, is_work = _event(line)
        if peer in peers:
            if kind in ("contact", "disconnect"):
                working.discard(peer)
                seen.add(peer)
            elif is_work:
                working.add(peer)
    return working, seen | working


def _event(line: bytes) -> Tuple[str, Peer, bool]:
    """Kind, peer, and whether it is a login that succeeded or a command; ("", ("", 0), False) if it is not an
    event. Of a decoy's log, or of the spool, which name the peer differently."""
    try:
        row = parse(line, 4)
    except ValueError:
        row = None
    if not isinstance(row, dict) or row.get("kind") not in _KINDS:
        return "", ("", 0), False
    kind, fields = str(row["kind"]), row.get("fields")
    source, port = row.get("src", row.get("source_ip")), row.get("sport", row.get("source_port"))
    is_login = kind == "login" and isinstance(fields, dict) and fields.get("success") is True
    peer = _plain(str(source)[:64]), port if isinstance(port, int) else 0
    return kind, peer, is_login or kind == "command"


def _logged(container: Container, lines: int, until: float) -> Iterator[bytes]:
    """The last lines on stdout of the container's log, none longer than an event may be."""
    query = {"stdout": True, "tail": str(lines)}
    rest, size = b"", 0
    try:
        for number, piece in frames(docker.stream("/containers/%s/logs" % container.id, query)):
            size += len(piece)
            if size > limits.SESSION_BYTES or time.monotonic() > until:
                return
            if number == _STDOUT:
                found = (rest + piece).split(b"\n")
                rest = found.pop()[: limits.EVENT_LINE * 2]
                yield from (each for each in found if len(each) <= limits.EVENT_LINE)
    except (Refusal, docker.EngineError):
        return


def _spooled(container_id: str) -> Iterator[bytes]:
    """The lines of the container in the newest part of the spool, which is read without its lock."""
    try:
        names = sorted(name for name in os.listdir(path("events")) if name.endswith(".jsonl"))
    except OSError:
        return
    for name in names[-limits.SESSION_SEGMENTS :]:
        try:
            with open(path("events", name), "rb") as file:
                content = file.read(2 * limits.SPOOL_SEGMENT)
        except OSError:
            continue
        own = container_id.encode()
        yield from (line for line in content.split(b"\n") if own in line)


def _spelled(digits: str) -> str:
    """An address as the kernel shows it: words of 32 bits in the byte order of the machine."""
    import sys

    words = [int(digits[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(digits), 8)]
    packed = b"".join(words)
    if len(packed) == 16 and packed[:12] == b"\0" * 10 + b"\xff\xff":
        packed = packed[12:]
    if len(packed) == 4:
        return ".".join(str(byte) for byte in packed)
    from socket import AF_INET6, inet_ntop

    return inet_ntop(AF_INET6, packed)


def _plain(address: str) -> str:
    return address[len(_MAPPED) :] if address.startswith(_MAPPED) else address
