"""The Unix sockets of a machine and who has them: for ss, netstat, lsof, /proc/net/unix and /proc/PID/fd.

Source: `ss -xap` and /proc/1/fd of Debian 12 and Ubuntu 22.04, started with systemd.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from ..machine import Machine
from .descriptors import Holder
from .processes import ProcessEntry

INIT = 1
OF_SYSTEMD = (
    ("/run/systemd/notify", "dgram", 13, "", 0),
    ("/run/systemd/private", "stream", 16, "", 0),
    ("/run/systemd/userdb/io.systemd.DynamicUser", "stream", 17, "", 0),
    ("/run/systemd/io.system.ManagedOOM", "stream", 18, "", 0),
    ("/run/systemd/journal/syslog", "dgram", 25, "rsyslogd", 3),
    ("/run/systemd/fsck.progress", "stream", 27, "", 0),
    ("/run/systemd/journal/dev-log", "dgram", 28, "systemd-journal", 3),
    ("/run/systemd/journal/socket", "dgram", 29, "systemd-journal", 4),
    ("/run/systemd/journal/stdout", "stream", 30, "systemd-journal", 5),
    ("/run/udev/control", "seqpacket", 33, "systemd-udevd", 3),
    ("/run/systemd/journal/io.systemd.journal", "stream", 0, "systemd-journal", 8),
    ("/run/dbus/system_bus_socket", "stream", 38, "dbus-daemon", 3),
    ("/run/uuidd/request", "stream", 39, "", 0),
    ("/run/snapd.socket", "stream", 40, "snapd", 3),
    ("/run/snapd-snap.socket", "stream", 41, "snapd", 4),
    ("@/org/kernel/linux/storage/multipathd", "stream", 42, "multipathd", 4),
)
"""Path, kind, the descriptor of systemd, and the daemon that also has it with its descriptor. A descriptor of
0: systemd does not have it, and it is there with the daemon."""
NEEDS = {"/run/snapd": "snapd", "@/org/kernel": "multipathd", "/run/uuidd": ""}
"""Beginnings of paths that are only there with this daemon; "": with a package."""
OLD = ("11", "20.04", "8.10")
"""Versions without systemd-oomd's and the journal's varlink socket."""
OF_SERVICES = {
    "mysqld": (("/run/mysqld/mysqlx.sock", 28), ("/run/mysqld/mysqld.sock", 31)),
    "mariadbd": (("/run/mysqld/mysqld.sock", 25),),
}
POSTFIX = """public/pickup public/cleanup public/qmgr private/tlsmgr private/rewrite private/bounce private/defer private/trace
private/verify public/flush private/proxymap private/proxywrite private/smtp private/relay public/showq private/error private/retry
private/discard private/local private/virtual private/lmtp private/anvil private/scache private/maildrop private/uucp private/ifmail
private/bsmtp private/scalemail-backend private/mailman"""  # noqa: E501
BUS_CLIENTS = (
    "systemd-logind",
    "systemd-network",
    "systemd-resolve",
    "networkd-dispat",
    "polkitd",
    "NetworkManager",
    "firewalld",
)
ON_THE_BUS = 14
"""The descriptor of a client's connection to the bus, and of the first one in the daemon of the bus."""


@dataclass(frozen=True, slots=True)
class UnixSocket:
    """One Unix socket; `path` is "" for one without a name, `peer` the inode of the other end, 0 for none."""

    path: str
    kind: str
    inode: int
    peer: int = 0
    listens: bool = False
    holders: tuple[Holder, ...] = ()


def output_inode(pid: int) -> int:
    """The socket that a daemon's standard output and errors go to."""
    return 12_000 + pid % 9000 * 3


def unix_sockets(machine: Machine, processes: Iterable[ProcessEntry]) -> list[UnixSocket]:
    """All that a system has with these processes."""
    if machine.system.busybox or machine.system.id in ("freebsd", "qts"):
        return [UnixSocket("/dev/log", "dgram", 900 + machine.persona.number("unix", 0, 300))]
    entries = [each for each in processes if not each.kernel]
    named = {each.name: each for each in reversed(entries)}
    inodes = count(14_000 + machine.persona.number("unix", 0, 4000) * 3, 3)
    found = [*_of_systemd(machine, named, inodes), *_of_services(named, inodes)]
    found += _on_the_bus(named, inodes)
    found += _outputs(entries, named)
    return sorted(found, key=lambda each: hash_of(each.inode))


def hash_of(inode: int) -> int:
    """The place of a socket in the kernel's tables, and its address as far as users see it."""
    return inode * 2654435761 % 2**32


def _of_systemd(machine: Machine, named: dict[str, ProcessEntry], inodes: count[int]) -> Iterator[UnixSocket]:
    init = named.get("systemd")
    for path, kind, number, daemon, own in OF_SYSTEMD:
        needed = next((name for start, name in NEEDS.items() if path.startswith(start)), "-")
        if needed == "" or (needed != "-" and needed not in named):
            continue
        if machine.system.version in OLD and path.endswith(("ManagedOOM", "io.systemd.journal")):
            continue
        holders = [Holder(named[daemon].pid, daemon, own)] if daemon in named else []
        if number and init is not None:
            holders.append(Holder(INIT, "systemd", number))
        yield UnixSocket(path, kind, next(inodes), 0, kind != "dgram", tuple(holders))


def _of_services(named: dict[str, ProcessEntry], inodes: count[int]) -> Iterator[UnixSocket]:
    for name, sockets in OF_SERVICES.items():
        for path, number in sockets if name in named else ():
            yield UnixSocket(path, "stream", next(inodes), 0, True, (Holder(named[name].pid, name, number),))
    if "master" in named:
        for at, path in enumerate(POSTFIX.split()):
            holder = Holder(named["master"].pid, "master", 40 + 3 * at)
            yield UnixSocket(path, "stream", next(inodes), 0, True, (holder,))


def _on_the_bus(named: dict[str, ProcessEntry], inodes: count[int]) -> Iterator[UnixSocket]:
    """The connections of systemd and of daemons to D-Bus."""
    bus = next((named[name] for name in ("dbus-daemon", "dbus-broker") if name in named), None)
    clients = [Holder(INIT, "systemd", 46)]
    clients += [Holder(named[name].pid, name, ON_THE_BUS) for name in BUS_CLIENTS if name in named]
    for at, client in enumerate(clients if bus is not None else ()):
        assert bus is not None
        inode, other = next(inodes), next(inodes)
        yield UnixSocket("", "stream", inode, other, holders=(client,))
        holders = (Holder(bus.pid, bus.name, ON_THE_BUS + at),)
        yield UnixSocket("/run/dbus/system_bus_socket", "stream", other, inode, holders=holders)


def _outputs(entries: Iterable[ProcessEntry], named: dict[str, ProcessEntry]) -> Iterator[UnixSocket]:
    """What daemons print goes to the journal."""
    journal = named.get("systemd-journal")
    leaders = [
        each
        for each in entries
        if (each.service or each.unit) and each.ppid == INIT and each.terminal == "?" and each != journal
    ]
    for at, each in enumerate(leaders):
        inode = output_inode(each.pid)
        own = (Holder(each.pid, each.name, 2), Holder(each.pid, each.name, 1))
        yield UnixSocket("", "stream", inode, inode + 1, holders=own)
        holders = [Holder(journal.pid, journal.name, 16 + at)] if journal is not None else []
        holders.append(Holder(INIT, "systemd", 50 + at))
        yield UnixSocket("/run/systemd/journal/stdout", "stream", inode + 1, inode, holders=tuple(holders))
