# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""uptime and w."""

from __future__ import annotations

import time

from ...host.hardware import load
from ..process import Process, Running
from ..state import Shell
from ..text.common import Failure, Options, parse, tool
from ..visit import Visit, visits_of
from .shown import clock

USAGE_OF_UPTIME = """
Usage:
 uptime [options]

Options:
 -p, --pretty   show uptime in pretty format
 -h, --help     display this help and exit
 -s, --since    system up since
 -V, --version  output version information and exit

For more details see uptime(1).
"""
USAGE_OF_W = """
Usage:
 w [options] [user]

Options:
 -h, --no-header     do not print header
 -u, --no-current    ignore current process username
 -s, --short         short format
 -f, --from          show remote hostname field
 -o, --old-style     old style output
 -i, --ip-addr       display IP address instead of hostname (if possible)

     --help     display this help and exit
 -V, --version  output version information and exit

For more details see w(1).
"""
OLD_PLURAL = ("11", "20.04", "22.04", "8.10", "9.4")
"""Releases whose procps (3.3) counts "0 users"."""


def options_of(process: Process, short: str, long: str, usage: str) -> Options:
    """Options of a program of procps. Raises Failure."""
    try:
        options = parse(process, short, long)
    except Failure as failure:
        process.err(f"{process.name}: {failure.message}\n{usage}")
        raise Failure("", 1) from None
    if "help" in options:
        process.out(usage)
        raise Failure("", 0)
    return options


@tool
def uptime(process: Process) -> Running:
    """How long the machine has been up, and how busy it is."""
    options = options_of(process, "psVh", "pretty=p since=s version=V help", USAGE_OF_UPTIME)
    world = process.shell.world
    yield 0.0
    if "h" in options:
        process.out(USAGE_OF_UPTIME)
    elif options.operands:
        process.err(USAGE_OF_UPTIME)
        return 1
    elif "V" in options:
        process.out("uptime from procps-ng 4.0.2\n")
    elif "s" in options:
        process.out(clock("%Y-%m-%d %H:%M:%S", world.booted()) + "\n")
    elif "p" in options:
        process.out(f"up {_pretty(int(time.time()) - world.booted())}\n")
    elif world.system.busybox:
        process.out(_busybox(process.shell, time.time()) + "\n")
    else:
        process.out(uptime_line(process.shell, time.time()) + "\n")
    return 0


def uptime_line(shell: Shell, now: float) -> str:
    """The line of uptime, and the first one of w and top."""
    count = sum(bool(visit.terminal) for visit in visits_of(shell.world, shell.visit.source))
    plural = count != 1 if shell.world.system.version in OLD_PLURAL else count > 1
    averages = ", ".join(f"{value:.2f}" for value in load(shell.world, int(now)))
    users = f"{count:2} user{'s' if plural else ''}"
    return f" {clock('%H:%M:%S', now)} up {duration(int(now) - shell.world.booted())}, {users},  load average: {averages}"


def duration(up: int) -> str:
    """A time in seconds as uptime shows it: `3 days,  2:05`."""
    days, hours, minutes = up // 86400, up // 3600 % 24, up // 60 % 60
    rest = f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    return f"{days} day{'s' if days > 1 else ''}, {rest}" if days else rest


def _busybox(shell: Shell, now: float) -> str:
    averages = ", ".join(f"{value:.2f}" for value in load(shell.world, int(now)))
    return (
        f" {clock('%H:%M:%S', now)} up {duration(int(now) - shell.world.booted())},  load average: {averages}"
    )


def _pretty(up: int) -> str:
    parts = (
        (up // 604800, "week"),
        (up // 86400 % 7, "day"),
        (up // 3600 % 24, "hour"),
        (up // 60 % 60, "minute"),
    )
    shown = [f"{count} {name}{'s' if count > 1 else ''}" for count, name in parts if count]
    return ", ".join(shown) or "0 minutes"


@tool
def w(process: Process) -> Running:
    """Who is logged in, and what they do."""
    options = options_of(process, "husfoiVp", "no-header=h no-current=u short=s from=f old-style=o ip-addr=i pids=p version=V help", USAGE_OF_W)  # fmt: skip # noqa: E501
    yield 0.0
    if "V" in options:
        process.out("w from procps-ng 4.0.2\n")
        return 0
    shell, now = process.shell, time.time()
    short, origin = "s" in options, "f" not in options
    if "h" not in options:
        process.out(uptime_line(shell, now) + "\n")
        middle = "   IDLE WHAT" if short else " LOGIN@   IDLE   JCPU   PCPU WHAT"
        process.out(f"USER     TTY      {'FROM            ' if origin else ''}{middle}\n")
    for visit in visits_of(shell.world, shell.visit.source):
        if visit.terminal and (not options.operands or visit.user in options.operands):
            process.out(_row(process, visit, now, short=short, origin=origin))
    return 0


def _row(process: Process, visit: Visit, now: float, *, short: bool, origin: bool) -> str:
    came = f"{visit.source[:16]:<16} " if origin else ""
    own = visit is process.shell.visit
    what = " ".join(["w", *process.args]) if own else _newest(visit)
    login = clock("%H:%M", visit.began) if now - visit.began < 43200 else clock("%a%H", visit.began)
    idle = _idle(0 if own else int(now - visit.began))
    if short:
        return f"{visit.user[:8]:<8} {visit.terminal:<8} {came}{idle} {what}\n"
    return f"{visit.user[:8]:<8} {visit.terminal:<8} {came}{login:<7} {idle}  {'0.02s':>5}  {'0.00s':>5} {what}\n"


def _newest(visit: Visit) -> str:
    return next((entry.command for entry in reversed(visit.processes())), "-bash")


def _idle(seconds: int) -> str:
    if seconds >= 2 * 86400:
        return f" {seconds // 86400:2}days"
    if seconds >= 3600:
        return f" {seconds // 3600:2}:{seconds // 60 % 60:02}m"
    if seconds >= 60:
        return f" {seconds // 60:2}:{seconds % 60:02} "
    return f" {seconds:2}.00s"


COMMANDS = {"uptime": uptime, "w": w}
