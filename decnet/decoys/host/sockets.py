# ruff: noqa: E501 (facts and what real programs print are not broken into shorter lines)
"""The sockets of the machine: those of its network namespace, and the programs that have them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from ..machine import Machine
from .network import address_of, rows

Owner = Callable[[int, str], tuple[str, int]]
"""The program and the process that have a port (number, tcp or udp; 0 and the name of a program for its own
process); "" and 0 if they are not known."""

STATES = {
    "01": "ESTABLISHED", "02": "SYN_SENT", "03": "SYN_RECV", "04": "FIN_WAIT1", "05": "FIN_WAIT2", "06": "TIME_WAIT",
    "07": "CLOSE", "08": "CLOSE_WAIT", "09": "LAST_ACK", "0A": "LISTEN", "0B": "CLOSING",
}  # fmt: skip
"""By number (tcp_states.h)."""
RESOLVER = "127.0.0.11"
"""A listener of the container engine that a real machine does not have."""
MOST_SOCKETS = 500
BACKLOGS = {
    "sshd": 128, "dropbear": 10, "apache2": 511, "httpd": 511, "nginx": 511, "redis-server": 511, "mariadbd": 80, "mysqld": 151,
    "vsftpd": 32, "proftpd": 5, "master": 100, "exim4": 20, "inetutils-inetd": 10, "telnetd": 1,
}  # fmt: skip
"""What the programs give to listen(2) by default."""
ON_BOTH = ("sshd", "nginx", "dropbear", "master")
"""Programs that listen on IPv4 and on IPv6 with a socket for each, by their packages' configuration."""
DUAL = ("apache2", "httpd", "vsftpd", "proftpd", "xinetd")
"""Programs that listen with one socket of IPv6 for both versions, by their packages' configuration."""
MAPPED = "::ffff:"
LOCAL = {
    "ubuntu": (("tcp", "127.0.0.53", 53, "systemd-resolve"), ("udp", "127.0.0.53", 53, "systemd-resolve")),
    "rocky": (("udp", "127.0.0.1", 323, "chronyd"),),
}  # fmt: skip
"""What a server listens on for itself, by its system: protocol, address, port, program."""


@dataclass(frozen=True, slots=True)
class SocketEntry:
    """One socket. `protocol` is tcp, tcp6, udp or udp6; `state` is that of `netstat`; `program` and `pid` are
    "" and 0 if they are not known; `inode` is the number that /proc/PID/fd shows; `queue` the length of the
    queue of a listener."""

    protocol: str
    address: str
    port: int
    peer: str = "0.0.0.0"
    peer_port: int = 0
    state: str = "LISTEN"
    program: str = ""
    pid: int = 0
    inode: int = 0
    uid: int = 0
    queue: int = 0
    dual: bool = False
    """Whether it listens for IPv4, too."""


def sockets_of(machine: Machine, owner: Owner) -> list[SocketEntry]:
    """All of them, in the order of the kernel's tables: tcp, tcp6, udp, udp6; bounded."""
    found: list[SocketEntry] = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for fields in rows(machine.namespace, table):
            entry = _entry(owner, table, fields)
            if entry is not None and len(found) < MOST_SOCKETS:
                found.append(entry)
    heard = {(each.port, each.protocol.rstrip("6")) for each in found if not each.peer_port}
    own = [
        _own(machine, owner, port, protocol)
        for port, protocol in machine.persona.ports
        if (port, protocol) not in heard
    ]
    own += [_local(machine, owner, *each) for each in LOCAL.get(machine.system.id, ())]
    own += [
        _x_plugin(machine, each) for each in [*found, *own] if each.program == "mysqld" and not each.peer_port
    ][:1]
    own += _on_ipv6([*found, *own])
    found, own = ([_dual(each) for each in entries] for entries in (found, own))
    order = ("tcp", "tcp6", "udp", "udp6")
    return sorted([*found, *own], key=lambda each: order.index(each.protocol))


def _x_plugin(machine: Machine, server: SocketEntry) -> SocketEntry:
    """The second listener of MySQL 8, which Ubuntu's configuration binds to the loopback address."""
    inode = server.inode + 1 + machine.persona.number("inode mysqlx", 0, 40)
    return replace(server, address="127.0.0.1", port=33_060, inode=inode, queue=70)


def _dual(each: SocketEntry) -> SocketEntry:
    """A socket as the program really has it: one of IPv6 that takes connections of IPv4, too."""
    if each.protocol != "tcp" or each.program not in DUAL:
        return each
    if each.state == "LISTEN":
        return replace(each, protocol="tcp6", address="::", peer="::", dual=True)
    return replace(each, protocol="tcp6", address=MAPPED + each.address, peer=MAPPED + each.peer)


def _on_ipv6(entries: list[SocketEntry]) -> list[SocketEntry]:
    """The second listeners of the programs that have one for each version of the protocol."""
    have = {each.port for each in entries if each.protocol == "tcp6"}
    taken = {each.inode for each in entries}
    found = []
    for each in entries:
        is_first = each.protocol == "tcp" and each.state == "LISTEN" and each.address == "0.0.0.0"
        if is_first and each.program in ON_BOTH and each.port not in have:
            inode = next(number for number in count(each.inode + 1) if number not in taken)
            taken.add(inode)
            found.append(replace(each, protocol="tcp6", address="::", peer="::", inode=inode))
    return found


def _own(machine: Machine, owner: Owner, port: int, protocol: str) -> SocketEntry:
    """A listener of this service, where the namespace cannot be read."""
    program, pid = owner(port, protocol)
    state = "LISTEN" if protocol == "tcp" else ""
    inode = 15_000 + machine.persona.number(f"inode {port}", 0, 9000)
    return SocketEntry(
        protocol, "0.0.0.0", port, "0.0.0.0", 0, state, program, pid, inode, 0, BACKLOGS.get(program, 128)
    )


def _local(
    machine: Machine, owner: Owner, protocol: str, address: str, port: int, program: str
) -> SocketEntry:
    """A listener that no visitor reaches."""
    inode = 14_000 + machine.persona.number(f"inode {protocol} {port}", 0, 900)
    state, queue = ("LISTEN", 4096) if protocol == "tcp" else ("", 0)
    return SocketEntry(
        protocol, address, port, "0.0.0.0", 0, state, program, owner(0, program)[1], inode, 0, queue
    )


def _entry(owner: Owner, table: str, fields: list[str]) -> SocketEntry | None:
    if len(fields) < 10 or ":" not in fields[1]:
        return None
    six = table.endswith("6")
    (address, port), (peer, peer_port) = (_end(fields[at], six=six) for at in (1, 2))
    if RESOLVER in (address, peer):
        return None
    state = STATES.get(fields[3], "CLOSE") if table.startswith("tcp") else "ESTABLISHED" if peer_port else ""
    program, pid = owner(port, table.rstrip("6"))
    if state in ("TIME_WAIT", "SYN_RECV"):
        program, pid = "", 0
    queue = BACKLOGS.get(program, 128) if state == "LISTEN" else 0
    return SocketEntry(
        table, address, port, peer, peer_port, state, program, pid, int(fields[9]) if fields[9].isdecimal() else 0, 0, queue
    )  # fmt: skip


def _end(text: str, *, six: bool) -> tuple[str, int]:
    host, _, port = text.partition(":")
    if not six:
        return address_of(host), int(port, 16)
    raw = b"".join(int(host[at : at + 8], 16).to_bytes(4, "little") for at in range(0, 32, 8))
    return socket.inet_ntop(socket.AF_INET6, raw), int(port, 16)
