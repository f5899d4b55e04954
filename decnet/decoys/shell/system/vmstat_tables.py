# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What `vmstat` shows with -s, -f, -d and -D: the kernel's counters, from the same files of /proc (procps 3.3.17 and 4.0)."""

from __future__ import annotations

from ..process import Process
from ..state import Shell

DISK_HEAD = """disk- ------------reads------------ ------------writes----------- -----IO------
       total merged sectors      ms  total merged sectors      ms    cur    sec
"""
TICKS = (
    "non-nice user cpu ticks", "nice user cpu ticks", "system cpu ticks", "idle cpu ticks", "IO-wait cpu ticks", "IRQ cpu ticks",
    "softirq cpu ticks", "stolen cpu ticks",
)  # fmt: skip
GUESTS = "non-nice guest cpu ticks", "nice guest cpu ticks"
UNITS = {"k": 1000, "K": 1024, "m": 1000**2, "M": 1024**2}


def _values(shell: Shell, path: str) -> dict[str, list[str]]:
    rows = [line.replace(":", " ").split() for line in (shell.read(path) or "").splitlines()]
    return {row[0]: row[1:] for row in rows if row}


def counters(process: Process, unit: str) -> str:
    """-s: the memory in units of `unit` (k, K, m, M), and the events since the boot."""
    shell = process.shell
    memory = {
        name: int(row[0])
        for name, row in _values(shell, "/proc/meminfo").items()
        if row and row[0].isdecimal()
    }
    stat, events = _values(shell, "/proc/stat"), _values(shell, "/proc/vmstat")
    cached = memory["Cached"] + memory["SReclaimable"]
    used = memory["MemTotal"] - memory["MemFree"] - memory["Buffers"] - cached
    rows = [
        ("total memory", memory["MemTotal"]), ("used memory", used), ("active memory", memory["Active"]), ("inactive memory", memory["Inactive"]),
        ("free memory", memory["MemFree"]), ("buffer memory", memory["Buffers"]), ("swap cache", cached), ("total swap", memory["SwapTotal"]),
        ("used swap", memory["SwapTotal"] - memory["SwapFree"]), ("free swap", memory["SwapFree"]),
    ]  # fmt: skip
    text = "".join(f"{value * 1024 // UNITS[unit]:13} {unit} {name}\n" for name, value in rows)
    new = shell.world.system.version in ("12", "24.04")
    times = stat["cpu"]
    ticks = [*zip(TICKS, times, strict=False), *(zip(GUESTS, times[8:10], strict=False) if new else ())]
    paged = (
        [("K paged in", "pgpgin"), ("K paged out", "pgpgout")]
        if new
        else [("pages paged in", "pgpgin"), ("pages paged out", "pgpgout")]
    )
    shown = [*ticks, *((name, events[key][0]) for name, key in paged)]
    shown += [(f"pages swapped {way}", events[f"pswp{way}"][0]) for way in ("in", "out")]
    shown += [
        ("interrupts", stat["intr"][0]),
        ("CPU context switches", stat["ctxt"][0]),
        ("boot time", stat["btime"][0]),
        ("forks", stat["processes"][0]),
    ]
    return text + "".join(f"{value:>13} {name}\n" for name, value in shown)


def forks(process: Process) -> str:
    """-f: the processes since the boot."""
    return f"{_values(process.shell, '/proc/stat')['processes'][0]:>13} forks\n"


def disks(process: Process) -> str:
    """-d: each disk's reads and writes."""
    lines = [DISK_HEAD]
    for row in _disk_rows(process.shell):
        read, written, now, spent = row[1:5], row[5:9], row[9], row[10]
        numbers = (
            " ".join(f"{each:>6}" for each in read[:3])
            + f" {read[3]:>7} "
            + " ".join(f"{each:>6}" for each in written[:3])
            + f" {written[3]:>7}"
        )
        lines.append(f"{row[0]:<5} {numbers} {int(now) // 1000:>6} {int(spent) // 1000:>6}\n")
    return "".join(lines)


def _disk_rows(shell: Shell) -> list[list[str]]:
    rows = [line.split()[2:] for line in (shell.read("/proc/diskstats") or "").splitlines()]
    return [row for row in rows if len(row) > 10 and not row[0][-1:].isdecimal()]
