# ruff: noqa: E501 (columns)
"""BusyBox's ps, as each vendor has built it."""

from __future__ import annotations

import time
from dataclasses import replace

from ...host.processes import ProcessEntry
from ..process import Command, Process
from ..text.common import Failure, parse

HEADS = {"buildroot": "PID   USER     COMMAND", "qts": "  PID  Uid        VmSize Stat Command"}
USUAL = "  PID USER       VSZ STAT COMMAND"
"""Without its desktop options, as OpenWrt has it."""
COLUMNS = {
    "user": "USER    ", "group": "GROUP   ", "comm": "COMMAND         ", "args": "COMMAND", "pid": "PID  ", "ppid": "PPID ",
    "pgid": "PGID ", "nice": "NI   ", "rgroup": "RGROUP  ", "ruser": "RUSER   ", "tty": "TT    ", "vsz": "VSZ ", "sid": "SID  ",
    "stat": "STAT", "rss": "RSS ",
}  # fmt: skip
"""Names and heads, in the order in which ps lists them."""
USAGE = "Usage: ps\n\nShow list of processes\n\n\tw\tWide output\n"
SMALL_KIB, LARGE_KIB = 1312, 8000
"""The memory of an applet, and more than any has."""
WIDTHS = (79, 132, 2048)
"""Of a line, by the number of w."""


def ps(process: Process) -> int:
    """List processes."""
    shell = process.shell
    kind = shell.world.system.id
    entries = [replace(each, virtual=SMALL_KIB) if each.virtual > LARGE_KIB and kind != "qts" else each
               for each in shell.processes(int(time.time()))]  # fmt: skip
    if kind == "buildroot":
        return _desktop(process, entries)
    wide = sum(word.count("w") for word in process.args if not word.strip("-w"))
    wrong = next((word for word in process.args if word.startswith("-") and word.strip("-w")), "")
    if wrong and kind == "openwrt":
        from .applets import complain

        return complain(process, f"invalid option -- '{wrong.strip('-w')[:1]}'", USAGE)
    width = min(process.columns - 1, WIDTHS[0]) if not wide else WIDTHS[min(wide, 2)]
    process.out(HEADS.get(kind, USUAL) + "\n")
    for entry in entries:
        user = f"{entry.user:<8.8}"
        if kind == "qts":
            size = f"{entry.virtual or '':>7}"
            line = f"{entry.pid:>5} {user} {size} {_state(entry):<4}{_command(entry)}"
        else:
            line = f"{entry.pid:>5} {user} {_small(entry.virtual)} {_state(entry):<3}  {_command(entry)}"
        process.out(line[:width] + "\n")
    return 0


def _desktop(process: Process, entries: list[ProcessEntry]) -> int:
    """With columns (-o), and other words without a meaning."""
    try:
        options = parse(process, "Zo:aAdeflT")
    except Failure as failure:
        from .applets import complain

        return complain(process, failure.message)
    names = ",".join(options.values("o")).split(",") if "o" in options else ["pid", "user", "args"]
    for name in names:
        if name.partition("=")[0] not in COLUMNS:
            process.err(f"ps: bad -o argument '{name}', supported arguments: {','.join(COLUMNS)}\n")
            return 1
    heads = [name.partition("=")[2] if "=" in name else COLUMNS[name] for name in names]
    if any(heads):
        process.out(" ".join(heads).rstrip() + "\n")
    for entry in entries:
        terminal = "136,0" if entry.terminal.startswith("pts") else "0,0"
        group = f"{group_of(process, entry.user):<8.8}"
        leader = entry.pid if not entry.kernel else 0
        values = {
            "group": group, "rgroup": group, "ruser": f"{entry.user:<8.8}", "pgid": f"{leader:>5}", "sid": f"{leader:>5}",
            "nice": f"{entry.nice:>5}", "rss": _small(entry.resident)[1:],
            "pid": f"{entry.pid:>5}", "ppid": f"{entry.ppid:>5}", "user": f"{entry.user:<8.8}", "comm": f"{entry.name[:15]:<16}",
            "args": _command(entry), "vsz": _small(entry.virtual)[1:], "stat": f"{_state(entry):<4}",
            "tty": f"{terminal:<6}",
        }  # fmt: skip
        process.out(" ".join(values[name.partition("=")[0]] for name in names).rstrip() + "\n")
    return 0


def group_of(process: Process, user: str) -> str:
    """The name of a user's own group."""
    accounts = process.shell.world.accounts
    account = accounts.user(user)
    group = accounts.group_of(account.gid) if account else None
    return group.name if group else "root"


def _state(entry: ProcessEntry) -> str:
    """Three letters: the state, W without memory of its own, the priority."""
    sign = "<" if entry.nice < 0 else "N" if entry.nice > 0 else ""
    return entry.state[:1] + ("W" if not entry.resident else " " if sign else "") + sign


def _command(entry: ProcessEntry) -> str:
    if entry.kernel:
        return f"[{entry.name}]"
    first = entry.command.split(" ", 1)[0].rsplit("/", 1)[-1].lstrip("-")
    return entry.command if first == entry.name or not entry.name else f"{{{entry.name}}} {entry.command}"


def _small(kib: int) -> str:
    """Five characters: KiB, or MiB from 100,000 KiB on."""
    if kib < 100_000:
        return f"{kib:>5}"
    return f"{kib // 1024:>4}m"


COMMANDS: dict[str, Command] = {"ps": ps}
