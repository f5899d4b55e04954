"""The values of `mutate_hours` and `time_zone` in a fleet file, checked without heavy imports."""

from __future__ import annotations

import re

from .values import display

ALWAYS = "always"
DEFAULT_HOURS = "Mon-Fri 07:00-19:00"
"""Where a fleet does not set `mutate_hours`: when people work who change machines."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY, _TIME = f"({'|'.join(DAYS)})", "([01][0-9]|2[0-3]):[0-5][0-9]"
_ONE = rf"({_DAY}(-{_DAY})? )?{_TIME}-{_TIME}"
HOURS = rf"^({ALWAYS}|{_ONE}(, ?{_ONE})*)$"
ZONE = r"^[A-Za-z0-9][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"


def mutate_hours(value: str) -> str | None:
    """The problem of `mutate_hours`, or None."""
    if len(value) <= 200 and re.fullmatch(HOURS, value):
        return None
    return f'must be like "{DEFAULT_HOURS}, Sat 22:00-02:00", or "{ALWAYS}", not {display(value)}'


def time_zone(value: str) -> str | None:
    """The problem of `time_zone`, or None."""
    if len(value) > 60 or not re.fullmatch(ZONE, value):
        return f'must be a name like "Europe/Berlin" or "UTC", not {display(value)}'
    if not is_known_zone(value):
        return f"must be a time zone that this machine knows (package tzdata), not {display(value)}"
    return None


def is_known_zone(name: str) -> bool:
    """Whether this machine has the rules of a time zone."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
