"""Which services a machine has: the decoy's own, and those that listen in the same network namespace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..machine import Machine

Ports = tuple[tuple[int, str], ...]

LISTEN = "0A"
"""TCP_LISTEN in /proc/net/tcp, proc(5)."""
UNCONNECTED = "07"
MOST_ROWS = 2000
TABLES = (("tcp", LISTEN), ("tcp6", LISTEN), ("udp", UNCONNECTED), ("udp6", UNCONNECTED))
BY_PORT = {
    (22, "tcp"): "ssh", (23, "tcp"): "telnet", (21, "tcp"): "ftp", (25, "tcp"): "smtp", (587, "tcp"): "smtp",
    (80, "tcp"): "http", (161, "udp"): "snmp", (3306, "tcp"): "mysql", (6379, "tcp"): "redis",
}  # fmt: skip
"""The usual ports of the services that decoys exist for."""

_announced: dict[str, dict[str, Ports]] = {}
"""What the services have sent to each other, by the seed of their machine."""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One service: its name in the catalog, ports, the program that serves it, and when that was started
    (seconds since the epoch)."""

    service: str
    ports: tuple[tuple[int, str], ...]
    program: str
    since: int


def announce(machine: Machine, found: dict[str, Ports]) -> None:
    """Take the names and ports of all services of the machine that have introduced themselves."""
    _announced[machine.persona.seed] = found


def services(machine: Machine) -> list[ServiceEntry]:
    """The services of a machine, by name."""
    ports: dict[str, set[tuple[int, str]]] = {machine.persona.service: set(machine.persona.ports)}
    for name, found in _announced.get(machine.persona.seed, {}).items():
        ports.setdefault(name, set()).update(found)
    known = set().union(*ports.values())
    for port in _listening(machine.namespace):
        service = BY_PORT.get(port)
        if service is not None and port not in known:
            ports.setdefault(service, set()).add(port)
    booted = machine.booted()
    return [
        ServiceEntry(
            name, tuple(sorted(ports[name])), program_of(machine, name), max(booted, machine.added(name))
        )
        for name in sorted(ports)
    ]


def program_of(machine: Machine, service: str) -> str:
    """The program (its comm) that serves this on such a system, "" if that is not known."""
    system, release = machine.system, machine.persona.system or machine.persona.release
    rocky = system.id == "rocky"
    if system.busybox or system.id == "freebsd":
        device = {"ssh": "dropbear", "http": "httpd", "telnet": "telnetd", "ftp": "ftpd", "snmp": "snmpd"}
        full = {"ssh": "sshd", "http": "nginx", "smtp": "master", "telnet": "inetd"}
        return (full if system.id in ("freebsd", "dsm") else device).get(service, service)
    nginx = "nginx" in release or release.startswith("ubuntu-24.04")
    programs = {
        "ssh": "sshd",
        "http": "nginx" if nginx else "httpd" if rocky else "apache2",
        "mysql": "mysqld" if system.id == "ubuntu" or system.version == "8.10" else "mariadbd",
        "redis": "redis-server",
        "smtp": "exim4" if release.startswith("debian-12-nginx") else "master",
        "ftp": "proftpd" if release.startswith("debian-12-nginx") else "vsftpd",
        "snmp": "snmpd",
        "telnet": "systemd" if rocky else "inetutils-inetd",
    }
    return programs.get(service, "")


def _listening(folder: str) -> Iterator[tuple[int, str]]:
    """Port and protocol of each socket of this network namespace that waits for visitors."""
    for table, state in TABLES:
        for local, found in _rows(folder, table):
            if found == state:
                yield int(local.rpartition(":")[2], 16), table.rstrip("6")


def _rows(folder: str, table: str) -> Iterator[tuple[str, str]]:
    """Local address and state in hexadecimal of each row of a table of /proc/net, proc(5)."""
    try:
        with Path(folder, table).open(encoding="ascii") as file:
            next(file, "")
            for _, line in zip(range(MOST_ROWS), file, strict=False):
                fields = line.split()
                if len(fields) > 3:
                    yield fields[1], fields[3]
    except OSError:
        return
