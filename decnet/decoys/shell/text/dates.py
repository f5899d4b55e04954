"""date and cal."""

import calendar
import re
import time
from dataclasses import dataclass, field

from ..process import Process, Running
from .common import Failure, Options, parse, quoted, tool

MOST_FORMAT = 1000
LONG = """date=d file=f iso-8601::=I reference=r rfc-email=R rfc-2822=R rfc-3339: set=s utc=u universal=u
debug"""
UNITS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400, "week": 604800,
         "fortnight": 1209600}  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WORDS = {"now": 0, "today": 0, "yesterday": -86400, "tomorrow": 86400}
ZONES = ("utc", "gmt", "z", "ut")
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ](\d.*))?")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?(am|pm|z|[+-]\d{2}:?\d{2})?")
ISO_FORMS = {"date": "%Y-%m-%d", "hours": "%Y-%m-%dT%H+00:00", "minutes": "%Y-%m-%dT%H:%M+00:00",
             "seconds": "%Y-%m-%dT%H:%M:%S+00:00", "ns": "%Y-%m-%dT%H:%M:%S,%N+00:00"}  # fmt: skip


@tool
def date(process: Process) -> Running:
    """The time, in UTC, in any format; `-d` for another one."""
    options = parse(process, "d:f:I::r:Rs:u", LONG)
    operands = options.operands
    form = next((word[1:] for word in operands if word.startswith("+")), "")
    others = [word for word in operands if not word.startswith("+")]
    if len(operands) - len(others) > 1 or len(others) > 1:
        raise Failure(f"extra operand {quoted(process, operands[1])}", hint=True)
    now = time.time()
    when = _when(process, options, now)
    if "s" in options or others:
        text = options.value("s") or others[0]
        if "s" not in options and not text.isdecimal():
            raise Failure(f"invalid date {quoted(process, text)}")
        when = moment(process, text, now) if "s" in options else now
        if process.shell.user != "root":
            process.err(f"{process.name}: cannot set date: Operation not permitted\n")
    process.out(stamp(form or _default(process, options), when) + "\n")
    yield 0.0
    return 1 if ("s" in options or others) and process.shell.user != "root" else 0


def _when(process: Process, options: Options, now: float) -> float:
    if "r" in options:
        path = options.value("r")
        node = process.shell.node(process.shell.absolute(path))
        if node is None:
            raise Failure(f"{path}: No such file or directory")
        return float(node.changed)
    return moment(process, options.value("d"), now) if "d" in options else now


def _default(process: Process, options: Options) -> str:
    if "R" in options:
        return "%a, %d %b %Y %H:%M:%S +0000"
    if "I" in options:
        name = options.value("I") or "date"
        return next((form for key, form in ISO_FORMS.items() if key.startswith(name)), ISO_FORMS["date"])
    if "rfc-3339" in options:
        seconds = options.value("rfc-3339").startswith("s")
        return "%Y-%m-%d %H:%M:%S+00:00" if seconds else "%Y-%m-%d"
    variables = process.shell.variables
    locale = variables.get("LC_ALL") or variables.get("LC_TIME") or variables.get("LANG") or ""
    american = locale.startswith("en_US") and not process.shell.world.system.busybox
    return "%a %b %e %I:%M:%S %p UTC %Y" if american else "%a %b %e %H:%M:%S UTC %Y"


def stamp(form: str, when: float) -> str:
    """A time in a format of date."""
    parts = time.gmtime(when)
    nanoseconds = f"{int(when % 1 * 1e9):09d}"
    special = {
        "s": str(int(when)), "z": "+0000", "Z": "UTC", ":z": "+00:00", "::z": "+00:00:00", "%": "%",
        "P": time.strftime("%p", parts).lower(), "q": str((parts.tm_mon - 1) // 3 + 1),
    }  # fmt: skip

    def one(found: re.Match[str]) -> str:
        flags, letter = found[1], found[2]
        if letter == "N":
            return nanoseconds[: int(flags[-1]) or 9] if flags[-1:].isdecimal() else nanoseconds
        return special.get(letter) or time.strftime(f"%{flags[:2]}{letter}", parts)

    return re.sub(r"%([-_0^#]?[0-9]?)(:{0,2}[A-Za-z%])", one, form[:MOST_FORMAT])


@dataclass
class Reading:
    """What the words of -d have set."""

    seconds: float
    clock: int | None = None
    moved: bool = False
    left: list[str] = field(default_factory=list)


def moment(process: Process, text: str, now: float) -> float:
    """The time that words stand for. Raises Failure."""
    bad = Failure(f"invalid date {quoted(process, text)}")
    words = text.strip()[:200].lower()
    if words.startswith("@"):
        try:
            return max(-(2.0**40), min(2.0**40, float(words[1:])))
        except ValueError:
            raise bad from None
    try:
        return _read(words, now, bad)
    except (ValueError, OverflowError):
        raise bad from None


def _read(words: str, now: float, bad: Failure) -> float:
    reading = Reading(now)
    found = ISO.match(words)
    if found:
        year, month, day = (int(part) for part in found.groups()[:3])
        if not (1 <= month <= 12 and 1 <= day <= 31):
            raise bad
        reading.seconds = calendar.timegm((year, month, day, 0, 0, 0))
        words = (found[4] or "") + words[found.end() :]
        reading.clock = 0
    reading.left = words.replace(",", " ").split()
    if not words and not found:
        return now - now % 86400
    while reading.left:
        if not _word(reading):
            raise bad
    if reading.clock is not None:
        return (
            reading.seconds - reading.seconds % 86400 + reading.clock
            if not found
            else reading.seconds + reading.clock
        )
    return reading.seconds


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
        return hour < 24 and int(clock[2]) < 60
    if word in WORDS:
        reading.seconds += WORDS[word]
        return True
    if word in ZONES or word == "at":
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


def _relative(reading: Reading, count: int) -> bool:
    unit = reading.left.pop(0) if reading.left else ""
    if unit[:3] in DAYS and not unit.startswith("month"):
        return _to_day(reading, DAYS.index(unit[:3]), count)
    if reading.left[:1] == ["ago"]:
        reading.left.pop(0)
        count = -count
    unit = unit.removesuffix("s")
    if unit in UNITS:
        reading.seconds += count * UNITS[unit]
        return True
    if unit in ("month", "year"):
        parts = time.gmtime(reading.seconds)
        months = parts.tm_year * 12 + parts.tm_mon - 1 + count * (12 if unit == "year" else 1)
        rest = reading.seconds - calendar.timegm((parts.tm_year, parts.tm_mon, 1, 0, 0, 0))
        reading.seconds = calendar.timegm((months // 12, months % 12 + 1, 1, 0, 0, 0)) + rest
        return True
    return False


def _to_day(reading: Reading, day: int, count: int) -> bool:
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
    reading.seconds = calendar.timegm((year, month, day, 0, 0, 0))
    reading.clock = reading.clock or 0
    return 1 <= day <= 31


@tool
def cal(process: Process) -> Running:
    """A month, or a year."""
    options = parse(process, "13hjmyn:", "year=y three=3 one=1 monday=m")
    numbers = [word for word in options.operands if word.isdecimal()][:3]
    today = time.gmtime()
    year = int(numbers[-1][:4]) if numbers else today.tm_year
    if not 1 <= year <= 9999:
        raise Failure(f"year '{year}' not in range 1..9999", 64)
    whole = "y" in options or len(numbers) == 1
    month = int(numbers[-2][:2]) if len(numbers) > 1 else today.tm_mon
    if not 1 <= month <= 12:
        raise Failure("illegal month value: use 1-12", 64)
    made = calendar.TextCalendar(0 if "m" in options else 6)
    if whole:
        process.out(made.formatyear(year, w=2, l=1, c=2) + "\n")
    else:
        rows = made.formatmonth(year, month).split("\n")[:-1]
        lines = [rows[0].center(20).rstrip(), *rows[1:]]
        process.out("".join(line.ljust(20) + "  \n" for line in [*lines, *[""] * (8 - len(lines))]))
    yield 0.0
    return 0


COMMANDS = {"date": date, "cal": cal}
