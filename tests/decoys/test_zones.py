"""The zones that TZ names, against the C library's."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from test_shell_language import persona

from decnet.decoys.events import Recorder
from decnet.decoys.host.world import World
from decnet.decoys.shell.at_once import run_at_once
from decnet.decoys.shell.state import Shell
from decnet.decoys.shell.text.zones import names

ZONES = (
    "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Auckland",
    "EST5EDT", "UTC0", "XYZ-3:30", "<+03>-3", "AAA3BBB2,J60/0,300/25", ":Asia/Tokyo", "Bad/Zone", "",
)  # fmt: skip
TIMES = (1700000000, 1720000000, 1741503600, 1793512799, 1793512800)


@pytest.fixture
def shell() -> Shell:
    into = os.open(os.devnull, os.O_WRONLY)
    return Shell(World(persona()), "root", Recorder(into).session("192.0.2.9", 4000))


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_has_the_offsets_of_the_c_library(
    zone: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "/" in zone and not Path("/usr/share/zoneinfo/Europe/Berlin").exists():
        pytest.skip("no tz database to compare with")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    expected = [time.strftime("%F %T %z %Z", time.localtime(when)) for when in TIMES]
    monkeypatch.undo()
    time.tzset()
    given = "; ".join(f"TZ='{zone}' date -d @{when} '+%F %T %z %Z'" for when in TIMES)

    assert run_at_once(shell, given).out.splitlines() == expected


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("2024-07-01 12:00", "2024-07-01T12:00:00+02:00"),
        ("2024-01-15 10:00:00 +0530", "2024-01-15T05:30:00+01:00"),
        ('TZ="America/New_York" 2020-01-01 08:00', "2020-01-01T14:00:00+01:00"),
        ("@0", "1970-01-01T01:00:00+01:00"),
        ("10 Mar 2021 15:00 UTC", "2021-03-10T16:00:00+01:00"),
    ],
)
def test_a_date_without_a_zone_is_that_of_the_clock_on_the_wall(words: str, shown: str, shell: Shell) -> None:
    answer = run_at_once(shell, f"TZ=Europe/Berlin date -Iseconds -d '{words}'")

    assert answer.out == f"{shown}\n"


def test_the_names_are_those_of_the_tz_database() -> None:
    assert {"Europe/Berlin", "UTC", "Etc/GMT+5", "EST5EDT"} <= set(names()) and len(names()) > 500
