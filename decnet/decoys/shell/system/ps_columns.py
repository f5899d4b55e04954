# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The columns of ps: their headers, widths and values (ps(1), procps)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...host.processes import ProcessEntry
from ..process import Process
from .shown import clock

WAITS = {"kthreadd": "kthreadd", "kswapd0": "kswapd", "bash": "do_wait", "agetty": "do_select", "cron": "hrtimer_nanosleep",
         "systemd": "do_epoll_wait", "sshd": "do_poll.constprop.0"}  # fmt: skip


@dataclass
class Listing:
    """All processes at one time, with what columns need of the machine."""

    process: Process
    entries: list[ProcessEntry]
    now: int

    def __post_init__(self) -> None:
        self.by_pid = {entry.pid: entry for entry in self.entries}
        world = self.process.shell.world
        self.memory_kib, self.processors = world.memory_kib, world.processors
        self.accounts = world.accounts
        from ...host.pids import pid_max

        self.digits = max(5, len(str(pid_max(world))))

    def group(self, entry: ProcessEntry) -> int:
        """Its process group."""
        if entry.kernel:
            return 0
        own = entry.pid if entry.leads or entry.terminal != "?" or entry.ppid <= 2 else 0
        parent = self.by_pid.get(entry.ppid)
        return own or (self.group(parent) if parent is not None else entry.pid)

    def session(self, entry: ProcessEntry) -> int:
        """Its session."""
        if entry.kernel:
            return 0
        parent = self.by_pid.get(entry.ppid)
        return entry.pid if entry.leads or parent is None or entry.ppid <= 2 else self.session(parent)

    def foreground(self, entry: ProcessEntry) -> int:
        """The group in the foreground of its terminal, -1 without one."""
        if entry.terminal == "?":
            return -1
        here = [each for each in self.entries if each.terminal == entry.terminal]
        return self.group(next((each for each in here if "+" in each.state), here[0]))

    def uid(self, name: str) -> int:
        """A user's number."""
        account = self.accounts.user(name)
        return account.uid if account is not None else 65534


Value = Callable[[Listing, ProcessEntry], object]


@dataclass(frozen=True)
class Column:
    """One column. `width` 0: as wide as a process id. `right`: aligned to the right; `cut`: a longer text
    is cut, with `+` for a name of a user."""

    header: str
    width: int
    right: bool
    value: Value
    cut: str = ""


def cpu_share(listing: Listing, entry: ProcessEntry) -> float:
    """Percent of one processor since it was started."""
    seconds = listing.now - entry.started
    return min(99.9, entry.cpu * 100 / seconds) if seconds > 0 else 0.0


def elapsed(seconds: int) -> str:
    """A duration as [[dd-]hh:]mm:ss."""
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    text = f"{minutes:02}:{seconds % 60:02}"
    return f"{days:02}-{hours:02}:{text}" if days else f"{hours:02}:{text}" if hours else text


def _time(listing: Listing, entry: ProcessEntry) -> str:
    used = int(entry.cpu)
    days = f"{used // 86400}-" if used >= 86400 else ""
    return f"{days}{used // 3600 % 24:02}:{used // 60 % 60:02}:{used % 60:02}"


def _start(listing: Listing, entry: ProcessEntry) -> str:
    if clock("%Y", entry.started) != clock("%Y", listing.now):
        return clock("%Y", entry.started)
    return clock("%H:%M" if clock("%j", entry.started) == clock("%j", listing.now) else "%b%d", entry.started)


def _bsd_start(listing: Listing, entry: ProcessEntry) -> str:
    return clock("%H:%M" if listing.now - entry.started < 86400 else "%b %d", entry.started)


def _long_start(listing: Listing, entry: ProcessEntry) -> str:
    return clock("%H:%M:%S" if listing.now - entry.started < 86400 else "  %b %d", entry.started)


def _flags(listing: Listing, entry: ProcessEntry) -> str:
    return "1" if entry.kernel else "4" if entry.user == "root" or entry.pid == 1 else "0"


def waits_in(entry: ProcessEntry) -> str:
    """The function of the kernel in which it waits."""
    if entry.kernel:
        return (
            "worker_thread" if entry.name.startswith("kworker/") else WAITS.get(entry.name, "rescuer_thread")
        )
    return "-" if entry.state.startswith("R") else WAITS.get(entry.name, "do_poll.constprop.0")


def _scheduling(listing: Listing, entry: ProcessEntry) -> str:
    return "FF" if entry.name.startswith(("migration/", "watchdogd", "idle_inject/", "irq/")) else "TS"


def _name(listing: Listing, entry: ProcessEntry) -> str:
    return entry.command.strip("[]") if entry.kernel else entry.name


_USER: Value = lambda listing, entry: entry.user  # noqa: E731
_PID: Value = lambda listing, entry: entry.pid  # noqa: E731
_COMMAND: Value = lambda listing, entry: entry.command  # noqa: E731
_GROUP: Value = lambda listing, entry: listing.group(entry)  # noqa: E731

COLUMNS: dict[str, Column] = {
    "pid": Column("PID", 0, True, _PID), "tgid": Column("TGID", 0, True, _PID),
    "ppid": Column("PPID", 0, True, lambda listing, entry: entry.ppid),
    "lwp": Column("LWP", 0, True, _PID), "nlwp": Column("NLWP", 4, True, lambda listing, entry: entry.threads),
    "user": Column("USER", 8, False, _USER, "+"), "UID": Column("UID", 8, False, _USER, "+"),
    "group": Column("GROUP", 8, False, _USER, "+"), "ruser": Column("RUSER", 8, False, _USER, "+"),
    "uid": Column("UID", 5, True, lambda listing, entry: listing.uid(entry.user)),
    "gid": Column("GID", 5, True, lambda listing, entry: listing.uid(entry.user)),
    "pcpu": Column("%CPU", 4, True, lambda listing, entry: f"{cpu_share(listing, entry):.1f}"),
    "c": Column("C", 2, True, lambda listing, entry: int(cpu_share(listing, entry))),
    "pmem": Column("%MEM", 4, True, lambda listing, entry: f"{entry.resident * 1000 // listing.memory_kib / 10:.1f}"),
    "vsz": Column("VSZ", 6, True, lambda listing, entry: entry.virtual),
    "rss": Column("RSS", 5, True, lambda listing, entry: entry.resident),
    "sz": Column("SZ", 5, True, lambda listing, entry: entry.virtual // 4),
    "addr_sz": Column("ADDR SZ", 7, True, lambda listing, entry: f"- {entry.virtual // 4:>5}"),
    "size": Column("SIZE", 5, True, lambda listing, entry: entry.virtual // 3),
    "tname": Column("TTY", 8, False, lambda listing, entry: entry.terminal),
    "tt": Column("TT", 8, False, lambda listing, entry: entry.terminal),
    "stat": Column("STAT", 4, False, lambda listing, entry: entry.state),
    "s": Column("S", 1, False, lambda listing, entry: entry.state[:1]),
    "f": Column("F", 1, True, _flags), "pri": Column("PRI", 3, True, lambda listing, entry: 19 - entry.nice),
    "opri": Column("PRI", 3, True, lambda listing, entry: 80 + entry.nice),
    "priority": Column("PRI", 3, True, lambda listing, entry: 20 + entry.nice),
    "ni": Column("NI", 3, True, lambda listing, entry: entry.nice), "cls": Column("CLS", 3, True, _scheduling),
    "rtprio": Column("RTPRIO", 6, True, lambda listing, entry: "-"),
    "psr": Column("PSR", 3, True, lambda listing, entry: entry.pid % listing.processors),
    "wchan": Column("WCHAN", 6, False, lambda listing, entry: waits_in(entry), "cut"),
    "start_time": Column("START", 5, False, _start), "stime": Column("STIME", 5, False, _start),
    "bsdstart": Column("START", 6, True, _bsd_start), "start": Column("STARTED", 8, True, _long_start),
    "lstart": Column("STARTED", 24, True, lambda listing, entry: clock("%a %b %e %H:%M:%S %Y", entry.started)),
    "etime": Column("ELAPSED", 11, True, lambda listing, entry: elapsed(listing.now - entry.started)),
    "etimes": Column("ELAPSED", 7, True, lambda listing, entry: listing.now - entry.started),
    "time": Column("TIME", 8, True, _time),
    "bsdtime": Column("TIME", 6, True, lambda listing, entry: f"{int(entry.cpu) // 60}:{int(entry.cpu) % 60:02}"),
    "times": Column("TIME", 7, True, lambda listing, entry: int(entry.cpu)),
    "pgid": Column("PGID", 0, True, _GROUP),
    "sid": Column("SID", 0, True, lambda listing, entry: listing.session(entry)),
    "tpgid": Column("TPGID", 0, True, lambda listing, entry: listing.foreground(entry)),
    "comm": Column("COMMAND", 15, False, _name, "cut"), "ucmd": Column("CMD", 15, False, _name, "cut"),
    "args": Column("COMMAND", 27, False, _COMMAND, "cut"), "cmd": Column("CMD", 27, False, _COMMAND, "cut"),
    "majflt": Column("MAJFL", 6, True, lambda listing, entry: entry.pid % 7 if entry.virtual else 0),
    "trs": Column("TRS", 5, True, lambda listing, entry: entry.virtual // 40),
    "drs": Column("DRS", 5, True, lambda listing, entry: entry.virtual - entry.virtual // 40),
    "label": Column("LABEL", 31, False, lambda listing, entry: "unconfined" if not entry.kernel else "unconfined"),
    "cgroup": Column("CGROUP", 27, False, lambda listing, entry: listing.process.shell.cgroup_of(entry).replace("\n", ","), "cut"),
    "unit": Column("UNIT", 31, False, lambda listing, entry: entry.unit or "-", "cut"),
    "exe": Column("EXE", 27, False, lambda listing, entry: entry.command.split(" ")[0], "cut"),
}  # fmt: skip
ALIASES = {
    "%cpu": "pcpu", "%mem": "pmem", "command": "args", "tty": "tname", "state": "s", "vsize": "vsz", "rssize": "rss",
    "rsz": "rss", "nice": "ni", "cputime": "time", "ucomm": "comm", "euser": "user", "uname": "user", "euid": "uid",
    "pgrp": "pgid", "session": "sid", "sess": "sid", "thcount": "nlwp", "flags": "f", "flag": "f", "egid": "gid",
    "egroup": "group", "class": "cls", "sch": "cls", "ruid": "uid", "rgid": "gid", "spid": "lwp", "tid": "lwp",
    "cputimes": "times", "pri_bar": "pri", "fname": "comm", "rgroup": "group", "context": "label", "maj_flt": "majflt",
}  # fmt: skip
