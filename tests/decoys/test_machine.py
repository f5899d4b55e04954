"""When a machine was installed and started, and when its services were: never before they existed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from decnet.decoys import machine as machines
from decnet.decoys.machine import MOST_AFTER_RELEASE, Machine, day
from decnet.decoys.persona import Persona

HOUR, DAY = 3600, 86400
NOW = day("2026-03-01")
PERSONA = Persona(
    "redis", "srv", "linux", "debian-12", "7.0.15", "a" * 32, ((6379, "tcp"),), machine_seed="b" * 32
)
SEEDS = [f"{number:032x}" for number in range(40)]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test may change."""
    now = [float(NOW)]
    monkeypatch.setattr(machines.time, "time", lambda: now[0])
    return now


def made(seed: str = "b" * 32, **changes: object) -> Machine:
    return Machine(replace(PERSONA, machine_seed=seed, **changes))  # type: ignore[arg-type]


def test_machines_of_one_deploy_were_started_at_different_times(clock: list[float]) -> None:
    machines_ = [made(seed, since=NOW) for seed in SEEDS]
    booted = [machine.booted() for machine in machines_]
    assert len(set(booted)) == len(SEEDS) and max(booted) < NOW
    assert all(machine.installed < when for machine, when in zip(machines_, booted, strict=True))


def test_time_of_the_start_never_goes_backwards(clock: list[float]) -> None:
    machine, times = made(since=NOW), []
    for _ in range(400):
        times.append(machine.booted())
        clock[0] += DAY / 2
    assert times == sorted(times) and len(set(times)) > 2


def test_an_added_service_is_up_since_it_was_added(clock: list[float]) -> None:
    machine = made(since=NOW - 40 * DAY, service_since=NOW - HOUR)
    assert machine.started("redis", NOW - HOUR) == NOW - HOUR
    clock[0] += 100 * DAY
    assert NOW < machine.booted() + 9 < machine.started("redis", NOW - HOUR) < machine.booted() + 21


def test_no_service_was_started_in_the_future() -> None:
    assert made(since=NOW - 5).started("ssh", 0) < NOW
    assert made(since=NOW - 5, service_since=NOW - 2).started("ssh", NOW + 2) == NOW
    assert made(since=NOW + HOUR).started("ssh", NOW + 2 * HOUR) == NOW


def test_a_real_reboot_is_the_last_start(clock: list[float]) -> None:
    machine = made("f" * 32, since=NOW - 100 * DAY)
    machine.rebooted(clock[0])
    assert Machine(machine.persona).booted() == NOW and made(since=NOW - 100 * DAY).booted() < NOW


def test_a_machine_has_received_no_more_than_in_its_time(clock: list[float]) -> None:
    machine, seen = made(since=NOW - 60), []
    for _ in range(50):
        seen.append(machine.received())
        clock[0] += 600
    assert 0 < seen[0] <= (NOW - made(since=NOW - 60).booted()) * 26 and seen == sorted(set(seen))


def test_each_start_is_counted(clock: list[float]) -> None:
    machine, seen = made("e" * 32, since=NOW), []
    for number in range(60):
        clock[0] += 5 * DAY
        if number % 7 == 0:
            machine.rebooted(clock[0])
        seen.append((machine.booted(), machine.boots()))
    pairs = list(zip(seen, seen[1:], strict=False))
    assert all((after[0] > before[0]) == (after[1] > before[1]) for before, after in pairs)


@pytest.mark.parametrize("release", ["debian-12", "ubuntu-24.04", "synology-dsm-7", "openwrt-21.02", "other"])
@pytest.mark.parametrize("since", [0, day("2026-02-28")])
def test_no_machine_was_installed_before_its_system_was_released(release: str, since: int) -> None:
    released = next((day(date) for name, date in machines.RELEASED.items() if release.startswith(name)), 0)
    installed = {made(seed, release=release, since=since).installed for seed in SEEDS}
    assert len(installed) == len(SEEDS) and released < min(installed)
    assert max(installed) < (since or NOW)


def test_a_machine_of_an_older_version_was_installed_when_it_always_was() -> None:
    assert made().installed == 1_690_000_000 + PERSONA.machine.number("installed", 0, 30_000_000)


def test_a_service_makes_its_own_files_at_its_first_start_and_after_its_release() -> None:
    machine = made()
    assert machine.first_start(60) == machine.installed + 60
    assert made(service_since=NOW - HOUR).first_start(60) == NOW - HOUR
    assert made(service_since=NOW, service_first=NOW - DAY).first_start(60) == NOW - DAY
    assert made(service_since=NOW, service_first=0).first_start(60) == machine.installed + 60
    released = day("2025-12-01")
    assert released < made().first_start(60, released) < released + MOST_AFTER_RELEASE
