"""The values in `[rollout.NAME]`, checked without pydantic, whose import takes longer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .values import display

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
DURATION = r"^(?=.)([0-9]{1,3}d)?([0-9]{1,4}h)?([0-9]{1,5}m)?([0-9]{1,8}s)?$"
LONGEST = 366 * 86_400
SHARE = r"^([0-9]{1,6}|[0-9]{1,3}%)$"
NEVER = "never"
LEAST_CONFIRM, MOST_CONFIRM = 10, 86_400
"""Seconds that a worker can wait for a confirmation."""
MOST_WAVES = 64

Number = str | int
"""A number or a percentage: 2, "2" or "10%"."""


def seconds_of(text: str) -> float:
    """The seconds of a duration that was checked: 5400 of "1h30m"."""
    return float(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"([0-9]+)([dhms])", text)))


def duration_text(seconds: float) -> str:
    """Seconds as a duration: "1h30m", "0s"."""
    left, found = round(seconds), ""
    for unit, size in UNITS.items():
        number, left = divmod(left, size)
        found += f"{number}{unit}" if number else ""
    return found or "0s"


def duration(value: str) -> str | None:
    """The problem of a duration, or None."""
    if not re.fullmatch(DURATION, value):
        return f'must be a duration like "90s", "10m" or "1h30m", not {display(value)}'
    return "must be at most 366 days" if seconds_of(value) > LONGEST else None


def positive_duration(value: str) -> str | None:
    """The problem of a duration that must not be 0, or None."""
    return duration(value) or (None if seconds_of(value) else "must be longer than 0s")


def confirmation(value: str) -> str | None:
    """The problem of `confirm_within`, or None."""
    if value == NEVER:
        return None
    if not re.fullmatch(DURATION, value):
        return f'must be "never" or a duration like "10m", not {display(value)}'
    fits = LEAST_CONFIRM <= seconds_of(value) <= MOST_CONFIRM
    return None if fits else 'must be "never", or from 10s to 1d'


def share(value: Number) -> str | None:
    """The problem of a number or percentage of units, at least 1, or None."""
    complaint = share_or_none(value)
    if complaint:
        return complaint
    return None if int(str(value).removesuffix("%")) else "must be at least 1, or at least 1%"


def share_or_none(value: Number) -> str | None:
    """The problem of a number or percentage of units that may be 0, or None."""
    text = str(value)
    if not re.fullmatch(SHARE, text):
        return f'must be a number like 2, or a percentage like "10%", not {display(value)}'
    return "must be at most 100%" if text.endswith("%") and int(text[:-1]) > 100 else None


def waves(value: Sequence[object]) -> str | None:
    """The problem of a list of waves as far as their texts show it, or None."""
    if not 1 <= len(value) <= MOST_WAVES:
        return f"must be a list of 1 to {MOST_WAVES} waves"
    return next((complaint for each in value if (complaint := _wave(each))), None)


def _wave(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return f"must be a list of numbers, percentages and selectors, and {display(value)} is none"
    text = str(value)
    if re.fullmatch(r"-?[0-9]+%?", text):
        complaint = share(value)
        return f"has the wave {display(value)}, which {complaint}" if complaint else None
    if not text.strip(" ,!") or len(text) > 200 or not text.isprintable():
        return f"has the wave {display(value)}, which selects nothing"
    return None
