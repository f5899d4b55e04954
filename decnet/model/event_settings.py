"""What a fleet file says about attackers' events: `[events.*]`.

It concerns the operator's machine only: no decky, plan hash or container depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from .base import FrozenModel, Loose, Short
from .event_values import HOURS, LEAST_SIZE, size_of

DEFAULT_SIZE = 160 << 20


class Retention(FrozenModel):
    """How long stored events are kept: `days` (None: without a limit), and at most `size` bytes for each
    worker."""

    days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    size: Annotated[int, Field(ge=LEAST_SIZE, le=1 << 60)] = DEFAULT_SIZE


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
        retention["size"] = size_of(retention["size"])
    rules = tuple(IgnoreRule(**rule) for rule in table.get("ignore", ()))
    return EventSettings(retention=Retention(**retention), ignore=rules)
