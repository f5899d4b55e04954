"""What a fleet file says about attackers' events: `[events.*]`.

It concerns the operator's machine only: no decky, plan hash or container depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from .base import FrozenModel, Loose, Short
from .values import display

UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
SIZE = r"^[1-9][0-9]{0,5} ?([KMGT]iB)$"
LEAST_SIZE = 1 << 20
DEFAULT_SIZE = 160 << 20


class Retention(FrozenModel):
    """How long stored events are kept: `days` (None: without a limit), and at most `size` bytes for each
    worker."""

    days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    size: Annotated[int, Field(ge=LEAST_SIZE, le=1 << 60)] = DEFAULT_SIZE


HOURS = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"


class IgnoreRule(FrozenModel):
    """Events that are stored and counted, and neither shown nor sent: those for which everything given holds.
    `source`, `service`, `kind` and `decky` are selectors, `port` is the decky's own, `hours` are
    "HH:MM-HH:MM" in UTC, perhaps over midnight."""

    source: Short = ""
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    service: Short = ""
    kind: Short = ""
    decky: Short = ""
    hours: Annotated[str, StringConstraints(pattern=HOURS)] | None = None


class EventSettings(FrozenModel):
    """The tables of `[events.*]`."""

    retention: Retention = Retention()
    ignore: Annotated[tuple[IgnoreRule, ...], Loose] = ()


def event_settings(table: Mapping[str, Any]) -> EventSettings:
    """The settings of a fleet file's table `events`, each value of which was checked."""
    retention = dict(table.get("retention", {}))
    if "size" in retention:
        retention["size"] = _bytes(retention["size"])
    rules = tuple(IgnoreRule(**rule) for rule in table.get("ignore", ()))
    return EventSettings(retention=Retention(**retention), ignore=rules)


def to_table(settings: EventSettings) -> dict[str, Any]:
    """The table that `event_settings` reads as these settings, without defaults."""
    table = settings.model_dump(mode="json", exclude_defaults=True)
    if "size" in table.get("retention", {}):
        table["retention"]["size"] = size_text(settings.retention.size)
    return table


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
    return "must be at least 1 MiB" if _bytes(value) < LEAST_SIZE else None


def size_text(count: int) -> str:
    """A number of bytes in the largest unit that divides it, at least KiB (rounded down)."""
    unit = next((name for name, each in reversed(UNITS.items()) if count % each == 0), "KiB")
    return f"{count // UNITS[unit]} {unit}"


def _bytes(text: str) -> int:
    return int(text[:-3]) * UNITS[text[-3:]]
