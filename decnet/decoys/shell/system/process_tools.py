# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""prtstat, pldd, pmap, skill and other programs about processes."""

from __future__ import annotations

from ..process import Command, Process, Running
from ..text.packaged import packaged
from .util_linux import entry_of


@packaged()
def prtstat(process: Process) -> Running:
    """/proc/PID/stat in words."""
    pid = next((word for word in process.args if not word.startswith("-")), "")
    entry = entry_of(process, pid)
    yield 0.0
    if entry is None:
        process.err(f"Process with pid {pid} does not exist.\n")
        return 0
    cells = (process.shell.read(f"/proc/{pid}/stat") or "").rpartition(")")[2].split()
    state = {"S": "S (sleeping)", "R": "R (running)", "I": "I (unknown)"}.get(
        cells[0] if cells else "S", "S (sleeping)"
    )
    process.out(f"Process: {entry.name:<14}\t\tState: {state}\n  CPU#:  0  \t\tTTY: 0:0\tThreads: 1\n")
    return 0


PROCESS_TOOLS = {
    "peekfd": ("Error attaching to pid {0}\n", 1), "pslog": ("opendir: No such file or directory\n", 1), "pldd": ("pldd: cannot open /proc/{0}: No such file or directory\n", 1),
}  # fmt: skip


@packaged()
def of_process(process: Process) -> Running:
    """Programs that look at one process."""
    name = process.name.rpartition("/")[2]
    pid = next((word for word in process.args if word.isdecimal()), "")
    entry = entry_of(process, pid)
    text, status = PROCESS_TOOLS[name]
    yield 0.0
    if entry is None or not pid:
        process.err(text.format(pid))
        return status
    if name == "pldd":
        exe = process.shell.lstat(f"/proc/{pid}/exe")
        process.out(
            f"{pid}:\t{exe.target if exe else entry.command}\nlinux-vdso.so.1\n/lib/x86_64-linux-gnu/libc.so.6\n/lib64/ld-linux-x86-64.so.2\n"
        )
    elif name == "pslog":
        process.out(f"Pid no {pid}:\n")
    return 0


@packaged()
def pmap(process: Process) -> Running:
    """The memory of processes, from /proc/PID/maps."""
    letters = "".join(word[1:] for word in process.args if word.startswith("-"))
    status = 42
    for pid in (word.removeprefix("/proc/") for word in process.args if not word.startswith("-")):
        entry = entry_of(process, pid)
        if entry is None:
            continue
        status = 0
        process.out(
            f"{pid}:   {entry.command}\n"
            + ("Address           Kbytes     RSS   Dirty Mode  Mapping\n" if "x" in letters else "")
        )
        total = 0
        for line in (process.shell.read(f"/proc/{pid}/maps") or "").splitlines():
            span, mode, *rest = line.split(None, 5)
            low, high = (int(each, 16) for each in span.split("-"))
            kib = (high - low) // 1024
            total += kib
            named = rest[3].rpartition("/")[2] if len(rest) > 3 else ""
            named = {"[stack]": "  [ stack ]", "[heap]": "  [ anon ]", "": "  [ anon ]"}.get(named, named)
            bits = mode[:3] + ("s" if mode[3:4] == "s" else "-") + "-"
            process.out(
                f"{low:016x} {kib:>7} {kib:>7} {0:>7} {bits} {named}\n"
                if "x" in letters
                else f"{low:016x} {kib:>6}K {bits} {named}\n"
            )
        process.out(
            f"---------------- ------- ------- ------- \ntotal kB         {total:>7} {total:>7} {0:>7}\n"
            if "x" in letters
            else f" total         {total:>8}K\n"
        )
        yield 0.0
    yield 0.0
    return status


@packaged()
def skill(process: Process) -> Running:
    """Signals to processes by user, terminal or command: as pkill, but silent."""
    words = [word for word in process.args if not word.startswith(("-", "+"))]
    if process.name.rpartition("/")[2] == "skill" and words:
        yield from process.output_of(
            ["pkill", *(word for word in process.args if word.startswith("-")), "-x", words[0]]
        )
    yield 0.0
    return 0


@packaged()
def pidwait(process: Process) -> Running:
    """Wait for processes to end, if there are any."""
    status, data = yield from process.output_of(["pgrep", *process.args])
    if status:
        return status
    while data:
        yield 1.0
        status, data = yield from process.output_of(["pgrep", *process.args])
    return 0


@packaged(bare=True)
def slabtop(process: Process) -> Running:
    """The kernel's slabs, once."""
    words = [line.split() for line in (process.shell.read("/proc/slabinfo") or "").splitlines()[2:]]
    rows = [
        (name, int(active), int(count), int(size), int(per))
        for name, active, count, size, per, *_ in (row for row in words if len(row) > 5)
    ]
    yield 0.0
    if not rows:
        process.err("slabtop: fopen /proc/slabinfo: No such file or directory\n")
        return 1
    active, count = sum(row[1] for row in rows), sum(row[2] for row in rows)
    process.out(f" Active / Total Objects (% used)    : {active} / {count} ({active * 100 / count:.1f}%)\n")
    process.out("\n  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME                   \n")
    for name, used, every, size, per in sorted(rows, key=lambda row: -row[2])[:50]:
        slabs = -(-every // max(1, per))
        process.out(
            f"{every:>6} {used:>6} {used * 100 // max(1, every):>3}% {size / 1024:>8.2f}K {slabs:>6} {per:>8} {slabs * 4:>9}K {name:<24}\n"
        )
    return 0


COMMANDS: dict[str, Command] = {
    "prtstat": prtstat,
    "peekfd": of_process,
    "pslog": of_process,
    "pldd": of_process,
    "pmap": pmap,
    "skill": skill,
    "snice": skill,
    "pidwait": pidwait,
    "slabtop": slabtop,
}
