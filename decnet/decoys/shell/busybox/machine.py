# ruff: noqa: E501 (a table)
"""BusyBox's applets about the machine: logins, kernel modules, crontab, disks, open files."""

from __future__ import annotations

import time

from ...host.disk import FileSystem, filesystems
from ..files.listing import in_units
from ..process import Command, Process, Running
from ..system.databases import accounts_of
from ..text.common import Failure, Options, parse, size_of

CRONTABS = "/var/spool/cron/crontabs"
MISSING = "No such file or directory"


def no_one(process: Process) -> int:
    """`who` and `w`: the device keeps no utmp."""
    if process.name == "w" or any("H" in word for word in process.args if word.startswith("-")):
        process.out("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n")
    return 0


def last(process: Process) -> int:
    """`last`: the device keeps no wtmp."""
    if process.shell.node("/var/log/wtmp") is None:
        process.err(f"last: can't open '/var/log/wtmp': {MISSING}\n")
        return 1
    return 0


def init(process: Process) -> int:
    """`init` and `telinit`."""
    process.err(f"{process.name}: must be run as PID 1\n")
    return 1


def chroot(process: Process) -> Running:
    """Run a program with another root: only `/` has one that runs."""
    path, words = process.args[0], process.args[1:]
    where = process.shell.absolute(path)
    node = process.shell.node(where)
    yield 0.0
    if node is None or not node.folder:
        reason = MISSING if node is None else "Not a directory"
        process.err(f"chroot: can't change root directory to '{path}': {reason}\n")
        return 1
    words = words or [process.shell.variables.get("SHELL", "/bin/sh"), "-i"]
    if where == "/":
        return (yield from process.call(words))
    process.err(f"chroot: can't execute '{words[0]}': {MISSING}\n")
    return 127


def crontab(process: Process) -> Running:
    """A user's table for crond."""
    options = parse(process, "c:u:ler")
    shell, user = process.shell, options.value("u") or process.shell.user
    yield 0.0
    if accounts_of(shell).user(user) is None:
        process.err(f"crontab: unknown user {user}\n")
        return 1
    text: bytes | None = None
    if not any(letter in options for letter in "ler"):
        name = options.operands[0] if options.operands else "-"
        text = process.given if name == "-" else shell.content(shell.absolute(name))
        if text is None:
            process.err(f"crontab: can't open '{name}': {MISSING}\n")
            return 1
    folder = options.value("c") or CRONTABS
    if shell.node(shell.absolute(folder)) is None:
        process.err(f"crontab: can't change directory to '{folder}': {MISSING}\n")
        return 1
    return (yield from _with_table(process, options, f"{shell.absolute(folder)}/{user}", text))


def _with_table(process: Process, options: Options, path: str, text: bytes | None) -> Running:
    shell = process.shell
    if text is None and "l" in options:
        there = shell.content(path)
        if there is None:
            process.err(f"crontab: can't open '{path.rpartition('/')[2]}': {MISSING}\n")
            return 1
        process.out(there)
        return 0
    if text is None and "e" in options:
        return (yield from process.call([shell.variables.get("VISUAL") or "vi", path]))
    if text is None:
        shell.change(path, None)
    elif reason := shell.write(path, text, 0o600):
        process.err(f"crontab: can't create '{path.rpartition('/')[2]}.new': {reason}\n")
        return 1
    update = f"{path.rpartition('/')[0]}/cron.update"
    shell.write(update, (shell.content(update) or b"") + path.rpartition("/")[2].encode() + b"\n", 0o600)
    return 0


def df(process: Process) -> int:
    """How full the file systems are."""
    options = parse(process, "PkhHmaiTtB:")
    shell, status, wide = process.shell, 0, "T" in options
    block = _block(options.value("B"))
    unit = (
        "Size"
        if options.last("hH")
        else "Inodes"
        if "i" in options
        else "1M-blocks"
        if "m" in options
        else ""
    )
    if block and not unit:
        unit = f"{options.value('B') if block != 1024 else '1K'}-blocks"
    head = unit.rjust(9) if unit else "1024-blocks" if "P" in options else "1K-blocks"
    share = "Capacity" if "P" in options else "Use%"
    between = " Type       " if wide else " "
    process.out(f"Filesystem          {between}{head:<15}Used Available {share} Mounted on\n")
    every = filesystems(shell.mounts())
    rows = [each for each in every if each.size or "a" in options]
    if options.operands:
        rows = []
        for path in options.operands:
            where = shell.real(shell.absolute(path))
            if shell.node(where) is None:
                process.err(f"df: {path}: can't find mount point\n")
                status = 1
                continue
            inside = [each for each in every if _is_on(where, each.where)]
            rows.append(max(inside, key=lambda each: len(each.where)))
    for row in rows:
        process.out(_df_row(row, options))
    return status


def _block(text: str) -> int:
    """The size of `-B`, 0 for none. Raises Failure."""
    number = size_of(text, "kKMGT") if text else 0
    if number is None:
        raise Failure(f"invalid number '{text}'")
    return number


def _is_on(where: str, target: str) -> bool:
    return target == "/" or where == target or where.startswith(target + "/")


def _df_row(row: FileSystem, options: Options) -> str:
    numbers = [row.size, row.used, row.available]
    if "i" in options:
        numbers = [row.inodes, row.inodes_used, row.inodes - row.inodes_used]
    block = 1024 if "i" in options else 1 << 20 if "m" in options else _block(options.value("B")) or 1024
    share = (numbers[1] * 100 + sum(numbers[1:]) // 2) // max(1, sum(numbers[1:]))
    shown = [in_units(each) if options.last("hH") else str(each * 1024 // block) for each in numbers]
    front = f"{row.source:<20} " if len(row.source) <= 20 else f"{row.source}\n{'':<20} "
    kind = f"{row.kind:<10} " if "T" in options else ""
    return front + kind + " ".join(each.rjust(9) for each in shown) + f" {share:>3}% {row.where}\n"


def lsof(process: Process) -> int:
    """The open files of all processes: number, program, file."""
    for entry in process.shell.processes(time.time()):
        if entry.kernel or process.tired:
            continue
        program = entry.command.split(" ", 1)[0].lstrip("-")
        node = process.shell.lstat(f"/bin/{program}") if "/" not in program else None
        path = "/bin/busybox" if node is not None or entry.pid == 1 else program
        file = f"/dev/{entry.terminal}" if entry.terminal.startswith("pts") else "/dev/null"
        process.out("".join(f"{entry.pid}\t{path}\t{file}\n" for _ in range(3)))
    return 0


COMMANDS: dict[str, Command] = {
    "who": no_one, "w": no_one, "last": last, "init": init, "telinit": init, "chroot": chroot, "crontab": crontab, "df": df, "lsof": lsof,
}  # fmt: skip
