# ruff: noqa: E501 (facts and what real programs print are not broken into shorter lines)
"""What the network commands share: sockets of the visitor, names of ports."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...host.sockets import SocketEntry
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


@dataclass(frozen=True)
class UnixSocket:
    """One Unix socket; `peer` is the inode of the other end, 0 for none."""

    path: str
    kind: str
    inode: int
    peer: int = 0
    listens: bool = False
    program: str = ""
    pid: int = 0


def unix_sockets(process: Process) -> list[UnixSocket]:
    """Those of the services that such a system starts with."""
    world = process.shell.world
    if world.system.busybox or world.system.id in ("freebsd", "qts"):
        return [UnixSocket("/dev/log", "dgram", 900 + world.persona.number("unix", 0, 300))]
    first = 14_000 + world.persona.number("unix", 0, 4000)
    found = [
        UnixSocket(
            path,
            kind,
            first + 3 * at + world.persona.number(f"unix {path}", 0, 2),
            0,
            kind != "dgram" and path != "",
        )
        for at, (path, kind) in enumerate(UNIX)
    ]
    start = first + 3 * len(UNIX) + 40
    for at in range(8):
        inode = start + 7 * at
        path = "/run/systemd/journal/stdout" if at % 2 == 0 else "/run/dbus/system_bus_socket"
        found += [UnixSocket("", "stream", inode, inode + 1), UnixSocket(path, "stream", inode + 1, inode)]
    return found


UNIX = (
    ("/run/systemd/notify", "dgram"), ("/run/systemd/private", "stream"), ("/run/systemd/userdb/io.systemd.DynamicUser", "stream"),
    ("/run/systemd/io.system.ManagedOOM", "stream"), ("/run/systemd/journal/syslog", "dgram"), ("/run/systemd/fsck.progress", "stream"),
    ("/run/systemd/journal/stdout", "stream"), ("/run/udev/control", "seqpacket"), ("/run/systemd/journal/dev-log", "dgram"),
    ("/run/systemd/journal/socket", "dgram"), ("/run/systemd/journal/io.systemd.journal", "stream"), ("/run/dbus/system_bus_socket", "stream"),
)  # fmt: skip
"""The sockets of systemd and dbus, by path and kind."""
