# ruff: noqa: E501 (facts of the packages)
"""The units of systemd on a machine: those of its daemons, and those that ran once at its start."""

from __future__ import annotations

from dataclasses import dataclass

from .processes import ProcessEntry

DESCRIPTIONS = {
    "ssh.service": "OpenBSD Secure Shell server", "sshd.service": "OpenSSH server daemon", "cron.service": "Regular background program processing daemon",
    "crond.service": "Command Scheduler", "rsyslog.service": "System Logging Service", "dbus.service": "D-Bus System Message Bus",
    "dbus-broker.service": "D-Bus System Message Bus", "systemd-journald.service": "Journal Service", "systemd-udevd.service": "Rule-based Manager for Device Events and Files",
    "systemd-logind.service": "User Login Management", "systemd-timesyncd.service": "Network Time Synchronization", "systemd-networkd.service": "Network Configuration",
    "systemd-resolved.service": "Network Name Resolution", "getty@tty1.service": "Getty on tty1", "open-vm-tools.service": "Service for virtual machines hosted on VMware",
    "vgauth.service": "Authentication service for virtual machines hosted on VMware", "vmtoolsd.service": "Service for virtual machines hosted on VMware",
    "vgauthd.service": "VGAuth Service for open-vm-tools", "apache2.service": "The Apache HTTP Server", "httpd.service": "The Apache HTTP Server",
    "nginx.service": "A high performance web server and a reverse proxy server", "mariadb.service": "MariaDB 10.11.6 database server", "mysql.service": "MySQL Community Server",
    "redis-server.service": "Advanced key-value store", "redis.service": "Redis persistent key-value database", "postfix@-.service": "Postfix Mail Transport Agent (instance -)",
    "postfix.service": "Postfix Mail Transport Agent", "exim4.service": "LSB: exim Mail Transport Agent", "vsftpd.service": "vsftpd FTP server", "proftpd.service": "ProFTPD FTP Server",
    "snmpd.service": "Simple Network Management Protocol (SNMP) Daemon.", "inetutils-inetd.service": "LSB: Start or stop the inetd daemon.", "multipathd.service": "Device-Mapper Multipath Device Controller",
    "accounts-daemon.service": "Accounts Service", "irqbalance.service": "irqbalance daemon", "networkd-dispatcher.service": "Dispatcher daemon for systemd-networkd",
    "udisks2.service": "Disk Manager", "atd.service": "Deferred execution scheduler", "unattended-upgrades.service": "Unattended Upgrades Shutdown", "polkit.service": "Authorization Manager",
    "ModemManager.service": "Modem Manager", "snapd.service": "Snap Daemon", "auditd.service": "Security Auditing Service", "sssd.service": "System Security Services Daemon",
    "chronyd.service": "NTP client/server", "firewalld.service": "firewalld - dynamic firewall daemon", "NetworkManager.service": "Network Manager", "tuned.service": "Dynamic System Tuning Daemon",
}  # fmt: skip
ONCE_DEBIAN = {
    "apparmor.service": "Load AppArmor profiles", "console-setup.service": "Set console font and keymap", "ifupdown-pre.service": "Helper to synchronize boot up for ifupdown",
    "keyboard-setup.service": "Set the console keyboard layout", "kmod-static-nodes.service": "Create List of Static Device Nodes",
    "networking.service": "Raise network interfaces", "systemd-journal-flush.service": "Flush Journal to Persistent Storage", "systemd-modules-load.service": "Load Kernel Modules",
    "systemd-random-seed.service": "Load/Save Random Seed", "systemd-remount-fs.service": "Remount Root and Kernel File Systems", "systemd-sysctl.service": "Apply Kernel Variables",
    "systemd-sysusers.service": "Create System Users", "systemd-tmpfiles-setup-dev.service": "Create Static Device Nodes in /dev", "systemd-tmpfiles-setup.service": "Create Volatile Files and Directories",
    "systemd-udev-trigger.service": "Coldplug All udev Devices", "systemd-update-utmp.service": "Record System Boot/Shutdown in UTMP", "systemd-user-sessions.service": "Permit User Sessions",
}  # fmt: skip
ONCE_ROCKY = {
    "dracut-shutdown.service": "Restore /run/initramfs on shutdown", "import-state.service": "Import network configuration from initramfs", "kdump.service": "Crash recovery kernel arming",
    "kmod-static-nodes.service": "Create List of Static Device Nodes", "lvm2-monitor.service": "Monitoring of LVM2 mirrors, snapshots etc. using dmeventd or progress polling",
    "NetworkManager-wait-online.service": "Network Manager Wait Online", "nis-domainname.service": "Read and set NIS domainname from /etc/sysconfig/network",
    "systemd-journal-flush.service": "Flush Journal to Persistent Storage", "systemd-random-seed.service": "Load/Save OS Random Seed", "systemd-remount-fs.service": "Remount Root and Kernel File Systems",
    "systemd-sysctl.service": "Apply Kernel Variables", "systemd-tmpfiles-setup.service": "Create Volatile Files and Directories", "systemd-udev-trigger.service": "Coldplug All udev Devices",
    "systemd-update-utmp.service": "Record System Boot/Shutdown in UTMP", "systemd-user-sessions.service": "Permit User Sessions", "systemd-vconsole-setup.service": "Setup Virtual Console",
}  # fmt: skip
INACTIVE = {
    "apt-daily.service": "Daily apt download activities", "apt-daily-upgrade.service": "Daily apt upgrade and clean activities", "emergency.service": "Emergency Shell",
    "fstrim.service": "Discard unused blocks on filesystems from /etc/fstab", "logrotate.service": "Rotate log files", "man-db.service": "Daily man-db regeneration",
    "rescue.service": "Rescue Shell", "systemd-tmpfiles-clean.service": "Cleanup of Temporary Directories",
}  # fmt: skip
DOCS = {
    "ssh.service": ("man:sshd(8)", "man:sshd_config(5)"), "sshd.service": ("man:sshd(8)", "man:sshd_config(5)"), "cron.service": ("man:cron(8)",),
    "rsyslog.service": ("man:rsyslogd(8)", "man:rsyslog.conf(5)", "https://www.rsyslog.com/doc/"), "apache2.service": ("https://httpd.apache.org/docs/2.4/",),
    "nginx.service": ("man:nginx(8)",), "mariadb.service": ("man:mariadbd(8)", "https://mariadb.com/kb/en/library/systemd/"), "dbus.service": ("man:dbus-daemon(1)",),
    "redis-server.service": ("http://redis.io/documentation,", "man:redis-server(1)"), "systemd-logind.service": ("man:sd-login(3)", "man:systemd-logind.service(8)", "man:logind.conf(5)"),
    "snmpd.service": (), "systemd-journald.service": ("man:systemd-journald.service(8)", "man:journald.conf(5)"),
}  # fmt: skip
ALIASES = {"sshd": "ssh", "syslog": "rsyslog", "mysqld": "mysql"}
"""Names that are aliases of Debian's units."""
STATIC = (
    "systemd-journald.service",
    "systemd-udevd.service",
    "dbus.service",
    "systemd-logind.service",
    "polkit.service",
    "user@0.service",
)
PORTS = {"ssh.service": "22", "sshd.service": "22"}


@dataclass(frozen=True)
class Unit:
    """One service. `main`: its main process, None for one that ran once, or does not run; `state`: as
    is-enabled prints it."""

    name: str
    description: str
    path: str
    state: str
    active: bool
    since: int
    main: ProcessEntry | None = None
    processes: tuple[ProcessEntry, ...] = ()
    sub: str = ""
    """The column SUB, "" for that of a service."""
    load: str = "loaded"


def units(system: str, version: str, booted: int, entries: list[ProcessEntry]) -> list[Unit]:
    """The services of systemd by name; `system` and `version` are the release's, `entries` the processes."""
    folder = "/usr/lib/systemd/system" if system == "rocky" or version == "24.04" else "/lib/systemd/system"
    found = _running(folder, entries)
    for name, text in (ONCE_ROCKY if system == "rocky" else ONCE_DEBIAN).items():
        state = "static" if name.startswith(("systemd-", "kmod", "modprobe")) else "enabled"
        found.setdefault(name, Unit(name, text, f"{folder}/{name}", state, True, booted + 3))
    for name, text in INACTIVE.items():
        if system != "rocky" or not name.startswith("apt"):
            found.setdefault(name, Unit(name, text, f"{folder}/{name}", "static", False, booted))
    if "postfix@-.service" in found:
        path, text = f"{folder}/postfix.service", "Postfix Mail Transport Agent"
        found["postfix.service"] = Unit("postfix.service", text, path, "enabled", True, booted + 6)
    return [found[name] for name in sorted(found)]


def _running(folder: str, entries: list[ProcessEntry]) -> dict[str, Unit]:
    """The services that have processes."""
    by_unit: dict[str, list[ProcessEntry]] = {}
    for entry in entries:
        if entry.unit:
            by_unit.setdefault(entry.unit, []).append(entry)
    found = {}
    for name, members in by_unit.items():
        path, state = f"{folder}/{name}", "static" if name in STATIC else "enabled"
        if name.startswith("getty@"):
            path = f"{folder}/getty@.service"
        elif name in ("exim4.service", "inetutils-inetd.service"):
            path = f"/etc/init.d/{name.removesuffix('.service')}"
            state = "static" if name in STATIC else "generated"
        main, text = members[0], DESCRIPTIONS.get(name, name)
        found[name] = Unit(name, text, path, state, True, main.started, main, tuple(members))
    return found
