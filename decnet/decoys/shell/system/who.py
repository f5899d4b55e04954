# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""who."""

from __future__ import annotations

import time

from ...host.login_files import USER_PROCESS, UTMP, left
from ...host.pids import pid_at
from ..process import Process, Running
from ..text.common import Failure, Options, parse, quoted, tool
from ..visit import Visit, visits_of
from .shown import clock

MOST_RECORDS = 1_000
LONG = """all=a boot=b dead=d heading=H ips= login=l lookup= message=T mesg=T process=p count=q runlevel=r short=s
time=t users=u writable=T help version"""


@tool
def who(process: Process) -> Running:
    """Who is logged in, and when the machine was started."""
    options = parse(process, "abdlmpqrstuwHT", LONG)
    if len(options.operands) > 2:
        raise Failure(f"extra operand {quoted(process, options.operands[2])}", hint=True)
    shell, now = process.shell, time.time()
    visits = [visit for visit in visits_of(shell.world, shell.visit.source) if visit.terminal]
    yield 0.0
    if len(options.operands) == 1:
        return _of_file(process, options.operands[0])
    if "q" in options:
        process.out(" ".join(visit.user for visit in visits) + f"\n# users={len(visits)}\n")
        return 0
    if "m" in options or len(options.operands) == 2:
        visits = [visit for visit in visits if visit is shell.visit]
    if "H" in options:
        process.out(_heading(options))
    everything = "a" in options
    if everything or "b" in options:
        sign = " " if everything or "T" in options or "w" in options else ""
        process.out(
            f"{'':8} {sign}{sign}{'system boot':<12} {clock('%Y-%m-%d %H:%M', shell.world.booted())}\n"
        )
    if everything or "r" in options:
        started = clock("%Y-%m-%d %H:%M", shell.world.booted() + 9)
        sign = "  " if everything else ""
        process.out(f"{'':8} {sign}{'run-level 5':<12} {started}\n")
    if everything or "l" in options:
        process.out(_login(process, everything))
    if everything or "d" in options:
        process.out(_dead(process, everything))
    if everything or not any(letter in options for letter in "bdlpr") or "u" in options:
        for visit in visits:
            process.out(_row(options, visit, now))
    return 0


def _of_file(process: Process, path: str) -> int:
    """The logins that a file has."""
    shell = process.shell
    node = shell.node(shell.absolute(path))
    if node is None:
        raise Failure(f"{path}: No such file or directory")
    data, size = node.data, UTMP.size
    for at in range(0, min(len(data), MOST_RECORDS * size) - size + 1, size):
        kind, _, line, _, user, host, *_, when, _, _ = UTMP.unpack_from(data, at)
        if kind == USER_PROCESS:
            name, terminal, source = (
                text.rstrip(b"\0").decode("utf-8", "replace") for text in (user, line, host)
            )
            process.out(f"{name:<8} {terminal:<12} {clock('%Y-%m-%d %H:%M', when)} ({source})\n")
    if shell.real(shell.absolute(path)) == "/var/log/wtmp":
        for visit in visits_of(shell.world, shell.visit.source):
            process.out(_row(Options(), visit, 0.0) if visit.terminal else "")
    return 0


def _heading(options: Options) -> str:
    message = "  " if _signed(options) else ""
    idle = f" {'IDLE':<5} {'PID':>10}" if "u" in options or "a" in options else ""
    return f"{'NAME':<8} {message}{'LINE':<12} {'TIME':<16}{idle} COMMENT\n"


def _signed(options: Options) -> bool:
    return any(letter in options for letter in "aTw")


def _row(options: Options, visit: Visit, now: float) -> str:
    message = "+ " if _signed(options) else ""
    idle = ""
    if "u" in options or "a" in options:
        silent = int(now - visit.began) // 60 if visit.entries == {} else 0
        shown = "  .  " if not silent else f"{silent // 60:02}:{silent % 60:02}"
        idle = f" {shown} {visit.server:>10}"
    when = clock("%Y-%m-%d %H:%M", visit.began)
    return f"{visit.user:<8} {message}{visit.terminal:<12} {when}{idle} ({visit.source})\n"


def _login(process: Process, everything: bool) -> str:
    shell = process.shell
    getty = next((entry for entry in shell.world.processes(int(time.time())) if entry.name == "agetty"), None)
    if getty is None:
        return ""
    sign = "  " if everything else ""
    return f"LOGIN    {sign}{getty.terminal:<12} {clock('%Y-%m-%d %H:%M', getty.started)} {'':5} {getty.pid:>10} id={getty.terminal}\n"


def _dead(process: Process, everything: bool) -> str:
    world, sign = process.shell.world, "  " if everything else ""
    gone = left(world.machine, world.user, {visit.terminal for visit in world.visits})
    return "".join(
        f"{'':8} {sign}{each.terminal:<12} {clock('%Y-%m-%d %H:%M', each.ended)} {'':5} {pid_at(world.machine, each.began):>10} "
        f"{'id=ts/' + each.terminal[4:]:<8} term=0 exit=0\n"
        for each in gone
    )


COMMANDS = {"who": who}
