"""Dates in the forms of headers and builds: time.strptime(3) would load the module of locales."""

import re

from ..machine import day

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH = f"({'|'.join(MONTHS)})"
IN_HEADER = re.compile(rf"\w{{3}}, (\d\d) {MONTH} (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT")
BUILT = re.compile(rf"{MONTH} +(\d+) (\d\d):(\d\d):(\d\d) \w+ (\d{{4}})$")


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
    return day(f"{year}-{MONTHS.index(month) + 1}-{of_month}") + (hour * 60 + minute) * 60 + second
