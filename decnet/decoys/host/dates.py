"""Dates without `calendar` and `time.strptime`, which load `datetime` and `locale`: 0.5 MiB."""

import re

from ..machine import seconds_to

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH = f"({'|'.join(MONTHS)})"
IN_HEADER = re.compile(rf"\w{{3}}, (\d\d) {MONTH} (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT")
BUILT = re.compile(rf"{MONTH} +(\d+) (\d\d):(\d\d):(\d\d) \w+ (\d{{4}})$")


def seconds_of(year: int, month: int, day: int) -> int:
    """Seconds since the epoch, like timegm(3). Raises ValueError for years that dates do not have."""
    if not 1 <= year <= 9999 or not 1 <= month <= 12:
        raise ValueError(year, month)
    return seconds_to(year, month, day)


def is_leap(year: int) -> bool:
    """Whether the year has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(year: int, month: int) -> int:
    """The length of a month."""
    return 28 + is_leap(year) if month == 2 else 31 - (month - 1) % 7 % 2


def weekday(seconds: int) -> int:
    """0: Monday. The epoch was a Thursday."""
    return (seconds // 86400 + 3) % 7


def of_header(text: str) -> int | None:
    """Seconds since the epoch of the date of an HTTP header, None for another text."""
    found = IN_HEADER.fullmatch(text)
    if found is None:
        return None
    of_month, month, year, *clock = found.groups()
    return _moment(year, month, of_month, clock)


def of_build(text: str) -> int | None:
    """The same of what ends like `Fri Aug 2 20:41:06 UTC 2024`."""
    found = BUILT.search(text)
    if found is None:
        return None
    month, of_month, *clock, year = found.groups()
    return _moment(year, month, of_month, clock)


def _moment(year: str, month: str, of_month: str, clock: list[str]) -> int:
    hour, minute, second = map(int, clock)
    return seconds_to(int(year), MONTHS.index(month) + 1, int(of_month)) + (hour * 60 + minute) * 60 + second
