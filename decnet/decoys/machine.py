# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The machine below the services: what all of them show of it, generated from their shared seed."""

import sys
import time
from dataclasses import dataclass

from .persona import Persona

LONGEST_UP_DAYS = 90


@dataclass(frozen=True)
class System:
    """One release: its names, kernel and shell."""

    name: str
    id: str
    version: str
    codename: str
    kernel: str
    build: str
    shell: str = "/bin/bash"
    machine: str = "x86_64"
    os: str = "GNU/Linux"
    sysname: str = "Linux"

    @property
    def busybox(self) -> bool:
        """Whether its commands are BusyBox's."""
        return self.shell == "/bin/ash"


SYSTEMS = {
    "debian-11": System("Debian GNU/Linux 11 (bullseye)", "debian", "11", "bullseye", "5.10.0-32-amd64",
                        "#1 SMP Debian 5.10.223-1 (2024-08-10)"),
    "debian-12-nginx": System("Debian GNU/Linux 12 (bookworm)", "debian", "12", "bookworm", "6.1.0-31-amd64",
                              "#1 SMP PREEMPT_DYNAMIC Debian 6.1.128-1 (2025-02-07)"),
    "debian-12": System("Debian GNU/Linux 12 (bookworm)", "debian", "12", "bookworm", "6.1.0-23-amd64",
                        "#1 SMP PREEMPT_DYNAMIC Debian 6.1.99-1 (2024-07-15)"),
    "ubuntu-20.04": System("Ubuntu 20.04.6 LTS", "ubuntu", "20.04", "focal", "5.4.0-192-generic",
                           "#212-Ubuntu SMP Fri Jul 5 09:47:39 UTC 2024"),
    "ubuntu-22.04-nginx": System("Ubuntu 22.04.5 LTS", "ubuntu", "22.04", "jammy", "5.15.0-133-generic",
                                 "#144-Ubuntu SMP Fri Feb 7 20:47:38 UTC 2025"),
    "ubuntu-22.04": System("Ubuntu 22.04.4 LTS", "ubuntu", "22.04", "jammy", "5.15.0-119-generic",
                           "#129-Ubuntu SMP Fri Aug 2 19:25:20 UTC 2024"),
    "ubuntu-24.04": System("Ubuntu 24.04.1 LTS", "ubuntu", "24.04", "noble", "6.8.0-41-generic",
                           "#41-Ubuntu SMP PREEMPT_DYNAMIC Fri Aug 2 20:41:06 UTC 2024"),
    "rocky-8": System("Rocky Linux 8.10 (Green Obsidian)", "rocky", "8.10", "", "4.18.0-553.16.1.el8_10.x86_64",
                      "#1 SMP Thu Aug 8 17:47:08 UTC 2024"),
    "rocky-9": System("Rocky Linux 9.4 (Blue Onyx)", "rocky", "9.4", "", "5.14.0-427.31.1.el9_4.x86_64",
                      "#1 SMP PREEMPT_DYNAMIC Thu Aug 15 15:30:23 UTC 2024"),
    "synology": System("Synology DSM 7.2", "dsm", "7.2", "", "4.4.302+", "#69057 SMP Mon Jul 17 11:36:36 CST 2023",
                       shell="/bin/ash"),
    "qnap": System("QTS 5.1.8", "qts", "5.1.8", "", "5.10.60-qnap", "#1 SMP Thu Jul 4 02:10:11 CST 2024"),
    "openwrt": System("OpenWrt 21.02.3", "openwrt", "21.02.3", "", "5.4.188", "#0 SMP Sat Apr 16 12:59:34 2022",
                      shell="/bin/ash", machine="mips"),
    "busybox": System("Buildroot 2018.02", "buildroot", "2018.02", "", "3.10.14",
                      "#3 PREEMPT Thu Mar 14 14:20:05 CST 2019", shell="/bin/ash", machine="mips"),
    "tp-link": System("Buildroot 2019.02", "buildroot", "2019.02", "", "4.4.198",
                      "#1 PREEMPT Wed Aug 3 10:31:22 CST 2022", shell="/bin/ash", machine="mips"),
    "freebsd-13": System("FreeBSD 13.2-RELEASE", "freebsd", "13.2-RELEASE", "", "13.2-RELEASE",
                         "FreeBSD 13.2-RELEASE releng/13.2-n254617-525ecfdad597 GENERIC", shell="/bin/sh",
                         machine="amd64", os="FreeBSD", sysname="FreeBSD"),
    "freebsd-14": System("FreeBSD 14.0-RELEASE", "freebsd", "14.0-RELEASE", "", "14.0-RELEASE",
                         "FreeBSD 14.0-RELEASE #0 releng/14.0-n265380-f9716eee8ab4", shell="/bin/sh",
                         machine="amd64", os="FreeBSD", sysname="FreeBSD"),
}  # fmt: skip


NEAREST = {
    "linux": "debian-12", "windows": "debian-12", "windows_server": "debian-12", "bsd": "freebsd-14",
    "embedded": "busybox", "cisco": "busybox",
}  # fmt: skip
"""By OS profile, the system of a release that is not listed and does not name its system."""

OTHERS = (
    "cisco-ucm-14", "yealink-pbx-37", "windows-10", "windows-11", "windows-server-2016", "windows-server-2019",
    "windows-server-2022", "hp-laserjet-m404", "brother-hl-l6400", "canon-lbp-226", "esp-idf-4.4",
    "siemens-s7-1200", "schneider-m340", "cisco-ios-15.2", "cisco-ios-xe-16.12", "edgeswitch-1.9",
)  # fmt: skip
"""Releases of the catalog that use the nearest system of their OS profile."""


class Machine:
    """One machine. Times are seconds since the epoch."""

    def __init__(self, persona: Persona) -> None:
        persona = persona.machine
        self.persona = persona
        self.system: System = system_of(persona)
        self.hostname = persona.hostname
        self.address = persona.address or "192.168.1.20"
        self.mac = persona.mac or "00:50:56:8a:11:2c"
        self.memory_kib = persona.choice("memory", (2, 4, 8, 16)) * 1024 * 1024 - persona.number(
            "lost", 40000, 90000
        )
        self.processors = persona.choice("processors", (1, 2, 4))
        self.installed = 1_690_000_000 + persona.number("installed", 0, 30_000_000)
        self._period = persona.number("period", 20, LONGEST_UP_DAYS) * 86400
        self._phase = persona.number("phase", 0, LONGEST_UP_DAYS * 86400)
        self._packets = persona.number("received", 200_000, 9_000_000)

    def booted(self) -> int:
        """When the machine was started; restarts of the container do not affect it."""
        now = int(time.time())
        return now - (now - self._phase) % self._period

    def received(self) -> int:
        """Packets that its network card has received since."""
        return self._packets + (int(time.time()) - self.booted()) // 2

    def interface(self) -> str:
        """The name of its network card."""
        if self.system.id == "freebsd":
            return "vmx0"
        if self.system.busybox or self.system.id == "qts":
            return "eth0"
        return "ens192" if self.mac.startswith(("00:50:56", "00:0c:29")) else "eno1"


def system_of(persona: Persona) -> System:
    """The system that the persona names, else that of its release. A release that is not listed is reported
    on stderr, and gets the nearest system of its OS profile."""
    for name, system in SYSTEMS.items():
        if (persona.system or persona.release).startswith(name):
            return system
    nearest = NEAREST.get(persona.os, "debian-12")
    if persona.release not in OTHERS:
        sys.stderr.write(f"release {persona.release[:80]!r} has no known system: using {nearest}\n")
    return SYSTEMS[nearest]
