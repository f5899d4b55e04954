# ruff: noqa: E501 (lists of units)
"""What is enabled: the links in /etc/systemd/system that the packages' scripts have made (systemctl(1), preset)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .node import Node
from .packaged import PackagedFiles

if TYPE_CHECKING:
    from .model import World

FOLDER, UNITS = "/etc/systemd/system", "/usr/lib/systemd/system"
WANTS = {
    "multi-user.target.wants": """apache2 console-setup cron dmesg e2scrub_reap exim4 grub-common grub-initrd-fallback inetutils-inetd irqbalance
mariadb mysql networkd-dispatcher networking nginx postfix proftpd redis-server remote-fs.target rsyslog snmpd ssh systemd-resolved
thermald ua-auto-attach ua-reboot-cmds ubuntu-advantage ufw unattended-upgrades vsftpd""",
    "network-online.target.wants": "networking systemd-networkd-wait-online",
    "sockets.target.wants": "uuidd.socket systemd-networkd.socket",
    "sysinit.target.wants": "apparmor keyboard-setup setvtrgb systemd-pstore systemd-timesyncd multipathd open-iscsi",
    "timers.target.wants": """apt-daily-upgrade.timer apt-daily.timer dpkg-db-backup.timer e2scrub_all.timer exim4-base.timer fstrim.timer
logrotate.timer man-db.timer motd-news.timer ua-timer.timer fwupd-refresh.timer""",
}
"""By folder, the units in it, if the machine has them; without a suffix: services."""
OF_UBUNTU = ("systemd-networkd-wait-online.service", "systemd-networkd.socket")
"""Units that Debian has, too, and does not enable."""
ALIASES = {
    "dbus-org.freedesktop.timesync1": "systemd-timesyncd", "dbus-org.freedesktop.resolve1": "systemd-resolved",
    "dbus-org.freedesktop.thermald": "thermald", "sshd": "ssh", "syslog": "rsyslog", "redis": "redis-server", "mysqld": "mariadb",
}  # fmt: skip


def files(world: World, files: PackagedFiles) -> dict[str, Node]:
    """The links by their paths, with the folders that they are in."""
    found: dict[str, Node] = {}
    at = world.installed + 360
    for folder, names in WANTS.items():
        units = [name if "." in name else f"{name}.service" for name in names.split()]
        there = [
            unit
            for unit in units
            if files.get(f"{UNITS}/{unit}") is not None
            and (world.system.id == "ubuntu" or unit not in OF_UBUNTU)
        ]
        if not there:
            continue
        found[f"{FOLDER}/{folder}"] = Node(0o755, True, changed=at + len(there))
        for number, unit in enumerate(there):
            found[f"{FOLDER}/{folder}/{unit}"] = _link(unit, at + number)
    found[f"{FOLDER}/getty.target.wants"] = Node(0o755, True, changed=at)
    found[f"{FOLDER}/getty.target.wants/getty@tty1.service"] = _link("getty@.service", at)
    if files.get("/etc/init.d/screen-cleanup") is not None:
        found[f"{UNITS}/screen-cleanup.service"] = Node(0o777, target="/dev/null", changed=at)
    for alias, unit in ALIASES.items():
        if files.get(f"{UNITS}/{unit}.service") is not None:
            found[f"{FOLDER}/{alias}.service"] = _link(f"{unit}.service", at + 140)
    return found


def _link(unit: str, changed: int) -> Node:
    return Node(0o777, target=f"/lib/systemd/system/{unit}", changed=changed)
