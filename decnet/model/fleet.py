"""Desired: what the operator wants, as it is stored."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from .noun import Hex32, Loose, Mac, Name, Noun, ServiceName, Short
from .spec import Driver
from .values import Settings

SCHEMA_VERSION = 1


class Lan(Noun):
    """The network of one worker that its deckies sit on."""

    driver: Driver
    interface: Short
    subnet: Short
    gateway: Short
    use: Annotated[tuple[str, ...], Loose] = ()
    exclude: Annotated[tuple[str, ...], Loose] = ()


class Decky(Noun):
    """One decoy host as desired: everything about it that was chosen or drawn."""

    name: Name
    worker: Name
    ip: Short
    mac: Mac
    hostname: Short
    os: Short
    release: Short
    archetype: Short | None = None
    services: dict[ServiceName, Settings]
    settings: dict[ServiceName, Settings] = {}
    """What the fleet file set for a service, whether the decky has that service now or not."""
    seed: Hex32
    spec_hash: Short
    mutate_interval: int | None = None
    mutated_at: float | None = None
    mutated: bool = False
    previous: Annotated[tuple[str, ...], Loose] | None = None
    core: Annotated[tuple[ServiceName, ...], Loose] | None = None
    """What mutations never take away; None: as its archetype has it, or everything that it has."""
    side: Annotated[tuple[ServiceName, ...], Loose] | None = None
    """What mutations add and remove; None: as its archetype or OS has it."""

    def with_services(self, services: dict[str, Settings], *, at: float) -> Decky:
        """The same decky after a mutation: other services, everything else kept."""
        return self.model_copy(
            update={
                "services": services,
                "previous": tuple(self.services),
                "mutated": True,
                "mutated_at": at,
            }
        )

    @model_serializer(mode="wrap")
    def _as_stored(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not said, so that a state file and a slice of 0.1.0 stay as they are."""
        fields: dict[str, Any] = serialize(self)
        for name in ("core", "side"):
            if getattr(self, name) is None:
                fields.pop(name, None)
        return fields


class Fleet(Noun):
    """Desired: what `decnet-state.json` holds."""

    schema_version: Literal[1] = 1
    fleet_id: Short
    lans: dict[Name, Lan] = {}
    deckies: dict[Name, Decky] = {}
    confirmed: Annotated[tuple[str, ...], Loose] = ()
    """Subnets whose addresses the operator has confirmed to be outside DHCP."""

    def on(self, worker: str) -> dict[str, Decky]:
        """The slice of one worker: its deckies by name."""
        return {name: decky for name, decky in self.deckies.items() if decky.worker == worker}

    def with_deckies(self, deckies: dict[str, Decky]) -> Fleet:
        """The same fleet with these deckies instead."""
        return self.model_copy(update={"deckies": dict(sorted(deckies.items()))})
