"""What `date -d` understands: dates, times, words and steps from there."""

import re
import time
from dataclasses import dataclass, field

from ...host.dates import days_in, seconds_of
from ..process import Process
from .common import Failure, quoted
from .zones import UTC, Zone, zone_of

UNITS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400, "week": 604800,
         "fortnight": 1209600}  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WORDS = {"now": 0, "today": 0, "yesterday": -86400, "tomorrow": 86400}
ZONES = {"utc": 0, "gmt": 0, "z": 0, "ut": 0, "est": -18000, "edt": -14400, "cst": -21600, "cdt": -18000,
         "mst": -25200, "mdt": -21600, "pst": -28800, "pdt": -25200, "cet": 3600, "cest": 7200, "bst": 3600,
         "wet": 0, "eet": 7200, "msk": 10800, "jst": 32400}  # fmt: skip
ISO = re.compile(r"(\d{4})([-/]?)(\d{1,2})\2(\d{1,2})(?:[t ](\d.*))?(?![\w:])")
AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?![\w:/])")
SECONDS = re.compile(r"@([+-]?\d{1,18}(?:[.,]\d*)?)")
OWN_ZONE = re.compile(r'tz="([^"]*)"\s*', re.IGNORECASE)
HALF_DAY = re.compile(r"(\d{1,2})(am|pm)")
MONTH_AND_DAY = re.compile(r"(\d{1,2})/(\d{1,2})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?(am|pm|z|[+-]\d{1,2}(?::?\d{2})?)?")


@dataclass
class Reading:
    """What the words of -d have set."""

    seconds: float
    dated: bool = False
    """Whether the words have a date: a weekday counts only without one."""
    clock: int | None = None
    moved: bool = False
    steps: int = 0
    """Hours, minutes and seconds from there, in seconds."""
    offset: int | None = None
    """Seconds east of Greenwich, if the words name a zone."""
    left: list[str] = field(default_factory=list)


LATE = re.compile(r"([a-z\d+-][a-z\d +-]*?) (\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?)")
"""Words like "3 weeks ago" before the date from which they count."""


def moment(process: Process, text: str, now: float, zone: Zone | None = None) -> float:
    """The time that words stand for in a zone (that of TZ). Raises Failure."""
    bad = Failure(f"invalid date {quoted(process, text)}")
    words = text.strip()[:200]
    if found := OWN_ZONE.match(words):
        zone, words = zone_of(process.shell, found[1]), words[found.end() :]
    words = words.lower()
    if (late := LATE.fullmatch(words)) is not None:
        words = f"{late[2]} {late[1]}"
    if found := SECONDS.fullmatch(words):
        return max(-(2.0**40), min(2.0**40, float(found[1].replace(",", "."))))
    try:
        return _read(words, now, bad, zone_of(process.shell) if zone is None else zone)
    except (ValueError, OverflowError):
        raise bad from None


def _read(words: str, now: float, bad: Failure, zone: Zone = UTC) -> float:
    """The words, of which those without a zone of their own count by the clock on the wall."""
    reading = Reading(now + zone.at(now)[0])
    words = AMERICAN.sub(r"\3-\1-\2", words, count=1)
    found = ISO.match(words)
    if found and not found[2] and len(found[3] + found[4]) < 4:
        found = None
    if found:
        year, month, day = (int(found[part]) for part in (1, 3, 4))
        if not (1 <= month <= 12 and 1 <= day <= days_in(max(1, year), month)):
            raise bad
        reading.seconds = seconds_of(year, month, day)
        words = (found[5] or "") + words[found.end() :]
        reading.clock, reading.dated = 0, True
    reading.left = words.replace(",", " ").split()
    if not words and not found:
        reading.clock = 0
    while reading.left:
        if not _word(reading):
            raise bad
    wall = reading.seconds
    if reading.clock is not None:
        wall = wall - wall % 86400 + reading.clock
    wall += reading.steps
    if reading.offset is not None:
        shift = zone.at(now)[0] if reading.clock is None else reading.offset
        return wall - shift
    return wall - zone.at(wall - zone.offset)[0]


def _word(reading: Reading) -> bool:
    """Take one or a few words; False for what is not known."""
    left = reading.left
    word = left.pop(0)
    clock = CLOCK.fullmatch(word)
    if clock:
        hour = (
            int(clock[1]) % 12 + (12 if clock[4] == "pm" else 0)
            if clock[4] in ("am", "pm")
            else int(clock[1])
        )
        reading.clock = hour * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
        if clock[4] and clock[4] not in ("am", "pm"):
            reading.offset = _offset(clock[4])
        if len(left) > 1 and re.fullmatch(r"[+-]\d{1,4}", left[0]) and _is_unit(left[1]):
            reading.offset = _offset(left.pop(0))  # As date reads it: "12:00 +1 day" is in the zone +01.
        return hour < 24 and int(clock[2]) < 60
    if (half := HALF_DAY.fullmatch(word)) or (
        word.isdecimal() and len(word) < 3 and left[:1] in (["am"], ["pm"])
    ):
        hour, name = (int(half[1]), half[2]) if half else (int(word), left.pop(0))
        reading.clock = (hour % 12 + (12 if name == "pm" else 0)) * 3600
        return 1 <= hour <= 12
    if short := MONTH_AND_DAY.fullmatch(word):
        return _date(reading, time.gmtime(reading.seconds).tm_year, int(short[1]), int(short[2]))
    if word.isdecimal() and len(word) == 8:
        return _date(reading, int(word[:4]), int(word[4:6]), int(word[6:]))
    if word.isdecimal() and len(word) == 4 and not (left and _is_unit(left[0])):
        reading.clock = int(word[:2]) * 3600 + int(word[2:]) * 60
        return int(word[:2]) < 24 and int(word[2:]) < 60
    if _is_unit(word):
        left.insert(0, word)
        return _relative(reading, 1)
    if word in WORDS:
        reading.seconds += WORDS[word]
        return True
    if word in ZONES:
        reading.offset = ZONES[word]
        return True
    if word == "at":
        return True
    if re.fullmatch(r"[+-]\d{2}:?\d{2}", word) and reading.clock is not None:
        reading.offset = _offset(word)
        return True
    if word[:3] in DAYS and word.rstrip("day") != "":
        return _to_day(reading, DAYS.index(word[:3]), 0)
    if word[:3] in MONTHS:
        return _month(reading, MONTHS.index(word[:3]) + 1)
    if word in ("next", "last", "this"):
        return _relative(reading, {"next": 1, "last": -1, "this": 0}[word])
    if word in ("+", "-") and left:
        left[0] = word + left[0]
        return True
    number = re.fullmatch(r"([+-]?\d{1,9})([a-z]*)", word)
    if not number:
        return False
    if left and left[0][:3] in MONTHS and not left[0].startswith("month"):
        left[:1] = [left[0], word]
        return True
    if number[2]:
        left.insert(0, number[2])
    return bool(left) and _relative(reading, int(number[1]))


def _date(reading: Reading, year: int, month: int, day: int) -> bool:
    """Go to a day; False if there is none."""
    if not (1 <= month <= 12 and 1 <= day <= days_in(max(1, year), month)):
        return False
    reading.seconds = seconds_of(year, month, day)
    reading.clock, reading.dated = reading.clock or 0, True
    return True


def _is_unit(word: str) -> bool:
    return word.removesuffix("s") in (*UNITS, "month", "year")


def _offset(text: str) -> int:
    """Seconds east of Greenwich of `z`, `+02`, `+0200` or `+02:00`."""
    digits = text.strip("z+-").replace(":", "")
    if not digits:
        return 0
    hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
    return (-1 if text.startswith("-") else 1) * (hours * 3600 + minutes * 60)


def _relative(reading: Reading, count: int) -> bool:
    unit = reading.left.pop(0) if reading.left else ""
    if unit[:3] in DAYS and not unit.startswith("month"):
        return _to_day(reading, DAYS.index(unit[:3]), count)
    if reading.left[:1] == ["ago"]:
        reading.left.pop(0)
        count = -count
    unit = unit.removesuffix("s")
    if unit in UNITS and UNITS[unit] < 86400:
        reading.steps += count * UNITS[unit]
        return True
    if unit in UNITS:
        reading.seconds += count * UNITS[unit]
        return True
    if unit in ("month", "year"):
        parts = time.gmtime(reading.seconds)
        months = parts.tm_year * 12 + parts.tm_mon - 1 + count * (12 if unit == "year" else 1)
        rest = reading.seconds - seconds_of(parts.tm_year, parts.tm_mon, 1)
        reading.seconds = seconds_of(months // 12, months % 12 + 1, 1) + rest
        return True
    return False


def _to_day(reading: Reading, day: int, count: int) -> bool:
    if reading.dated:
        reading.clock = reading.clock or 0
        return True
    today = time.gmtime(reading.seconds).tm_wday
    ahead = (day - today) % 7
    ahead += 7 * (count - (1 if count > 0 and ahead else 0))
    reading.seconds += ahead * 86400
    reading.clock = reading.clock or 0
    return True


def _month(reading: Reading, month: int) -> bool:
    parts = time.gmtime(reading.seconds)
    day, year = 1, parts.tm_year
    if reading.left and reading.left[0].isdecimal() and len(reading.left[0]) <= 2:
        day = int(reading.left.pop(0))
    if reading.left and re.fullmatch(r"\d{4}", reading.left[0]):
        year = int(reading.left.pop(0))
    reading.seconds = seconds_of(year, month, day)
    reading.clock, reading.dated = reading.clock or 0, True
    return 1 <= day <= 31
