# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What syslog has of the starts and the stops of a machine: the kernel, systemd, sshd, cron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kernel_log import kernel_log
from .service_files import mail_log
from .units import units

if TYPE_CHECKING:
    from .model import World

OLD = ("11", "20.04", "22.04", "8.10")
"""Releases whose systemd logs the description of a unit only."""
Lines = list[tuple[float, str]]


def started(world: World, name: str, start: int) -> Lines:
    """The lines of a log for a start at that time: times and texts after the host's name."""
    if name == "kern.log":
        return _kernel(world, start)
    if name == "auth.log":
        return _sshd(world, start) + _seats(world, start)
    if name == "mail.log":
        return list(mail_log(world, start))
    return _kernel(world, start) + _units(world, start) if name == "syslog" else []


def stopped(world: World, name: str, when: int) -> Lines:
    """The lines of a log for a stop at that time."""
    numbers = {each.name: each.pid for each in world.processes(when)}
    found: Lines = []
    if name == "auth.log":
        if "systemd-logind" in numbers:
            logind = f"systemd-logind[{numbers['systemd-logind']}]"
            found += [
                (when, f"{logind}: The system will reboot now!"),
                (when, f"{logind}: System is rebooting."),
            ]
        if "sshd" in numbers:
            found.append((when + 1, f"sshd[{numbers['sshd']}]: Received signal 15; terminating."))
    if name == "syslog":
        found += [
            (when, "systemd[1]: Stopping Session 1 of User root..."),
            (when + 1, "systemd[1]: Reached target System Shutdown."),
        ]
        if "rsyslogd" in numbers:
            found.append(
                (
                    when + 1,
                    f'rsyslogd: [origin software="rsyslogd" x-pid="{numbers["rsyslogd"]}"] exiting on signal 15.',
                )
            )
    return found


def _kernel(world: World, start: int) -> Lines:
    return [(start + at, f"kernel: [{at:12.6f}] {text}") for at, text in kernel_log(world, start)]


def _units(world: World, start: int) -> Lines:
    booted, found = world.booted(), []
    for unit in units(world.system.id, world.system.version, booted, world.processes(booted + 60)):
        if not unit.active or unit.since > booted + 60:
            continue
        when = start + unit.since - booted
        name = unit.description if world.system.version in OLD else f"{unit.name} - {unit.description}"
        found += [(when - 0.4, f"systemd[1]: Starting {name}..."),
                  (when + 0.1, f"systemd[1]: {'Started' if unit.main else 'Finished'} {name}.")]  # fmt: skip
    return found


def _sshd(world: World, start: int) -> Lines:
    entry = next(
        (each for each in world.processes(world.booted() + 60) if each.name == "sshd" and each.ppid == 1),
        None,
    )
    if entry is None or entry.started > world.booted() + 60:
        return []
    when = start + entry.started - world.booted()
    return [
        (when, f"sshd[{entry.pid}]: Server listening on {address} port 22.") for address in ("0.0.0.0", "::")
    ]


def _seats(world: World, start: int) -> Lines:
    entry = next(
        (each for each in world.processes(world.booted() + 60) if each.name == "systemd-logind"), None
    )
    return (
        []
        if entry is None
        else [(start + entry.started - world.booted(), f"systemd-logind[{entry.pid}]: New seat seat0.")]
    )
