"""The screen of BusyBox' `top`, compared with its version 1.35."""

from __future__ import annotations

import time

from ..host.proc import loadavg
from .state import Shell

ROWS = 4
"""Lines above the processes."""


def busybox_top(shell: Shell, *, rows: int = 0, columns: int = 79) -> str:
    """One screen; `rows` 0: all processes."""
    now = int(time.time())
    memory, entries = shell.world.memory(now), shell.processes(now)
    used = memory.total - memory.free
    averages = loadavg(shell.world).split()
    lines = [
        f"Mem: {used}K used, {memory.free}K free, {memory.shared}K shrd, {memory.buffers}K buff, "
        f"{memory.cached}K cached",
        "CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq",
        f"Load average: {' '.join(averages)}",
        "  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND",
    ]
    shown = sorted(entries, key=lambda each: (each.state[:1] != "R", -each.virtual, each.pid))
    for entry in shown[: rows - ROWS] if rows else shown:
        size = f"{entry.virtual:>5}" if entry.virtual < 100_000 else f"{entry.virtual // 1024:>4}m"
        share = entry.virtual * 100 // max(1, memory.total)
        state = entry.state[:1] + (" " if entry.virtual else "W") + ("<" if entry.nice < 0 else "")
        lines.append(
            f"{entry.pid:>5} {entry.ppid:>5} {entry.user[:8]:<8} {state:<4} {size:>5} {share:>3}% "
            f"{0:>3}% {entry.command}"
        )
    return "".join(line[:columns] + "\n" for line in lines)
