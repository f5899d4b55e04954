"""A fleet as it was described, by a fleet file or by flags: parsed, and nothing more.

Dataclasses: `fleetfile` checks every value by itself, to tell all mistakes at once with their lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .values import Settings

LOCAL = "local"
"""The worker that is this machine."""

Driver = Literal["macvlan", "ipvlan", "bridge"]


@dataclass(frozen=True, kw_only=True)
class AddressesSpec:
    """Which addresses may be claimed: single ones, `a-b` ranges, or CIDR blocks."""

    use: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """The LAN as the operator describes it; what is left out comes from the worker's facts."""

    interface: str | None = None
    subnet: str | None = None
    gateway: str | None = None
    driver: Driver = "macvlan"
    addresses: AddressesSpec = AddressesSpec()


@dataclass(frozen=True, kw_only=True)
class DeckySpec:
    """One entry of a fleet file; `count` (1 to 100) above 1 makes NAME-01, NAME-02 and so on."""

    name: str
    count: int = 1
    archetype: str | None = None
    services: tuple[str, ...] | None = None
    randomize_services: bool = False
    settings: dict[str, Settings] = field(default_factory=dict)
    os: str | None = None
    ip: str | None = None
    mac: str | None = None
    hostname: str | None = None
    worker: str | None = None
    mutate_interval: int | None = None
    """Minutes, 1 or more."""
    core: tuple[str, ...] | None = None
    """Those of its services that a mutation never takes away."""
    side: tuple[str, ...] | None = None
    """Services that a mutation may add and remove."""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class FleetSpec:
    """A fleet file, or the flags of `deploy`."""

    network: NetworkSpec = NetworkSpec()
    deckies: tuple[DeckySpec, ...] = ()
    mutate_interval: int | None = None
    core: tuple[str, ...] | None = None
    """Of every decky that has at least one of them, or of every decky where it is empty."""
    side: tuple[str, ...] | None = None
    places: dict[str, str] = field(default_factory=dict)
    """file:line of every key by its path with dots: "decky.web.services", "decky.web.settings.ssh.banner"."""

    def place(self, *path: str | int) -> str:
        """file:line of a key, or of the nearest table around it; "" where the spec came from no file."""
        for length in range(len(path), 0, -1):
            place = self.places.get(".".join(str(part) for part in path[:length]))
            if place:
                return place
        return ""
