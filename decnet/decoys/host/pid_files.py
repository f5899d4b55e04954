# ruff: noqa: E501 (a table)
"""The files in which daemons keep the numbers of their processes."""

from __future__ import annotations

import time
from typing import Protocol

from ..machine import Machine
from .node import Node
from .processes import ProcessEntry

FILES = {
    "cron": "crond.pid", "crond": "crond.pid", "rsyslogd": "rsyslogd.pid", "sshd": "sshd.pid", "apache2": "apache2/apache2.pid",
    "httpd": "httpd/httpd.pid", "nginx": "nginx.pid", "mysqld": "mysqld/mysqld.pid", "mariadbd": "mysqld/mysqld.pid",
    "redis-server": "redis/redis-server.pid", "proftpd": "proftpd.pid", "exim4": "exim4/exim.pid", "auditd": "auditd.pid",
    "chronyd": "chrony/chronyd.pid", "vmtoolsd": "vmtoolsd.pid", "atd": "atd.pid", "multipathd": "multipathd.pid",
}  # fmt: skip
"""Below /run, by the comm of the daemon."""


class World(Protocol):
    """What these files show."""

    @property
    def machine(self) -> Machine:
        """The machine."""

    def processes(self, now: int) -> list[ProcessEntry]:
        """Its processes at a time."""


def files(world: World) -> dict[str, Node]:
    """Paths and nodes, for the daemons that the machine has now."""
    machine = world.machine
    if machine.system.id not in ("debian", "ubuntu", "rocky"):
        return {}
    found: dict[str, Node] = {}
    for entry in world.processes(int(time.time())):
        name = FILES.get(entry.name)
        if name is None or f"/run/{name}" in found:
            continue
        folder, slash, _ = name.rpartition("/")
        if slash:
            owner = entry.user if folder in ("mysqld", "redis", "exim4") else "root"
            found[f"/run/{folder}"] = Node(0o755, folder=True, owner=owner, changed=entry.started)
        mode = 0o644 if entry.name != "auditd" else 0o600
        end = b"" if entry.name in ("multipathd",) else b"\n"
        found[f"/run/{name}"] = Node(mode, content=str(entry.pid).encode() + end, changed=entry.started)
    return found
