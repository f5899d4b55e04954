# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""lslocks, lsns, lsmem, lsirq, lsfd and chmem (util-linux)."""

from __future__ import annotations

import time

from ..process import Command, Process, Running
from ..text.common import Failure, Options, parse
from ..text.packaged import packaged
from .shown import binary_size, table
from .util_linux import entry_of

NAMESPACES = ("time", "cgroup", "pid", "user", "uts", "ipc", "net", "mnt")


def shown(options: Options, rows: list[dict[str, str]], usual: str, right: str) -> str:
    """A table of these columns; `right`: those that are aligned to the right."""
    columns = (
        options.value("o").upper().split(",")
        if "o" in options and not options.value("o").startswith("+")
        else usual.split()
    )
    heads = not any(each in options for each in ("n", "noheadings"))
    if any(each not in row for row in rows for each in columns):
        raise Failure(f"unknown column: {next(each for each in columns if each not in rows[0])}")
    cells = ([columns] if heads else []) + [[row[each] for each in columns] for row in rows]
    if not cells:
        return ""
    if "r" in options:
        return "".join(" ".join(row) + "\n" for row in cells)
    return table(cells, "".join("r" if each in right.split() else "l" for each in columns))


@packaged(bare=True)
def lslocks(process: Process) -> Running:
    """The locks of files: those on the files with numbers of processes."""
    options = parse(
        process,
        "binJo:p:ruhV",
        "bytes=b noinaccessible=i noheadings=n json=J output:=o output-all pid:=p raw=r notruncate=u help=h version=V",
    )
    rows = []
    yield 0.0
    for entry in process.shell.processes(time.time()):
        if entry.name in ("cron", "atd") and (not options.value("p") or options.value("p") == str(entry.pid)):
            row = {
                "COMMAND": entry.name.ljust(15),
                "PID": str(entry.pid),
                "TYPE": "FLOCK",
                "SIZE": "4B",
                "MODE": "WRITE",
                "M": "0",
                "START": "0",
                "END": "0",
                "PATH": f"/run/{entry.name if entry.name == 'atd' else 'crond'}.pid",
            }
            rows.append(row)
    process.out(
        shown(options, rows, "COMMAND PID TYPE SIZE MODE M START END PATH", "PID TYPE SIZE M START END")
    )
    return 0


@packaged(bare=True)
def lsns(process: Process) -> Running:
    """The namespaces: those of the first process."""
    options = parse(
        process,
        "Jlno:p:rt:uWhVT::",
        "json=J list=l noheadings=n output:=o output-all persistent=P task:=p raw=r type:=t notruncate=u nowrap=W tree::=T help=h version=V",
    )
    entries = [each for each in process.shell.processes(time.time()) if not each.kernel]
    kinds = options.values("t") or list(NAMESPACES)
    if bad := next((each for each in kinds if each not in NAMESPACES), ""):
        raise Failure(f"unknown namespace type: {bad}")
    yield 0.0
    if options.value("p") and entry_of(process, options.value("p")) is None:
        raise Failure(f"not found process: {options.value('p')}")
    first = next((each for each in entries if each.pid == 1), entries[0])
    rows = []
    for kind in (each for each in NAMESPACES if each in kinds):
        link = process.shell.lstat(f"/proc/1/ns/{kind}")
        number = link.target.partition("[")[2].rstrip("]") if link else "4026531836"
        rows.append(
            {
                "NS": number,
                "TYPE": kind,
                "NPROCS": str(len(entries)),
                "PID": str(first.pid),
                "USER": first.user,
                "COMMAND": first.command,
                "PATH": f"/proc/1/ns/{kind}",
                "PPID": "0",
                "UID": "0",
            }
        )
    process.out(shown(options, rows, "NS TYPE NPROCS PID USER COMMAND", "NS NPROCS PID"))
    return 0


@packaged(bare=True)
def lsmem(process: Process) -> Running:
    """The memory in blocks of 128 MiB."""
    options = (
        parse(
            process,
            "abJno:PrsS:Uvh",
            "all=a bytes=b json=J noheadings=n output:=o output-all pairs=P raw=r split:=S sysroot:=s summary::=U help=h version=V",
        )
        if process.args != ["-s"]
        else None
    )
    yield 0.0
    if options is None:
        raise Failure("option requires an argument -- 's'", hint=True)
    size = -(-process.shell.world.memory_kib // (128 * 1024)) * 128 * 1024
    low = min(size, 3 * 1024 * 1024)
    ranges = [(0, low)] + ([(4 * 1024 * 1024, size - low)] if size > low else [])
    rows = []
    for start, length in ranges:
        end = (start + length) * 1024 - 1
        first, last = start // (128 * 1024), (start + length) // (128 * 1024) - 1
        rows.append(
            {
                "RANGE": f"0x{start * 1024:016x}-0x{end:016x}",
                "SIZE": binary_size(length),
                "STATE": "online",
                "REMOVABLE": "yes",
                "BLOCK": f"{first}-{last}",
                "NODE": "0",
            }
        )
    if "U" not in options or options.value("U") not in ("only", ""):
        process.out(shown(options, rows, "RANGE SIZE STATE REMOVABLE BLOCK", "SIZE STATE REMOVABLE BLOCK"))
    if "n" not in options and options.value("U") != "never" and "r" not in options:
        only = options.value("U") == "only"
        process.out(
            ("" if only else "\n")
            + f"Memory block size:       128M\nTotal online memory:   {binary_size(size):>6}\nTotal offline memory:      0B\n"
        )
    return 0


@packaged(bare=True)
def lsirq(process: Process) -> Running:
    """The counts of interrupts."""
    options = parse(
        process, "JPno:s:ShV", "json=J pairs=P noheadings=n output:=o sort:=s softirq=S help=h version=V"
    )
    rows = []
    for line in (process.shell.read("/proc/interrupts") or "").splitlines()[1:]:
        name, _, rest = line.strip().partition(":")
        cells = rest.split()
        numbers = [int(each) for each in cells if each.isdecimal()][: process.shell.world.processors]
        rows.append((sum(numbers), name, " ".join(cells[len(numbers) :])))
    rows.sort(key=lambda row: -row[0])
    yield 0.0
    found = [{"IRQ": name, "TOTAL": str(total), "NAME": title, "DELTA": "0"} for total, name, title in rows]
    process.out(shown(options, found, "IRQ TOTAL NAME", "IRQ TOTAL"))
    return 0


@packaged(bare=True)
def lsfd(process: Process) -> Running:
    """The open files of processes, from /proc."""
    options = parse(
        process,
        "lJnro:p:i::uQ:C:dhV",
        "threads=l json=J noheadings=n output:=o raw=r pid:=p inet::=i filter:=Q counter:=C summary:: notruncate=u help=h version=V",
    )
    pids = options.value("p").replace(",", " ").split()
    rows = []
    for entry in process.shell.processes(time.time()):
        if entry.kernel or (pids and str(entry.pid) not in pids):
            continue
        for name in process.shell.entries(f"/proc/{entry.pid}/fd"):
            link = process.shell.lstat(f"/proc/{entry.pid}/fd/{name}")
            target = link.target if link else ""
            kind = (
                "SOCK"
                if target.startswith("socket:")
                else "FIFO"
                if target.startswith("pipe:")
                else "CHR"
                if target.startswith("/dev")
                else "REG"
            )
            rows.append(
                {
                    "COMMAND": entry.name,
                    "PID": str(entry.pid),
                    "USER": entry.user,
                    "ASSOC": name,
                    "MODE": "rw-",
                    "TYPE": kind,
                    "SOURCE": "",
                    "MNTID": "0",
                    "INODE": "0",
                    "NAME": target,
                }
            )
        if process.tired:
            yield 0.0
    yield 0.0
    process.out(
        shown(
            options,
            rows,
            "COMMAND PID USER ASSOC MODE TYPE SOURCE MNTID INODE NAME",
            "PID USER ASSOC SOURCE MNTID INODE",
        )
    )
    return 0


@packaged(bare=True)
def chmem(process: Process) -> Running:
    """Memory blocks are as the firmware has set them."""
    parse(process, "bdevz:hV", "blocks=b disable=d enable=e verbose=v zone:=z help=h version=V")
    yield 0.0
    raise Failure("bad usage", hint=True)


COMMANDS: dict[str, Command] = {
    "lslocks": lslocks,
    "lsns": lsns,
    "lsmem": lsmem,
    "lsirq": lsirq,
    "lsfd": lsfd,
    "chmem": chmem,
}
