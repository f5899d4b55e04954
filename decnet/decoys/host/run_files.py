# ruff: noqa: E501 (a table)
"""What systemd and the scripts of the boot leave in /run.

Source: /run of Debian 12 and Ubuntu 22.04, started with systemd.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Protocol

from ..machine import Machine
from .generated_units import generated_units
from .login_files import Visit, utmp
from .node import Node
from .packages import Packages
from .processes import ProcessEntry
from .unix_sockets import output_inode, unix_sockets

FOLDERS = """credentials:755 credentials/systemd-sysusers.service:700 credentials/systemd-tmpfiles-setup-dev.service:700
credentials/systemd-tmpfiles-setup.service:700 dbus:755 initramfs:755 lock/subsys:755 log/journal:2755 sendsigs.omit.d:755
systemd/ask-password:755 systemd/generator:755 systemd/transient:755 systemd/inaccessible:755
systemd/inaccessible/dir:0 systemd/incoming:755 systemd/inhibit:755 systemd/journal:755 systemd/journal/streams:755 systemd/machines:755
systemd/netif:755 systemd/netif/leases:755 systemd/netif/links:755 systemd/netif/lldp:755 systemd/propagate:600
systemd/propagate/systemd-logind.service:600 systemd/seats:755 systemd/sessions:755 systemd/shutdown:755 systemd/system:755
systemd/unit-root:700 systemd/units:755 systemd/userdb:755 systemd/users:755 udev/data:755 udev/links:755 udev/tags:755
udev/tags/systemd:755 udev/watch:755"""
MODERN = ("credentials", "systemd/propagate/", "systemd/incoming", "dbus/containers", "udev/watch")
"""Beginnings of paths that older systems lack."""
OLD = ("11", "20.04")
SOCKET_MODES = {
    "private": 0o600,
    "notify": 0o777,
    "control": 0o600,
    "fsck.progress": 0o600,
    "io.systemd.journal": 0o600,
}
"""Of sockets, those that are not for all."""
SEAT = b"# This is private data. Do not parse.\nIS_SEAT0=1\nCAN_MULTI_SESSION=1\nCAN_TTY=1\nCAN_GRAPHICAL=0\n"


class World(Protocol):
    """What these files show."""

    @property
    def machine(self) -> Machine:
        """The machine."""

    @property
    def user(self) -> str:
        """Its administrator."""

    @property
    def packages(self) -> Packages | None:
        """Its packages."""

    @property
    def visits(self) -> Iterable[Visit]:
        """Who is logged in."""

    def processes(self, now: int) -> list[ProcessEntry]:
        """Its processes at a time."""


def files(world: World) -> dict[str, Node]:
    """Paths and nodes; none on a system without systemd."""
    machine = world.machine
    if machine.system.id not in ("debian", "ubuntu"):
        return {}
    booted, entries = machine.booted() + 2, world.processes(int(time.time()))
    found = _folders(machine, booted) | _plain(world, booted) | _network(machine, booted)
    found |= (
        _streams(machine, entries) | _sockets(machine, entries, booted) | _of_packages(world.packages, booted)
    )
    return found


def _folders(machine: Machine, booted: int) -> dict[str, Node]:
    found = {}
    for each in FOLDERS.split():
        name, _, mode = each.partition(":")
        if machine.system.version in OLD and name.startswith(MODERN):
            continue
        owner = "systemd-network" if name.startswith("systemd/netif") else "root"
        group = "systemd-journal" if name == "log/journal" else ""
        found[f"/run/{name}"] = Node(int(mode, 8), True, owner=owner, group=group, changed=booted)
    if machine.system.version not in OLD:
        found["/run/dbus/containers"] = Node(
            0o755, True, owner="messagebus", group="root", changed=booted + 4
        )
    return found


def _plain(world: World, booted: int) -> dict[str, Node]:
    """Files, links and nodes with a name of their own."""
    texts = {
        "crond.reboot": (0o000, b""),
        "systemd/inaccessible/reg": (0o000, b""),
        "systemd/journal/flushed": (0o644, b""),
        "systemd/journal/kernel-seqnum": (0o644, (1100).to_bytes(8, "little")),
        "systemd/seats/seat0": (0o644, SEAT),
        "systemd/show-status": (0o644, b""),
        "systemd/systemd-units-load": (0o444, b""),
        "udev/tags/systemd/n1": (0o444, b""),
        "udev/data/n1": (0o644, b"I:1000000\nE:ID_MM_CANDIDATE=1\nG:systemd\nQ:systemd\nV:1\n"),
    }
    found = {f"/run/{name}": Node(mode, content=text, changed=booted) for name, (mode, text) in texts.items()}
    for name, kind in (("chr", "c"), ("fifo", "p"), ("sock", "s")):
        found[f"/run/systemd/inaccessible/{name}"] = Node(0o000, kind=kind, changed=booted)
    found["/run/initctl"] = Node(0o600, kind="p", changed=booted)
    found["/run/shm"] = Node(0o777, target="/dev/shm", changed=booted)
    found |= generated_units(world.machine, booted)

    def logins() -> bytes:
        return utmp(world.machine, world.user, world.processes(int(time.time())), world.visits)

    return found | {
        "/run/utmp": Node(0o664, group="utmp", live=logins, size=len(logins()), changed=booted + 6)
    }


def _network(machine: Machine, booted: int) -> dict[str, Node]:
    """What ifupdown remembers, which Debian has."""
    if machine.system.id != "debian":
        return {}
    card = machine.interface()
    texts = {
        "ifstate": f"lo=lo\n{card}={card}\n",
        "ifstate.lo": "lo\n",
        f"ifstate.{card}": f"{card}\n",
        ".ifstate.lock": "",
    }
    found = {
        f"/run/network/{name}": Node(content=text.encode(), changed=booted + 2)
        for name, text in texts.items()
    }
    return found | {"/run/network": Node(0o755, True, changed=booted + 2)}


def _streams(machine: Machine, entries: list[ProcessEntry]) -> dict[str, Node]:
    """What journald stores about the outputs of daemons."""
    found = {}
    for entry in entries:
        if entry.unit and entry.ppid == 1 and entry.name not in ("systemd-journal", "agetty"):
            text = (
                f"# This is private data. Do not parse\nPRIORITY=30\nLEVEL_PREFIX=1\nFORWARD_TO_SYSLOG=0\nFORWARD_TO_KMSG=0\n"
                f"FORWARD_TO_CONSOLE=0\nSTREAM_ID={machine.persona.bytes_for(f'stream {entry.pid} {entry.started}', 16).hex()}\nIDENTIFIER={entry.name}\nUNIT={entry.unit}\n"
            )
            found[f"/run/systemd/journal/streams/9:{output_inode(entry.pid)}"] = Node(
                0o600, content=text.encode(), changed=entry.started
            )
    return found


def _sockets(machine: Machine, entries: list[ProcessEntry], booted: int) -> dict[str, Node]:
    found = {}
    for each in unix_sockets(machine, entries):
        if each.path.startswith("/run/") and not each.peer:
            name = each.path.rpartition("/")[2]
            of_mysql = name.startswith("mysql")
            mode = 0o777 if of_mysql else SOCKET_MODES.get(name, 0o666)
            found[each.path] = Node(mode, kind="s", owner="mysql" if of_mysql else "root", changed=booted)
    return found


def _of_packages(packages: Packages | None, booted: int) -> dict[str, Node]:
    have = packages if packages is not None else ()
    found = {}
    for package, name, mode, group in (
        ("sudo", "sudo", 0o711, ""),
        ("screen", "screen", 0o1777, "utmp"),
        ("uuid-runtime", "uuidd", 0o755, ""),
    ):
        if package in have:
            found[f"/run/{name}"] = Node(mode, True, group=group, changed=booted)
    if "sudo" in have:
        found["/run/sudo/ts"] = Node(0o700, True, changed=booted)
    return found
