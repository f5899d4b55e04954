# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The machine below the services: what all of them show of it, generated from their shared seed."""

import sys
import time
from dataclasses import dataclass

from .persona import Persona
from .processors import processor_of
from .restarts import Restarts, restarts_of

LONGEST_UP_DAYS = 90
VMWARE = ("00:50:56", "00:0c:29")
UP_BEFORE = (3600, 19 * 86400)
"""How long a machine has been up when it appears on this network: machines of one deploy were not all started
at once. It is started again after its period of weeks."""
BEFORE_1970 = 719468
"""Days from 0000-03-01 to the epoch."""
START_SECONDS = {
    "ftp": 9,
    "http": 9,
    "mysql": 10,
    "redis": 10,
    "smtp": 10,
    "snmp": 10,
    "ssh": 11,
    "telnet": 11,
}
"""How long after the first daemons of the system a service is started: in the order of their numbers."""
MOST_PER_SECOND = 25
"""Packets of a machine in its first hours."""
DOWN_SECONDS = (18, 45)
"""How long it does not answer when it is started again."""
VOLATILE = ("/tmp/", "/run/", "/dev/", "/proc/", "/sys/")
MORE_VOLATILE = {
    "buildroot": ("/var/",),
    "qts": ("/bin/", "/etc/", "/home/", "/lib/", "/root/", "/sbin/", "/usr/", "/var/"),
}
"""QTS unpacks its root into memory at each start."""
STOP_SECONDS = 21
"""From the end of its daemons to its next regular start."""
MOST_STARTS = 40
"""That are listed."""
MOST_AFTER_RELEASE = 40 * 86400
INSTALLED_BEFORE = (86400, 500 * 86400)
"""How long before its first start on this network a machine was installed."""


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
        return self.id in ("openwrt", "buildroot", "qts")

    @property
    def has_ash(self) -> bool:
        """Whether its shell is BusyBox's."""
        return self.id in ("openwrt", "buildroot")


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
    "qnap": System("QTS 5.1.8", "qts", "5.1.8", "", "5.10.60-qnap", "#1 SMP Thu Jul 4 02:10:11 CST 2024", shell="/bin/sh"),
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


RELEASED = {
    "debian-11": "2021-08-14", "debian-12": "2023-06-10", "ubuntu-20.04": "2020-04-23", "ubuntu-22.04": "2022-04-21",
    "ubuntu-24.04": "2024-04-25", "rocky-8": "2021-06-21", "rocky-9": "2022-07-14", "synology": "2023-09-26",
    "qnap": "2024-07-17", "openwrt": "2022-04-20", "busybox": "2019-03-14", "tp-link": "2022-08-03",
    "freebsd-13": "2023-04-11", "freebsd-14": "2023-11-20", "windows-11": "2021-10-05",
}  # fmt: skip
"""When a system was first released, by the beginning of its name: no such machine was installed earlier. The
dates are those of its vendor's release notes; of a device, that of its firmware."""

_reboots: dict[str, int] = {}
"""When machines were really rebooted, by their seed: a process serves one, tests have several."""

_added: dict[str, dict[str, int]] = {}
"""When services were added to machines, by their seed; 0: with the machine."""


class Machine:
    """One machine. Times are seconds since the epoch."""

    namespace = "/proc/net"
    """Where the kernel shows the network namespace that the services share."""

    def __init__(self, persona: Persona) -> None:
        persona = persona.machine
        self.persona = persona
        self.system: System = system_of(persona)
        self.hostname = persona.hostname
        self.address = persona.address or "192.168.1.20"
        self.mac = persona.mac or "00:50:56:8a:11:2c"
        sizes = (2, 4, 8, 16) if self.is_virtual or self.system.busybox else (8, 16, 32)
        self.memory_kib = (
            persona.choice("memory", sizes) * 1024 * 1024 - persona.number("lost", 10000, 22500) * 4
        )
        self.processor = processor_of(persona, is_virtual=self.is_virtual)
        per_socket = self.processor.cores * self.processor.threads
        self.processors = persona.choice("processors", (1, 2, 4)) if self.is_virtual else per_socket
        self.installed = _installed(persona)
        self.down_seconds: float = persona.number("down seconds", *DOWN_SECONDS)
        self._first_seconds = persona.number("first seconds", 0, 9)
        self._up_before = persona.number("up before", *UP_BEFORE)
        self._period = persona.number("period", 20, LONGEST_UP_DAYS) * 86400
        self._phase = persona.number("phase", 0, LONGEST_UP_DAYS * 86400)
        self.forks = persona.number("forks", 60, 180)
        """How many processes it starts, in percent of the usual number."""
        self.first_pid = persona.number("first", 0, 300)
        self._packets = persona.number("received", 200_000, 9_000_000)

    @property
    def is_virtual(self) -> bool:
        """Whether it is a guest of VMware, by its card's vendor."""
        return self.mac.startswith(VMWARE)

    def booted(self) -> int:
        """When the machine was started; restarts of the container do not affect it."""
        return self.start_at(int(time.time()))

    def start_at(self, when: int) -> int:
        """Its last start up to that time."""
        found = when - (when - self._settled()) % self._period
        lost = _reboots.get(self.persona.seed, 0)
        if found < lost <= when:
            found = lost
        restarts = self.restarts
        return max(found, restarts.started(when)) if restarts.last else found

    def starts(self, since: int) -> list[tuple[int, int]]:
        """Its starts since a time, the latest first: each with the time at which it was stopped again, 0: not
        yet."""
        found: list[tuple[int, int]] = []
        ended, start = 0, self.booted()
        while start >= since and len(found) < MOST_STARTS:
            found.append((start, ended))
            ended = next((each.down for each in self.restarts.last if each.up == start), start - STOP_SECONDS)
            start = self.start_at(start - 1)
        return found

    def stopped_after(self, when: int) -> int:
        """When the start that was the last one up to then has ended; 0: not yet."""
        start = self.start_at(when)
        return next((ended for began, ended in self.starts(start) if began == start), 0)

    def was_up(self, when: int) -> bool:
        """Whether its daemons were running at that time."""
        return when >= self.start_at(when) + self.down_seconds and not self.restarts.is_down(when)

    @property
    def volatile(self) -> tuple[str, ...]:
        """The folders that no start keeps, with a slash at the end: those in memory, and what systemd empties."""
        return VOLATILE + MORE_VOLATILE.get(self.system.id, ())

    @property
    def restarts(self) -> Restarts:
        """When visitors have restarted it."""
        return restarts_of(self.persona.seed)

    @property
    def away_seconds(self) -> int:
        """How long a restart takes, until the kernel starts: a firmware that tests its memory is slow."""
        slow = not (self.is_virtual or self.system.busybox)
        return self.persona.number("away seconds", *((70, 150) if slow else (9, 28)))

    def regular_start(self) -> int:
        """Its last start that was not a restart of everything: one of those every few weeks."""
        now = int(time.time())
        return now - (now - self._settled()) % self._period

    def next_start(self) -> int:
        """Its next start of that kind."""
        return self.regular_start() + self._period

    def boots(self) -> int:
        """How often it was started: a number that grows with each start."""
        settled, now = self._settled(), int(time.time())
        regular = (now - settled) // self._period - (self.installed - settled) // self._period
        last = now - (now - settled) % self._period
        # By two for a regular start, so that it also grows if others came before.
        return 2 * regular + (_reboots.get(self.persona.seed, 0) > last) + self.restarts.total + 1

    def _settled(self) -> int:
        """One of its regular starts: the last one before it appeared here, if that is known."""
        since = self.persona.since
        return max(since - self._up_before, self.installed + 600) if since else self._phase

    def rebooted(self, at: float) -> None:
        """Note that all of the machine was started again at that time."""
        _reboots[self.persona.seed] = int(at)

    def add(self, service: str, since: int) -> None:
        """Note when a service was added to the machine; 0: it came with it."""
        _added.setdefault(self.persona.seed, {})[service] = since

    def added(self, service: str) -> int:
        """When a service was added to the machine, as far as that is known; 0: it came with it."""
        own = self.persona.service_since if service == self.persona.service else 0
        return own or _added.get(self.persona.seed, {}).get(service, 0)

    def started(self, service: str, since: int) -> int:
        """When a service was started: some seconds after the machine, or when it was added to it (`since`,
        0: with the machine). The same for all services that show it."""
        return min(max(self.booted() + self.start_seconds(service), since), int(time.time()))

    def start_seconds(self, service: str) -> int:
        """How long after the machine a service is started."""
        return self._first_seconds + START_SECONDS.get(service, 9)

    def first_start(self, seconds: int, released: int = 0) -> int:
        """When a service was started for the first time, and made its own files: `seconds` after the
        installation of the machine, or when it was added; never before its version was `released`."""
        first, since = self.persona.service_first, self.persona.service_since
        usual = self.installed + seconds
        if released > usual:
            usual = released + self.persona.number("upgraded", 3600, MOST_AFTER_RELEASE)
        return max(usual, since if first is None else first)

    def changed(self, purpose: str, most: int) -> int:
        """When something on it was last changed: up to `most` seconds after its installation, and never in
        the future. Files of a service that was added to it are not older than that."""
        most = min(most, self.persona.since - self.installed) if self.persona.since else most
        return max(self.installed + self.persona.number(purpose, 0, most), self.first_start(0))

    def received(self) -> int:
        """Packets that its network card has received since its start."""
        up = int(time.time()) - self.booted()
        return min(self._packets, up * MOST_PER_SECOND) + up // 2

    def interface(self) -> str:
        """The name of its network card."""
        if self.system.id == "freebsd":
            return "vmx0"
        if self.system.busybox or self.system.id == "dsm":
            return "eth0"
        return "ens192" if self.is_virtual else "eno1"


def day(date: str) -> int:
    """The seconds since the epoch of a date like 2024-07-31."""
    return seconds_to(*map(int, date.split("-")))


def seconds_to(year: int, month: int, of_month: int) -> int:
    """The seconds since the epoch of the begin of a day; one may also be before or after the month's own."""
    # Years begin in March, so that a leap day is the last one.
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + of_month - 1
    return (days - BEFORE_1970) * 86400


def _installed(persona: Persona) -> int:
    """When the machine was installed: never before its system was released, nor after it appeared here."""
    name = persona.system or persona.release
    released = next((day(date) for known, date in RELEASED.items() if name.startswith(known)), 0)
    earliest = released + persona.number("installed after", 3600, MOST_AFTER_RELEASE)
    usual = 1_690_000_000 + persona.number("installed", 0, 30_000_000)
    if persona.since:
        usual = persona.since - persona.number("installed", *INSTALLED_BEFORE)
    installed = usual if usual > released else earliest
    return min(installed, persona.since - 3600) if persona.since else installed


def is_known(persona: Persona) -> bool:
    """Whether the system of the persona is one of SYSTEMS."""
    return (persona.system or persona.release).startswith(tuple(SYSTEMS))


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
