"""`mutate_hours` and `time_zone` of a fleet file: what is valid, and the line of what is not."""

from __future__ import annotations

import re

import pytest

from decnet.errors import SpecError
from decnet.model import fleetfile
from decnet.model.fleetwriter import to_toml
from decnet.model.hours import DEFAULT_HOURS, HOURS, mutate_hours

DECKY = '[decky.web]\nservices = ["http"]\n'


@pytest.mark.parametrize(
    "text",
    [
        DEFAULT_HOURS,
        "always",
        "07:00-19:00",
        "Sat 22:00-02:00",
        "Fri-Mon 00:00-00:00",
        "Mon 01:00-02:00,Tue 03:00-04:00",
    ],
)
def test_hours_and_zone_are_read_and_written(text: str) -> None:
    spec = fleetfile.parse(f'mutate_hours = "{text}"\ntime_zone = "Europe/Berlin"\n{DECKY}', "f.toml")
    assert (spec.mutate_hours, spec.time_zone) == (text, "Europe/Berlin")
    again = fleetfile.parse(to_toml(spec), "f.toml")
    assert (again.mutate_hours, again.time_zone) == (text, "Europe/Berlin")


@pytest.mark.parametrize(
    "text",
    ["", "Mon-Fri", "7:00-19:00", "24:00-25:00", "mon 07:00-19:00", "Mon 07:00-19:00;", "always, 07:00-19:00",
     "07:00",
     ", ".join(["07:00-19:00"] * 30)],
)  # fmt: skip
def test_other_hours_are_refused_with_their_line(text: str) -> None:
    with pytest.raises(SpecError, match=re.escape("f.toml:1: `mutate_hours` must be like")):
        fleetfile.parse(f'mutate_hours = "{text}"\n{DECKY}', "f.toml")


@pytest.mark.parametrize(
    "text", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "Europe/", "UTC+25:00"]
)
def test_other_time_zones_are_refused_with_their_line(text: str) -> None:
    with pytest.raises(SpecError, match="f.toml:1: `time_zone` must be a"):
        fleetfile.parse(f'time_zone = "{text}"\n{DECKY}', "f.toml")


def test_the_pattern_for_editors_is_that_of_the_parser() -> None:
    assert re.search(HOURS, DEFAULT_HOURS)
    assert mutate_hours(DEFAULT_HOURS) is None
