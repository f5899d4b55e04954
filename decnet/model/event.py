"""Attacker events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from .base import FrozenModel, Short, Timestamp
from .worker import Count

EventKind = Literal["contact", "login", "command", "request", "file", "disconnect", "error", "lost"]

Said = Annotated[str, StringConstraints(max_length=4000)]


class AttackerEvent(FrozenModel):
    """One action against a decky. `id` stays the same however often the event is pulled.

    `at` is seconds since the epoch by the worker's clock; `fields` holds the service's own fields (username,
    password, command, method, path, user_agent...), strings and numbers only.

    An event with a number `folded` represents that many events of its kind and source, from `first` to
    `last`: the decoy counts the repetitions of a flood. Kind `lost` reports that `count` events of a service
    between `after` and `before` are missing (`at_least`: perhaps more), and the `reason`.
    """

    id: Short
    seq: Count
    at: Timestamp
    decky: Short
    service: Short
    kind: EventKind
    source_ip: Short
    source_port: Annotated[int, Field(ge=0, le=65535)]
    session: Short
    fields: Annotated[dict[Short, Said | int | float | bool | None], Field(max_length=128)]

    @property
    def stands_for(self) -> int:
        """How many actions this event represents."""
        count = self.fields.get("count" if self.kind == "lost" else "folded", 1)
        if isinstance(count, bool) or not isinstance(count, int):
            return 1
        return count if 0 <= count <= 2**53 else 1
