"""The timers of systemd on Debian and Ubuntu: when each has run, when it is due, and what the log has of it.
Source: the unit files of the packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import World

DAY = 86_400
HOUR = 3_600
BEFORE_253 = ("11", "20.04", "22.04")
"""Releases whose systemd logs descriptions of units without their names."""
SUCCEEDED = ("11", "20.04")
"""Releases whose systemd has "Succeeded." for what newer ones call "Deactivated successfully."."""


@dataclass(frozen=True)
class Timer:
    """One timer. `at`: seconds after midnight; `delay`: the most that is added, in seconds, anew for a run;
    `packages`: it belongs to one of them; `weekday`: its only day, 0 is Monday; `boot`: it counts from the
    machine's start; `takes`: seconds of a run."""

    name: str
    service: str
    packages: tuple[str, ...]
    at: tuple[int, ...] = (0,)
    delay: int = 0
    weekday: int | None = None
    boot: bool = False
    takes: int = 1


TIMERS = (
    Timer("apt-daily", "Daily apt download activities", ("apt",), (6 * HOUR, 18 * HOUR), 12 * HOUR, takes=4),
    Timer(
        "apt-daily-upgrade", "Daily apt upgrade and clean activities", ("apt",), (6 * HOUR,), HOUR, takes=2
    ),
    Timer("dpkg-db-backup", "Daily dpkg database backup service", ("dpkg",)),
    Timer("e2scrub_all", "Online ext4 Metadata Check for All Filesystems", ("e2fsprogs",), (11_400,), 60, 6),
    Timer("exim4-base", "exim4-base housekeeping", ("exim4-base",)),
    Timer("fstrim", "Discard unused blocks on filesystems from /etc/fstab", ("util-linux",), (0,), 6_000, 0),
    Timer("logrotate", "Rotate log files", ("logrotate",)),
    Timer("man-db", "Daily man-db regeneration", ("man-db",), (0,), 12 * HOUR, takes=2),
    Timer("motd-news", "Message of the Day", ("ubuntu-server", "ubuntu-minimal"), (0, 12 * HOUR), 12 * HOUR),
    Timer("systemd-tmpfiles-clean", "Cleanup of Temporary Directories", ("systemd",), (900,), boot=True),
    Timer(
        "ua-timer",
        "Ubuntu Pro Timer for running repeated jobs",
        ("ubuntu-advantage-tools", "ubuntu-pro-client"),
        tuple(range(0, DAY, 6 * HOUR)),
        HOUR,
    ),
)
LATER = {"dpkg-db-backup": ("11", "20.04")}
"""Timers that their packages did not have yet in these releases."""


def timers(world: World) -> list[Timer]:
    """Those whose packages the machine has."""
    return [
        timer
        for timer in TIMERS
        if any(name in (world.packages or ()) for name in timer.packages)
        and world.system.version not in LATER.get(timer.name, ())
    ]


def runs(world: World, timer: Timer, since: int, until: int) -> list[int]:
    """When it ran, or is due, in that time (seconds since 1970, both included), in order. It does not run
    while the machine is down."""
    if timer.boot:
        start = world.machine.start_at(max(since, 0)) + timer.at[0]
        found = [
            start + DAY * number
            for number in range(max(0, (since - start) // DAY), (until - start) // DAY + 1)
        ]
    else:
        found = [
            day + at + world.persona.number(f"{timer.name} {day + at}", 0, timer.delay)
            for day in range(since // DAY * DAY - DAY, until + 1, DAY)
            if timer.weekday is None or (day // DAY + 3) % 7 == timer.weekday
            for at in timer.at
        ]
    return sorted(when for when in found if since <= when <= until and world.machine.was_up(when))


def last_and_next(world: World, timer: Timer, now: int) -> tuple[int, int]:
    """When it ran last, 0 if that was before the machine's start, and when it is due."""
    past = runs(world, timer, max(world.booted(), now - 8 * DAY), now)
    return (past[-1] if past else 0), runs(world, timer, now + 1, now + 15 * DAY)[0]


def logged(world: World, since: int, until: int) -> list[tuple[int, str, str]]:
    """What systemd logged of all runs in that time: seconds since 1970, the unit, the text."""
    version, found = world.system.version, []
    end = "Succeeded" if version in SUCCEEDED else "Deactivated successfully"
    for timer in timers(world):
        unit = f"{timer.name}.service"
        name = timer.service if version in BEFORE_253 else f"{unit} - {timer.service}"
        for when in runs(world, timer, since - timer.takes, until):
            rows = (
                (when, f"Starting {name}..."),
                (when + timer.takes, f"{unit}: {end}."),
                (when + timer.takes, f"Finished {name}."),
            )
            found += [(moment, unit, text) for moment, text in rows if since <= moment <= until]
    return sorted(found, key=lambda row: row[0])
