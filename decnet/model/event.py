"""Attacker events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, StringConstraints, model_validator

from decnet.wire import NETWORK, PROJECT

from .base import FrozenModel, ProjectName, Short, Timestamp
from .worker import Count

EventKind = Literal[
    "contact", "scan", "login", "command", "request", "file", "disconnect", "error", "lost", "pivot"
]
"""The keys of `decnet.wire.event_fields.FIELDS`."""

LIFTED = ("local_ip", "local_port", "transport")

Said = Annotated[str, StringConstraints(max_length=4000)]


class AttackerEvent(FrozenModel):
    """One action against a decky. `id` stays the same however often the event is pulled.

    `at` is seconds since the epoch by the worker's clock; `fields` holds the service's own fields (username,
    password, command, method, path, user_agent...), strings and numbers only.

    An event with a number `folded` represents that many events of its kind and source, from `first` to
    `last`: the decoy counts the repetitions of a flood. Kind `lost` reports that `count` events of a service
    between `after` and `before` are missing (`at_least`: perhaps more), and the `reason`.

    `local_ip`, `local_port` and `transport` (tcp or udp) are the decky's own end; "" and 0 in events of
    decoys before version 0.2.0, and in those that represent several.
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
    local_ip: Short = ""
    local_port: Annotated[int, Field(ge=0, le=65535)] = 0
    transport: Literal["tcp", "udp", ""] = ""
    network: Short = NETWORK
    project: ProjectName = PROJECT
    fields: Annotated[dict[Short, Said | int | float | bool | None], Field(max_length=128)]

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, value: Any) -> Any:
        """Agents send the decky's own end among the fields."""
        if (
            isinstance(value, dict)
            and isinstance(fields := value.get("fields"), dict)
            and "local_ip" in fields
        ):
            lifted = {name: fields[name] for name in LIFTED if name in fields}
            rest = {name: each for name, each in fields.items() if name not in LIFTED}
            return {**lifted, **value, "fields": rest}
        return value

    @property
    def stands_for(self) -> int:
        """How many actions this event represents."""
        return stands_for(self.kind, self.fields)


class Touch(Protocol):
    """What is counted of an event: an AttackerEvent, or a stored line that was read no further."""

    @property
    def at(self) -> float: ...

    @property
    def decky(self) -> str: ...

    @property
    def project(self) -> str: ...

    @property
    def service(self) -> str: ...

    @property
    def kind(self) -> EventKind: ...

    @property
    def source_ip(self) -> str: ...

    @property
    def local_port(self) -> int: ...

    @property
    def fields(self) -> Mapping[str, Any]: ...

    @property
    def stands_for(self) -> int: ...


def stands_for(kind: str, fields: Mapping[str, Any]) -> int:
    """How many actions an event of this kind with these fields represents."""
    count = fields.get("count" if kind == "lost" else "folded", 1)
    if isinstance(count, bool) or not isinstance(count, int):
        return 1
    return count if 0 <= count <= 2**53 else 1
