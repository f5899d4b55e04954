"""The numbers of processes: a machine counts them up from its start."""

from __future__ import annotations

import time

from ..facts import newest_pid, take_pid
from ..machine import Machine

PROCESSES_PER_DAY = 3700
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


def new_pid(machine: Machine, skip: int = 0) -> int:
    """The number of a process that starts now; `skip` others were started just before it."""
    seed, boot = machine.persona.seed, machine.booted()
    booted, newest = newest_pid(seed)
    started = pid_at(machine, int(time.time())) + skip
    goes_on = booted == boot and newest + 1 + skip < pid_max(machine)
    pid = max(newest + 1 + skip, started) if goes_on else started
    take_pid(seed, boot, pid)
    return pid
