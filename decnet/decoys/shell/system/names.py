# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""uname, arch, nproc, tty, clear, printenv."""

from __future__ import annotations

from ..process import Process, Running
from ..text.common import Failure, parse, quoted, tool

LONG = "all=a kernel-name=s nodename=n kernel-release=r kernel-version=v machine=m processor=p hardware-platform=i operating-system=o help version"  # fmt: skip # noqa: E501


@tool
def uname(process: Process) -> Running:
    """Names of the kernel and the machine."""
    options = parse(process, "asnrvmpio", LONG)
    if options.operands:
        raise Failure(f"extra operand {quoted(process, options.operands[0])}", hint=True)
    world = process.shell.world
    system = world.system
    platform = system.machine if system.id == "rocky" or system.id == "ubuntu" else "unknown"
    values = {"s": system.sysname, "n": process.shell.hostname, "r": system.kernel, "v": system.build, "m": system.machine,
              "p": platform, "i": platform, "o": system.os}  # fmt: skip
    letters = [letter for letter, _ in options.given]
    if "help" in letters or "version" in letters:
        letters = ["s"]
    shown = [
        values[letter]
        for letter in "snrvmpio"
        if letter in letters
        or ("a" in letters and (letter not in "pi" or platform != "unknown"))
        or (not letters and letter == "s")
    ]
    process.out(" ".join(shown) + "\n")
    yield 0.0
    return 0


@tool
def arch(process: Process) -> Running:
    """The machine's architecture."""
    options = parse(process, "", "help version")
    if options.operands:
        raise Failure(f"extra operand {quoted(process, options.operands[0])}", hint=True)
    process.out(process.shell.world.system.machine + "\n")
    yield 0.0
    return 0


@tool
def nproc(process: Process) -> Running:
    """How many processors there are."""
    options = parse(process, "", "all ignore: help version")
    if options.operands:
        raise Failure(f"extra operand {quoted(process, options.operands[0])}", hint=True)
    ignored = options.value("ignore", "0")
    if not ignored.isdecimal():
        raise Failure(f"invalid number: {quoted(process, ignored)}")
    process.out(f"{max(1, process.shell.world.processors - int(ignored[:9]))}\n")
    yield 0.0
    return 0


@tool
def tty(process: Process) -> Running:
    """The terminal of the input."""
    options = parse(process, "s", "silent=s quiet=s help version", status=2)
    if options.operands:
        raise Failure(f"extra operand {quoted(process, options.operands[0])}", 2, hint=True)
    terminal = process.shell.visit.terminal if process.from_terminal else ""
    if "s" not in options:
        process.out(f"/dev/{terminal}\n" if terminal else "not a tty\n")
    yield 0.0
    return 0 if terminal else 1


@tool
def clear(process: Process) -> Running:
    """Clear the screen."""
    if not process.shell.variables.get("TERM") and not process.applet:
        process.err("TERM environment variable not set.\n")
        return 1
    process.out("\x1b[H\x1b[J" if process.applet else "\x1b[H\x1b[2J\x1b[3J")
    yield 0.0
    return 0


@tool
def printenv(process: Process) -> Running:
    """Variables of the environment."""
    options = parse(process, "0", "null=0 help version", status=2)
    environment = process.shell.environment()
    end = "\0" if "0" in options else "\n"
    yield 0.0
    if not options.operands:
        process.out("".join(f"{name}={value}{end}" for name, value in environment.items()))
        return 0
    for name in options.operands:
        if name in environment:
            process.out(environment[name] + end)
    return 0 if all(name in environment for name in options.operands) else 1


COMMANDS = {
    "uname": uname, "arch": arch, "nproc": nproc, "tty": tty, "clear": clear,
    "printenv": printenv,
}  # fmt: skip
