"""The values in a fleet file's `[events.*]`, checked without pydantic, whose import takes longer."""

from __future__ import annotations

import re

from .values import display

UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
SIZE = r"^[1-9][0-9]{0,5} ?([KMGT]iB)$"
LEAST_SIZE = 1 << 20
HOURS = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"


def hours(value: str) -> str | None:
    """The problem of a time of day in a fleet file, or None."""
    if re.fullmatch(HOURS, value):
        return None
    return f'must be hours in UTC like "22:00-06:30", not {display(value)}'


def selector(value: str) -> str | None:
    """The problem of a selector in a fleet file as far as its text shows it, or None."""
    if len(value) > 200:
        return "must be at most 200 characters"
    return None if value.strip(" ,") else "must name something"


def size(value: str) -> str | None:
    """The problem of a size in a fleet file, or None."""
    if not re.fullmatch(SIZE, value):
        return f'must be a size like "500 MiB" or "10 GiB", not {display(value)}'
    return "must be at least 1 MiB" if size_of(value) < LEAST_SIZE else None


def size_text(count: int) -> str:
    """A number of bytes in the largest unit that divides it, at least KiB (rounded down)."""
    unit = next((name for name, each in reversed(UNITS.items()) if count % each == 0), "KiB")
    return f"{count // UNITS[unit]} {unit}"


def size_of(text: str) -> int:
    """The bytes of a size that was checked."""
    return int(text[:-3]) * UNITS[text[-3:]]
