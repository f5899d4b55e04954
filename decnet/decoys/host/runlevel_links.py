# ruff: noqa: E501 (lists of names)
"""The links of /etc/rc?.d that update-rc.d has made for the scripts of /etc/init.d (the runlevels in their headers).
Source: Debian 12 and Ubuntu 22.04."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .node import Node

if TYPE_CHECKING:
    from .model import World
    from .packaged import PackagedFiles

AT_BOOT = [
    "apparmor",
    "hwclock.sh",
    "keyboard-setup.sh",
    "kmod",
    "networking",
    "plymouth-log",
    "procps",
    "screen-cleanup",
    "udev",
    "ufw",
]
"""Scripts of runlevel S."""
STOPPED = [
    "apache-htcacheclean",
    "apache2",
    "exim4",
    "hwclock.sh",
    "inetutils-inetd",
    "irqbalance",
    "mariadb",
    "mysql",
    "networking",
    "nginx",
    "openbsd-inetd",
    "plymouth",
    "postfix",
    "proftpd",
    "redis-server",
    "snmpd",
    "udev",
    "uuidd",
    "vsftpd",
]
"""Those that a shutdown stops."""
NOT_ALONE = ("hwclock.sh", "networking", "plymouth", "udev")
"""Those that single-user mode does not stop."""
OFF = ("apache-htcacheclean",)
"""Those that are not started by default."""


def files(world: World, packaged: PackagedFiles) -> dict[str, Node]:
    """The links by their paths."""
    found: dict[str, Node] = {}
    scripts = [name for name, node in packaged.folder("/etc/init.d").items() if not node.folder]
    for script in sorted(scripts):
        for level in "0123456S":
            if start := _place(script, level):
                path = f"/etc/rc{level}.d/{start}01{script}"
                found[path] = Node(0o777, target=f"../init.d/{script}", changed=world.installed + 380)
    return found


def _place(script: str, level: str) -> str:
    """S for a link that starts the script at this runlevel, K for one that stops it, "" for none."""
    if level == "S":
        return "S" if script in AT_BOOT else ""
    if level in "06":
        return "K" if script in STOPPED else ""
    if level == "1":
        stops = script in STOPPED and script not in NOT_ALONE or script == "ufw"
        return "K" if stops else ""
    return "" if script in AT_BOOT else "K" if script in OFF else "S"
