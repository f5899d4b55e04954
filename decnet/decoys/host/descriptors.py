"""Which processes have a socket open, and under which number: for ss, lsof, fuser and /proc/PID/fd.

Source: /proc/PID/fd of the servers of Debian 12 and Ubuntu 22.04, started by their units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .processes import ProcessEntry
from .sockets import SocketEntry

FIRST = {
    "sshd": 3, "dropbear": 3, "apache2": 4, "httpd": 4, "nginx": 5, "mariadbd": 20, "mysqld": 22,
    "redis-server": 6, "master": 13, "exim4": 4, "vsftpd": 3, "proftpd": 0, "snmpd": 6, "inetutils-inetd": 4,
    "systemd": 43, "systemd-resolve": 13, "chronyd": 5,
}  # fmt: skip
"""By program, the number of its first socket that listens."""
STEP = {"master": 4}
"""Postfix has others in between."""
INHERITED = ("apache2", "httpd", "nginx")
"""Programs whose children have the sockets of their parent."""
CONNECTION = {"sshd": 4, "in.telnetd": 0, "telnetd": 0, "vsftpd": 0, "proftpd": 0}
"""The number of a connection in the process that serves it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a socket, and the number of its descriptor."""

    pid: int
    name: str
    descriptor: int


def holders(sockets: Iterable[SocketEntry], processes: Iterable[ProcessEntry]) -> dict[int, list[Holder]]:
    """By the inode of a socket, the processes that have it, the latest one first as ss lists them."""
    known = {each.pid: each for each in processes}
    next_of: dict[int, int] = {}
    found: dict[int, list[Holder]] = {}
    for each in sockets:
        owner = known.get(each.pid)
        if owner is None:
            continue
        forks = [child for child in known.values() if child.ppid == owner.pid and child.name == owner.name]
        if each.peer_port:
            number = CONNECTION.get(owner.name, FIRST.get(owner.name, 3) + 8)
            owners = forks[:1] if owner.name in INHERITED and forks else [owner]
            owners += (
                [known[owner.ppid]] if owner.name == "sshd" and _is_monitor(known.get(owner.ppid)) else []
            )
        else:
            number = next_of.get(owner.pid, FIRST.get(owner.name, 3))
            next_of[owner.pid] = number + STEP.get(owner.name, 1)
            owners = [owner, *forks] if owner.name in INHERITED else [owner]
        owners.sort(key=lambda process: -process.pid)
        found[each.inode] = [Holder(process.pid, process.name, number) for process in owners]
    return found


def _is_monitor(process: ProcessEntry | None) -> bool:
    """Whether it is sshd's process with privileges for a user without them."""
    return process is not None and process.command.endswith("[priv]")
