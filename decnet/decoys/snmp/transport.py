# ruff: noqa: E501 (facts in rows)
"""ICMP, TCP and UDP in SNMP (IP-MIB, TCP-MIB, UDP-MIB), as net-snmp reports them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..host.protocols import ICMP, TCP, UDP
from . import ber
from .addresses import MIB2
from .ber import Oid
from .tree import Rows, Table, Value

if TYPE_CHECKING:
    from ..host.sockets import SocketEntry
    from .host_view import Host

STATES = {
    "CLOSE": 1, "LISTEN": 2, "SYN_SENT": 3, "SYN_RECV": 4, "ESTABLISHED": 5, "FIN_WAIT1": 6, "FIN_WAIT2": 7, "CLOSE_WAIT": 8,
    "LAST_ACK": 9, "CLOSING": 10, "TIME_WAIT": 11,
}  # fmt: skip
"""tcpConnState."""
UNSUMMED = [name for name in ICMP if name != "InCsumErrors"]
TCP_SCALARS = [name for name in TCP if name not in ("InErrs", "OutRsts", "InCsumErrors")]
SIGNED = ("RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn")
KINDS = {0: "EchoReps", 3: "DestUnreachs", 4: "SrcQuenchs", 5: "Redirects", 8: "Echos", 11: "TimeExcds", 12: "ParmProbs",
         13: "Timestamps", 14: "TimestampReps", 17: "AddrMasks", 18: "AddrMaskReps"}  # fmt: skip
"""ICMP's messages by their types."""


def scalars(host: Host) -> Iterator[tuple[Oid, Value]]:
    """The counters of the three protocols."""
    for number, name in enumerate(UNSUMMED, 1):
        yield (*MIB2, 5, number, 0), host.counter(f"Icmp{name}", ber.counter)
    for number, name in enumerate(TCP_SCALARS, 1):
        encode = ber.integer if name in SIGNED else ber.gauge if name == "CurrEstab" else ber.counter
        yield (*MIB2, 6, number, 0), host.counter(f"Tcp{name}", encode)
    yield (*MIB2, 6, 14, 0), host.counter("TcpInErrs", ber.counter)
    yield (*MIB2, 6, 15, 0), host.counter("TcpOutRsts", ber.counter)
    for number, name in enumerate(UDP[:4], 1):
        yield (*MIB2, 7, number, 0), host.counter(f"Udp{name}", ber.counter)


def tables(host: Host) -> list[Table]:
    """The tables of messages, connections and listeners."""
    return [
        Table((*MIB2, 5, 29, 1), (2, 3, 4, 5), lambda: _icmp(host)),
        Table((*MIB2, 5, 30, 1), (3, 4), lambda: _messages(host)),
        Table((*MIB2, 6, 13, 1), range(1, 6), lambda: _old_connections(host)),
        Table((*MIB2, 6, 19, 1), (7, 8), lambda: _connections(host)),
        Table((*MIB2, 6, 20, 1), (4,), lambda: _listeners(host)),
        Table((*MIB2, 7, 5, 1), (1, 2), lambda: _old_udp(host)),
        Table((*MIB2, 7, 7, 1), (8,), lambda: _endpoints(host)),
    ]


def _icmp(host: Host) -> Rows:
    found = host.counters()
    row = tuple(
        ber.counter(found.get(f"Icmp{name}", 0)) for name in ("InMsgs", "InErrors", "OutMsgs", "OutErrors")
    )
    return {(1,): row, (2,): (ber.counter(0),) * 4}


def _messages(host: Host) -> Rows:
    found = host.counters()
    return {
        (1, number): tuple(ber.counter(found.get(f"Icmp{way}{name}", 0)) for way in ("In", "Out"))
        for number, name in KINDS.items()
    }


def _old_connections(host: Host) -> Rows:
    """tcpConnTable, which has the sockets of IPv4 only."""
    rows: dict[Oid, tuple[bytes, ...]] = {}
    for each in host.sockets("tcp"):
        index = (*_arcs(each.address), each.port, *_arcs(each.peer), each.peer_port)
        rows[index] = (
            ber.integer(STATES.get(each.state, 1)), ber.address(each.address), ber.integer(each.port), ber.address(each.peer),
            ber.integer(each.peer_port),
        )  # fmt: skip
    return rows


def _connections(host: Host) -> Rows:
    return {
        (*_end(each.address, each.port), *_end(each.peer, each.peer_port)): (
            ber.integer(STATES.get(each.state, 1)), _owner(host, each),
        )
        for each in host.sockets("tcp", "tcp6")
        if each.state != "LISTEN"
    }  # fmt: skip


def _listeners(host: Host) -> Rows:
    return {
        _end(each.address, each.port): (_owner(host, each),)
        for each in host.sockets("tcp", "tcp6")
        if each.state == "LISTEN"
    }


def _old_udp(host: Host) -> Rows:
    return {
        (*_arcs(each.address), each.port): (ber.address(each.address), ber.integer(each.port))
        for each in host.sockets("udp")
    }


def _endpoints(host: Host) -> Rows:
    """The sockets of UDP, each with its inode."""
    return {
        (*_end(each.address, each.port), *_end(each.peer, each.peer_port), each.inode): (_owner(host, each),)
        for each in host.sockets("udp", "udp6")
    }


def _owner(host: Host, each: SocketEntry) -> bytes:
    """The process of a socket: the agent, which is not root, finds only its own."""
    return ber.gauge(each.pid if each.program == host.program else 0)


def _arcs(address: str) -> Oid:
    return tuple(map(int, address.split(".")))


def _end(address: str, port: int) -> Oid:
    """An address with its type and length, and a port."""
    kind, family = (2, socket.AF_INET6) if ":" in address else (1, socket.AF_INET)
    raw = socket.inet_pton(family, address)
    return (kind, len(raw), *raw, port)
