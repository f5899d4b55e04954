# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""wall, mesg, write, renice, setsid, shutdown, reboot, halt, poweroff, init, runlevel."""

from __future__ import annotations

import time

from ...restarts import call_off
from ..process import Process, Running
from ..text.common import Failure, parse, tool
from ..visit import visits_of
from .logged_errors import complain
from .shown import clock
from .stopping import go_down, stop

MOST_MINUTES = 180
"""Until a stop that is planned; one that is planned for later never comes."""


@tool
def wall(process: Process) -> Running:
    """A message for all terminals."""
    options = parse(process, "ng:t:hV", "nobanner=n group:=g timeout:=t help=h version=V")
    text = " ".join(options.operands) or process.given.decode("utf-8", "surrogateescape")[:4000]
    yield 0.0
    if process.shell.visit.terminal and process.to_terminal:
        shell = process.shell
        stamp = clock("%a %b %e %H:%M:%S %Y", time.time())
        head = (
            f"Broadcast message from {shell.user}@{shell.world.hostname} ({shell.visit.terminal}) ({stamp}):"
        )
        process.out(f"\n{head:<79}\n\n{text}\n\n")
    return 0


@tool
def mesg(process: Process) -> Running:
    """Whether others may write on the terminal."""
    options = parse(process, "vhV", "verbose=v help=h version=V")
    yield 0.0
    if not process.from_terminal:
        if options.operands or "v" in options:
            process.err(
                "mesg: no tty\n"
                if "v" in options
                else "mesg: ttyname failed: Inappropriate ioctl for device\n"
            )
        return 2
    if not options.operands:
        system, user = process.shell.world.system.id, process.shell.user
        is_off = system in ("debian", "ubuntu") and user == "root"  # Root's .profile has `mesg n`.
        process.out(f"is {'n' if is_off else 'y'}\n")
        return 1 if is_off else 0
    return 0


@tool
def write(process: Process) -> Running:
    """A message for a user."""
    options = parse(process, "hV", "help=h version=V")
    yield 0.0
    if not options.operands:
        raise Failure("bad usage", 1, hint=True)
    user = options.operands[0]
    shell = process.shell
    if not any(visit.user == user and visit.terminal for visit in visits_of(shell.world, shell.visit.source)):
        raise Failure(f"{user} is not logged in")
    process.given  # noqa: B018 (the message is read to its end)
    return 0


@tool
def renice(process: Process) -> Running:
    """Another priority for a process."""
    options = parse(process, "n:pguhV", "priority:=n relative:=n pid=p pgrp=g user=u help=h version=V")
    words = list(options.operands)
    number = options.value("n") or (words.pop(0) if words else "")
    yield 0.0
    if not words:
        raise Failure("not enough arguments", 1, hint=True)
    if not number.lstrip("+-").isdecimal():
        raise Failure(f"invalid priority '{number}'", 1, hint=True)
    pids = {entry.pid: entry for entry in process.shell.processes(time.time())}
    status = 0
    for word in words:
        entry = pids.get(int(word[:9])) if word.isdecimal() else None
        if not word.isdecimal():
            process.err(f"renice: bad process ID value: {word}\n")
            status = 1
        elif entry is None:
            process.err(f"renice: failed to get priority for {word} (process ID): No such process\n")
            status = 1
        elif process.shell.user not in ("root", entry.user):
            process.err(f"renice: failed to set priority for {word} (process ID): Operation not permitted\n")
            status = 1
        else:
            own, value = entry.pid == process.shell.own_pid, max(-20, min(19, int(number[:4])))
            old = process.shell.nice if own else entry.nice
            process.out(f"{word} (process ID) old priority {old}, new priority {value}\n")
            if own:
                process.shell.nice = value
    return status


@tool
def setsid(process: Process) -> Running:
    """A program in a session of its own."""
    options = parse(process, "cfwhV", "ctty=c fork=f wait=w help=h version=V", stop=True)
    if not options.operands:
        raise Failure("no command specified", 1, hint=True)
    return (yield from process.call(options.operands))


@tool
def shutdown(process: Process) -> Running:
    """Stop the machine: the connection ends."""
    name = process.name
    try:
        options = parse(
            process,
            "HPrhkcfpwdnt:",
            "help halt=H poweroff=P reboot=r no-wall show when: force=f wtmp-only=w no-wtmp=d message: now",
        )
    except Failure as failure:
        process.err(f"{name}: {failure.message}\n")
        return 1
    shell = process.shell
    yield 0.0
    if "help" in options:
        process.out(
            f"{name} [OPTIONS...]{' [TIME] [WALL...]' if name == 'shutdown' else ''}\n\n{ABOUT.get(name, '')}\n"
        )
        return 0
    if name in ("init", "telinit"):
        word = options.operands[0] if options.operands else ""
        if not word or len(word) > 1 or word not in "0123456sSqQuU":
            if word:
                complain(process, "Expected single character argument.")
            else:
                process.err("init: required argument missing.\n")
            return 1
    if shell.user != "root":
        process.err(
            f"Failed to set wall message, ignoring: Interactive authentication required.\nFailed to {'reboot' if name == 'reboot' else 'power off'} system via logind: Interactive authentication required.\nFailed to open initctl fifo: Permission denied\nFailed to talk to init daemon.\n"
        )
        return 1
    is_off = name in ("halt", "poweroff") or ("r" not in options and name == "shutdown")
    if name in ("init", "telinit"):
        if options.operands[0] not in "06":
            return 0
        is_off = options.operands[0] == "0"
    if name != "shutdown":
        if "w" in options:
            return 0
        is_off = (is_off or "p" in options or "P" in options) and "r" not in options
        return (yield from go_down(process, is_off=is_off))
    if "c" in options:
        call_off(shell.world.persona.seed)
        return 0
    when = options.operands[0] if options.operands else "+1"
    if "k" in options or when in ("now", "+0"):
        return 0 if "k" in options else (yield from go_down(process, is_off=is_off))
    minutes = int(when[1:5]) if when.startswith("+") and when[1:5].isdecimal() else 1
    call_off(shell.world.persona.seed)
    if minutes <= MOST_MINUTES:
        stop(shell.world, 60 * minutes, is_off=is_off)
    action = "Shutdown" if is_off else "Reboot"
    process.err(
        f"{action} scheduled for {clock('%a %Y-%m-%d %H:%M:%S UTC', time.time() + 60 * minutes)}, use 'shutdown -c' to cancel.\n"
    )
    return 0


ABOUT = {
    "shutdown": "Shut down the system.",
    "reboot": "Reboot the system.",
    "halt": "Halt the system.",
    "poweroff": "Power off the system.",
}


@tool
def runlevel(process: Process) -> Running:
    """The level in which the machine runs."""
    process.out("N 5\n" if process.shell.world.system.id != "rocky" else "N 3\n")
    yield 0.0
    return 0


COMMANDS = {
    "wall": wall, "mesg": mesg, "write": write, "renice": renice, "setsid": setsid, "shutdown": shutdown, "reboot": shutdown, "halt": shutdown, "poweroff": shutdown,
    "init": shutdown, "telinit": shutdown, "runlevel": runlevel,
}  # fmt: skip
