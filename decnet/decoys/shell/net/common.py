# ruff: noqa: E501 (facts and what real programs print are not broken into shorter lines)
"""What the network commands share: sockets of the visitor, names of ports."""

from __future__ import annotations

import time
from dataclasses import replace

from ...host.sockets import SocketEntry
from ...host.unix_sockets import UnixSocket
from ...host.unix_sockets import unix_sockets as host_sockets
from ..process import Process

PORTS = {
    21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "domain", 67: "bootps", 68: "bootpc", 80: "http", 110: "pop3", 111: "sunrpc",
    123: "ntp", 143: "imap2", 161: "snmp", 162: "snmp-trap", 389: "ldap", 443: "https", 587: "submission",
    631: "ipp", 993: "imaps", 995: "pop3s", 1433: "ms-sql-s", 2049: "nfs", 3306: "mysql", 5060: "sip", 5432: "postgresql",
    6379: "redis", 6667: "ircd", 8080: "http-alt",
}  # fmt: skip
"""Names of /etc/services, for a machine that has not got the file."""


def sockets(process: Process) -> list[SocketEntry]:
    """The machine's sockets, and the visitor's own connection if the namespace does not show it."""
    shell = process.shell
    found = shell.world.sockets()
    session, server = shell.session, shell.visit.server
    for at, each in enumerate(found):
        if each.peer == session.source and each.peer_port == session.port:
            found[at] = replace(each, pid=server if each.program else 0)
            return found
    port = shell.world.persona.tcp_ports()[:1] or [22]
    program = next((each.program for each in found if each.port == port[0]), "")
    own = SocketEntry(
        "tcp", shell.world.address, port[0], session.source, session.port, "ESTABLISHED", program, server, 20_000 + session.port
    )  # fmt: skip
    found.insert(sum(each.protocol == "tcp" for each in found), own)
    return found


def port_names(process: Process) -> dict[tuple[int, str], str]:
    """Names by port and protocol, as /etc/services has them."""
    text = process.shell.read("/etc/services") or ""
    names: dict[tuple[int, str], str] = {}
    for line in text.splitlines()[:2000]:
        fields = line.partition("#")[0].split()
        if len(fields) > 1:
            number, _, protocol = fields[1].partition("/")
            if number.isdecimal():
                names.setdefault((int(number), protocol), fields[0])
    process.spend(len(text) // 8)
    return names or {(port, kind): name for port, name in PORTS.items() for kind in ("tcp", "udp")}


def unix_sockets(process: Process) -> list[UnixSocket]:
    """The Unix sockets of the machine."""
    return host_sockets(process.shell.world.machine, process.shell.processes(time.time()))
