"""Timers of systemd: what systemctl lists, syslog has, in order and at the hours of the unit files."""

from __future__ import annotations

import time

import pytest

from decnet.decoys.host import log_files
from decnet.decoys.host.timers import TIMERS, last_and_next, logged, runs, timers
from decnet.decoys.host.world import World
from decnet.decoys.persona import Persona

DAY = 86_400
NOW = int(time.time())
NAMED = {timer.name: timer for timer in TIMERS}


def world_of(release: str = "debian-12", seed: str = "ab") -> World:
    return World(
        Persona(
            "ssh",
            "web01",
            "linux",
            release,
            "",
            seed * 16,
            ((22, "tcp"),),
            {},
            "192.0.2.7",
            "00:50:56:01:02:03",
        )
    )


@pytest.mark.parametrize(
    ("name", "weekday", "earliest", "latest"),
    [
        ("logrotate", None, 0, 0),
        ("fstrim", 0, 0, 6_000),
        ("e2scrub_all", 6, 11_400, 11_460),
        ("apt-daily-upgrade", None, 21_600, 25_200),
    ],
)
def test_a_timer_runs_when_its_unit_file_says(
    name: str, weekday: int | None, earliest: int, latest: int
) -> None:
    found = runs(world_of(), NAMED[name], NOW, NOW + 30 * DAY)

    assert len(found) >= (29 if weekday is None else 4)
    for when in found:
        assert earliest <= when % DAY <= latest
        assert weekday is None or time.gmtime(when).tm_wday == weekday


@pytest.mark.parametrize(
    "release", ["debian-11", "debian-12", "ubuntu-20.04", "ubuntu-22.04", "ubuntu-24.04"]
)
def test_what_has_run_last_is_in_syslog_at_that_second(release: str) -> None:
    world = world_of(release)
    rotated = NOW - 6 * DAY
    lines = log_files.current(world, "syslog", rotated, NOW).decode()

    for timer in timers(world):
        last, then = last_and_next(world, timer, NOW)
        assert then > NOW
        if last > rotated:
            stamp = time.strftime("%H:%M:%S", time.gmtime(last))
            wanted = [line for line in lines.splitlines() if stamp in line and timer.service in line]
            assert wanted and "Starting" in wanted[0]


def test_only_timers_of_installed_packages_are_there() -> None:
    assert "dpkg-db-backup" in {timer.name for timer in timers(world_of("debian-12"))}
    assert "dpkg-db-backup" not in {timer.name for timer in timers(world_of("debian-11"))}
    assert "ua-timer" not in {timer.name for timer in timers(world_of("debian-12"))}


def test_a_time_cut_in_two_has_the_same_lines() -> None:
    world = world_of()
    whole = logged(world, NOW - 5 * DAY, NOW)
    cut = [*logged(world, NOW - 5 * DAY, NOW - 2 * DAY), *logged(world, NOW - 2 * DAY + 1, NOW)]

    assert cut == whole
