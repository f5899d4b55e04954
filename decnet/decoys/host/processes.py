# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The processes of a machine, as every command, /proc and every pid file show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..machine import Machine
from .daemons import Daemon, base_daemons, daemons_of
from .kernel_threads import kernel_threads, nice_of, state_of
from .pids import pid_at
from .services import ServiceEntry

INIT = {
    "debian": "/sbin/init", "ubuntu": "/sbin/init", "openwrt": "/sbin/procd", "buildroot": "init",
    "dsm": "/sbin/init", "qts": "init",
    "rocky": "/usr/lib/systemd/systemd rhgb --switched-root --system --deserialize 31",
}  # fmt: skip
SYSTEMD_KIB = {"debian": (167_780, 12_288), "ubuntu": (166_444, 11_776), "rocky": (173_812, 17_408)}
THREADS = {
    "systemd-timesyn": 2, "vmtoolsd": 3, "rsyslogd": 4, "multipathd": 7, "accounts-daemon": 3, "irqbalance": 2,
    "networkd-dispat": 1, "udisksd": 5, "unattended-upgr": 2, "polkitd": 3, "ModemManager": 3, "snapd": 9,
    "NetworkManager": 3, "firewalld": 2, "tuned": 4, "auditd": 2, "mariadbd": 9, "mysqld": 38, "redis-server": 5,
    "apache2": 27, "httpd": 65, "dbus-daemon": 2,
}  # fmt: skip
"""Of programs with several."""


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """One process. `started`: seconds since the epoch; `cpu`: seconds; `virtual` and `resident`: KiB. `command`
    is the arguments, in brackets for a thread of the kernel; `name` the comm. `service`: the decky's service
    to which it belongs, `unit`: the one of systemd. `state`: the letters of ps(1)."""

    pid: int
    ppid: int
    user: str
    command: str
    name: str
    started: int
    terminal: str = "?"
    state: str = "S"
    cpu: float = 0.0
    virtual: int = 0
    resident: int = 0
    service: str = ""
    unit: str = ""

    @property
    def kernel(self) -> bool:
        """Whether it is a thread of the kernel."""
        return self.pid == 2 or self.ppid == 2

    @property
    def threads(self) -> int:
        """How many threads it has."""
        return THREADS.get(self.name, 2) if "l" in self.state else 1

    @property
    def nice(self) -> int:
        """Its nice value."""
        return nice_of(self.name) if self.kernel else -1 if "<" in self.state else 0

    @property
    def leads(self) -> bool:
        """Whether it leads a session."""
        return "s" in self.state


@dataclass(frozen=True)
class Fixed:
    """What does not change while the machine runs with the same services: each row is a daemon, its number,
    its parent's, when it was started, and its factor of use in thousandths."""

    key: object
    threads: list[tuple[int, str]]
    rows: list[tuple[Daemon, int, int, int, int]]


def processes(
    machine: Machine, services: list[ServiceEntry], now: int, known: Fixed | None = None
) -> tuple[list[ProcessEntry], Fixed]:
    """All processes but those of visitors, by number; and what another call for this machine may know."""
    key = (machine.booted(), services)
    fixed = known if known is not None and known.key == key else _fixed(machine, key, services)
    found = [_init(machine, now), *_threads(machine, fixed.threads, now)]
    found += [_entry(*row, now) for row in fixed.rows]
    found += _workers(machine, now, {entry.pid for entry in found})
    return sorted(found, key=lambda entry: entry.pid), fixed


def _fixed(machine: Machine, key: object, services: list[ServiceEntry]) -> Fixed:
    threads = list(kernel_threads(machine))
    number = threads[-1][0] + machine.persona.number("udev", 30, 90)
    pids: dict[str, int] = {}
    rows = []
    booted = latest = machine.booted()
    for at, (daemon, entry) in enumerate(_in_order(machine, services)):
        number += machine.persona.number("settled", 60, 280) if at == 2 and not machine.system.busybox else 0
        number += 1 + machine.persona.number(f"gap {daemon.name} {at}", 0, 6 if at else 20)
        later = entry is not None and entry.since > booted + 120
        pid = number if not later or entry is None else pid_at(machine, entry.since) + len(pids)
        if entry is not None:
            started = machine.started(entry.service, entry.since)
        else:
            started = max(booted + 4 + at // 6, latest)
        latest = latest if later else max(latest, started)
        pids.setdefault(daemon.name, pid)
        drift = machine.persona.number(f"memory {daemon.name} {at}", 940, 1090)
        rows.append((daemon, pid, pids.get(daemon.parent, 1), started, drift))
    return Fixed(key, threads, rows)


def _in_order(machine: Machine, services: list[ServiceEntry]) -> Iterator[tuple[Daemon, ServiceEntry | None]]:
    getty: list[Daemon] = []
    for daemon in base_daemons(machine):
        if daemon.name == "agetty":
            getty.append(daemon)
        else:
            yield daemon, None
    for entry in services:
        for daemon in daemons_of(machine, entry):
            yield daemon, entry
    for daemon in getty:
        yield daemon, None


def _init(machine: Machine, now: int) -> ProcessEntry:
    virtual, resident = SYSTEMD_KIB.get(machine.system.id, (1540, 580))
    command = INIT.get(machine.system.id, "/sbin/init")
    name = command.split()[0].rpartition("/")[2] if machine.system.id not in SYSTEMD_KIB else "systemd"
    cpu = 1.4 + (now - machine.booted()) / 86400 * 2.2
    return ProcessEntry(1, 0, "root", command, name, machine.booted(), "?", "Ss" if virtual > 9000 else "S", cpu,
                        virtual + machine.persona.number("init", 0, 220) * 4, resident)  # fmt: skip


def _threads(machine: Machine, threads: list[tuple[int, str]], now: int) -> Iterator[ProcessEntry]:
    booted = machine.booted()
    busy = {"rcu_sched": 9.0, "rcu_preempt": 9.0, "ksoftirqd/0": 1.1, "kswapd0": 0.2, "khugepaged": 0.6,
            "kcompactd0": 3.8, "migration/0": 0.4, "kauditd": 0.01, "khungtaskd": 0.2}  # fmt: skip
    for pid, name in threads:
        rate = busy.get(name, 2.4 if name.startswith(("jbd2", "xfsaild", "vmw", "mpt")) else 0.0)
        cpu = rate * (now - booted) / 86400
        yield ProcessEntry(
            pid, 2 if pid > 2 else 0, "root", f"[{name}]", name, booted, "?", state_of(name), cpu
        )


def _workers(machine: Machine, now: int, taken: set[int]) -> Iterator[ProcessEntry]:
    """Workers of the kernel, which come and go: some of the last hours."""
    kinds = ("0:1-events", "u{n}:0-events_unbound", "0:2-cgroup_destroy", "u{n}:2-flush-8:0", "0:0-events")
    for at, kind in enumerate(kinds):
        period = 1500 + 700 * at
        began = now - (now + machine.persona.number(f"worker {at}", 0, 9999)) % period - 60 * at
        is_early = began < machine.booted() + 60
        pid = 24 + 7 * at if is_early else pid_at(machine, began)
        while pid in taken:
            pid += 1
        taken.add(pid)
        if machine.system.busybox:
            kind = kind.partition("-")[0].replace("{n}", "0")
        name = "kworker/" + kind.replace(
            "{n}", str(machine.processors * 2 if not machine.is_virtual else 256)
        )
        yield ProcessEntry(pid, 2, "root", f"[{name}]", name, max(began, machine.booted()), "?", "I", 0.0)


def _entry(daemon: Daemon, pid: int, ppid: int, started: int, drift: int, now: int) -> ProcessEntry:
    cpu = daemon.cpu_per_day * max(0, now - started) / 86400 * drift / 1000
    resident = daemon.resident * drift // 1000 // 4 * 4
    return ProcessEntry(pid, ppid, daemon.user, daemon.command, daemon.name[:15], started, daemon.terminal, daemon.state, cpu,
                        daemon.virtual, resident, daemon.service, daemon.unit)  # fmt: skip
