"""Topologies: nested LANs with deckies that bridge them, as they are designed, deployed and recorded."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, StringConstraints

from decnet.wire import TOPOLOGY_PREFIX

from .base import FrozenModel, Hex32, Loose, Mac, Name, ProjectName, ServiceName, Short, Text, Timestamp
from .values import Settings

NODE = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
KEPT = 100
"""How many moves, and how many mutations, the record of a topology keeps."""

LanName = Annotated[str, StringConstraints(pattern=NODE)]
TopologyName = Annotated[str, StringConstraints(pattern=NODE)]
DesignDeckyName = Annotated[str, StringConstraints(pattern=NODE)]
"""Names in a topology: lower case letters, digits and inner hyphens, at most 32."""

TopologyStatus = Literal["pending", "deploying", "active", "degraded", "failed", "tearing_down", "torn_down"]
MutationState = Literal["pending", "applying", "applied", "failed"]
STATUSES: tuple[TopologyStatus, ...] = get_args(TopologyStatus)

OriginValue = str | int | float | bool | Annotated[tuple[Short, ...], Loose] | None
"""One parameter of the generator."""


class Lan(FrozenModel):
    """One LAN of a design. The subnet of the DMZ is "": it is the LAN of the worker that runs it."""

    name: LanName
    subnet: Short = ""
    dmz: bool = False


def _in_order(services: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(services))


def _not_empty(settings: dict[str, Settings]) -> dict[str, Settings]:
    return {service: each for service, each in settings.items() if each}


class DesignDecky(FrozenModel):
    """One decky of a design. It is a member of the LANs in `addresses`; `home` is one of them. Services are
    sorted, and those without settings have none: equal deckies have equal contents."""

    name: DesignDeckyName
    archetype: Short | None = None
    os: Short
    release: Short
    home: LanName
    forwards: bool = False
    """Whether it routes between its LANs."""
    services: Annotated[tuple[ServiceName, ...], Loose, AfterValidator(_in_order)]
    settings: Annotated[dict[ServiceName, Settings], AfterValidator(_not_empty)] = {}
    addresses: dict[LanName, Short]
    """Its address by LAN; "" in the DMZ, where the worker's LAN decides."""
    macs: dict[LanName, Mac] = {}
    """Its MAC by inner LAN."""
    hostname: Short
    seed: Hex32


def _lans_by_name(lans: tuple[Lan, ...]) -> tuple[Lan, ...]:
    return tuple(sorted(lans, key=lambda lan: lan.name))


def _deckies_by_name(deckies: tuple[DesignDecky, ...]) -> tuple[DesignDecky, ...]:
    return tuple(sorted(deckies, key=lambda decky: decky.name))


class Design(FrozenModel):
    """The content of a topology: what makes two topologies equal. Both tuples are sorted by name."""

    v: Literal[1] = 1
    lans: Annotated[tuple[Lan, ...], Loose, AfterValidator(_lans_by_name)] = ()
    deckies: Annotated[tuple[DesignDecky, ...], Loose, AfterValidator(_deckies_by_name)] = ()

    @property
    def dmz(self) -> Lan | None:
        """The LAN that attackers reach first."""
        return next((lan for lan in self.lans if lan.dmz), None)

    def lan(self, name: str) -> Lan | None:
        """One LAN by name."""
        return next((lan for lan in self.lans if lan.name == name), None)

    def decky(self, name: str) -> DesignDecky | None:
        """One decky by name."""
        return next((decky for decky in self.deckies if decky.name == name), None)

    def members(self, lan: str) -> tuple[DesignDecky, ...]:
        """The deckies on a LAN."""
        return tuple(decky for decky in self.deckies if lan in decky.addresses)


class Topology(FrozenModel):
    """One topology as desired. `version` grows by one with each change of the design."""

    id: Hex32
    name: TopologyName
    version: Annotated[int, Field(ge=1)] = 1
    design: Design
    worker: Name | None = None
    """The worker that runs it; None: it is not deployed."""
    origin: dict[Short, OriginValue] | None = None
    """The parameters of the generator that made it. Not part of the content."""

    @property
    def project(self) -> ProjectName:
        """The project that it is deployed as."""
        return TOPOLOGY_PREFIX + self.id[:8]


class Move(FrozenModel):
    """One change of a topology's status."""

    at: Timestamp
    from_status: TopologyStatus
    to_status: TopologyStatus
    reason: Text = ""
    actor: Short = ""


class MutationRow(FrozenModel):
    """Operations that are applied as one change; `version` is the one that they make."""

    id: Short
    operations: Annotated[tuple[dict[str, Any], ...], Loose]
    state: MutationState = "pending"
    reason: Text = ""
    version: Annotated[int, Field(ge=1)]
    created: Timestamp
    ended: Timestamp | None = None


class TopologyRecord(FrozenModel):
    """What is recorded of one topology: its status, and how it came to it."""

    id: Hex32
    status: TopologyStatus = "pending"
    moves: Annotated[tuple[Move, ...], Field(strict=False, max_length=KEPT)] = ()
    mutations: Annotated[tuple[MutationRow, ...], Field(strict=False, max_length=KEPT)] = ()
    resync_tries: Annotated[int, Field(ge=0)] = 0
    applied_version: int | None = None
