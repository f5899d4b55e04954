"""Time zones as TZ names them: POSIX strings, and names of the tz database by their present rules."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from ...host.archive import DATA
from ...host.dates import days_in, is_leap, seconds_of, weekday
from ..state import Shell

NAME = r"(<[A-Za-z0-9+-]{3,10}>|[A-Za-z]{3,10})"
OFFSET = r"([+-]?\d{1,2}(?::\d{1,2}){0,2})"
RULE = r"(M\d{1,2}\.\d\.\d|J?\d{1,3})(?:/([+-]?\d{1,3}(?::\d{1,2}){0,2}))?"
POSIX = re.compile(f"{NAME}{OFFSET}(?:{NAME}{OFFSET}?(?:,{RULE},{RULE})?)?")
FOLDER = "/usr/share/zoneinfo/"
LONGEST = 200
AMERICAN = ("M3.2.0", "M11.1.0")
"""When summer begins and ends if TZ does not say it."""


@dataclass(frozen=True)
class Zone:
    """Offsets in seconds east of Greenwich; summer time has a rule and seconds of the day for each end."""

    name: str = "UTC"
    offset: int = 0
    summer: str = ""
    summer_offset: int = 0
    begin: tuple[str, int] = ("", 0)
    end: tuple[str, int] = ("", 0)

    def at(self, when: float) -> tuple[int, str]:
        """The offset and the abbreviation that hold at a time."""
        if not self.summer:
            return self.offset, self.name
        year = time.gmtime(when + self.offset).tm_year
        begin = _moment(self.begin, year) - self.offset
        end = _moment(self.end, year) - self.summer_offset
        is_summer = begin <= when < end if begin < end else not end <= when < begin
        return (self.summer_offset, self.summer) if is_summer else (self.offset, self.name)


UTC = Zone()


def zone_of(shell: Shell, name: str | None = None) -> Zone:
    """The zone that TZ (or this text in its place) names; UTC, as the machine's clock has it, without one."""
    text = (shell.variables.get("TZ", "") if name is None else name)[:LONGEST].removeprefix(":")
    if not text:
        return UTC
    if shell.node(FOLDER) is not None and (rule := _rule_of(text)):
        return _parsed(rule) or UTC
    found = _parsed(text)
    if found is not None:
        return found
    word = re.match(r"[A-Za-z]{3,}", text)
    return Zone(word[0] if word else "UTC")


def names() -> list[str]:
    """All names of the tz database."""
    return sorted(name for line in _lines() for name in line.split(" ")[1:])


def _lines() -> list[str]:
    return DATA.joinpath("zones.txt").read_text("ascii").splitlines()


def _rule_of(name: str) -> str:
    wanted = f" {name} "
    return next((line.partition(" ")[0] for line in _lines() if wanted in f"{line} "), "")


def _parsed(text: str) -> Zone | None:
    found = POSIX.fullmatch(text)
    if found is None:
        return None
    offset = -_seconds(found[2])
    if not found[3]:
        return Zone(found[1].strip("<>"), offset)
    summer_offset = -_seconds(found[4]) if found[4] else offset + 3600
    begin, end = found[5] or AMERICAN[0], found[7] or AMERICAN[1]
    return Zone(
        found[1].strip("<>"), offset, found[3].strip("<>"), summer_offset,
        (begin, _seconds(found[6] or "2")), (end, _seconds(found[8] or "2")),
    )  # fmt: skip


def _seconds(text: str) -> int:
    hours, minutes, seconds = ([abs(int(part)) for part in text.split(":")] + [0, 0])[:3]
    return (-1 if text.startswith("-") else 1) * (hours * 3600 + minutes * 60 + seconds)


def _moment(rule: tuple[str, int], year: int) -> int:
    """A rule's time in one year, by the clock on the wall."""
    text, seconds = rule
    if not text.startswith("M"):
        day = int(text.lstrip("J")) - (1 if text.startswith("J") else 0)
        if text.startswith("J") and is_leap(year) and day >= 59:
            day += 1
        return seconds_of(year, 1, 1) + day * 86400 + seconds
    month, week, of_week = (int(part) for part in text[1:].split("."))
    first = weekday(seconds_of(year, max(1, min(12, month)), 1))
    day = 1 + (of_week - 1 - first) % 7 + 7 * (week - 1)
    while day > days_in(year, max(1, min(12, month))):
        day -= 7
    return seconds_of(year, month, day) + seconds
