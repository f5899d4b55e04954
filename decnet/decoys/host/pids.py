"""The numbers of processes: a machine counts them up from its start."""

from __future__ import annotations

import time

from ..facts import newest_pid, take_pid
from ..machine import Machine

PROCESSES_PER_DAY = 3700
MOST_PER_SECOND, MOST_PER_SECOND_SMALL = 40, 8
"""Processes that visitors start in the long run."""
PID_MAX = 4_194_304
PID_MAX_SMALL = 32_768
"""kernel.pid_max: systemd raises it on 64-bit systems."""


def pid_at(machine: Machine, when: int) -> int:
    """The number that a process which was started then has got."""
    up = when - machine.start_at(when)
    rate = PROCESSES_PER_DAY * machine.forks // 100
    if machine.system.busybox:
        return 600 + (machine.first_pid + up * rate // 864_000) % (PID_MAX_SMALL - 1000)
    return 1100 + (machine.first_pid + up * rate // 86_400) % (PID_MAX - 2000)


def pid_max(machine: Machine) -> int:
    """kernel.pid_max."""
    return PID_MAX_SMALL if machine.system.busybox else PID_MAX


def skip_numbers(machine: Machine, life: float) -> None:
    """Skip the numbers that visitors may have got before all services of a young machine were started again:
    these have forgotten them. `life`: when that was, seconds since the epoch."""
    per_second = MOST_PER_SECOND_SMALL if machine.system.busybox else MOST_PER_SECOND
    young = max(0.0, life - machine.persona.since)
    pid = pid_at(machine, int(life)) + int(young * per_second)
    if pid < pid_max(machine):
        take_pid(machine.persona.seed, machine.booted(), pid)


def new_pid(machine: Machine, skip: int = 0) -> int:
    """The number of a process that starts now; `skip` others were started just before it."""
    seed, boot = machine.persona.seed, machine.booted()
    booted, newest = newest_pid(seed)
    started = pid_at(machine, int(time.time())) + skip
    goes_on = booted == boot and newest + 1 + skip < pid_max(machine)
    pid = max(newest + 1 + skip, started) if goes_on else started
    take_pid(seed, boot, pid)
    return pid
