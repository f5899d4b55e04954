"""A fleet as a fleet file or flags describe it: parsed, but not resolved.

Dataclasses: `fleetfile` checks every value itself, to report all errors at once with their lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from .values import Settings

LOCAL = "local"
"""The worker that is this machine."""

Driver = Literal["macvlan", "ipvlan", "bridge"]


@dataclass(frozen=True, kw_only=True)
class AddressesSpec:
    """The addresses that deckies may use: single ones, `a-b` ranges, or CIDR blocks."""

    use: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """The LAN as the operator describes it; omitted values come from the worker's facts."""

    interface: str | None = None
    subnet: str | None = None
    gateway: str | None = None
    driver: Driver | None = "macvlan"
    """None: that of the known LAN, else macvlan."""
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
    """The services that a mutation never removes."""
    side: tuple[str, ...] | None = None
    """Services that a mutation may add and remove."""
    roles: tuple[str, ...] | None = None
    """Archetypes that it may change to by itself."""
    place: str = ""

    def names(self) -> tuple[str, ...]:
        """The names of its deckies."""
        return numbered(self.name, self.count)


def numbered(name: str, count: int) -> tuple[str, ...]:
    """The names of `count` deckies of one entry."""
    return (name,) if count == 1 else tuple(f"{name}-{number:02d}" for number in range(1, count + 1))


@dataclass(frozen=True, kw_only=True)
class FleetSpec:
    """A fleet file, or the flags of `deploy`."""

    network: NetworkSpec = NetworkSpec()
    deckies: tuple[DeckySpec, ...] = ()
    mutate_interval: int | None = None
    core: tuple[str, ...] | None = None
    """The settings of every decky with one of these services; of every decky if there are none."""
    side: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    events: dict[str, Any] | None = field(default_factory=dict)
    """The table of `[events.*]`, its values checked; None: the stored fleet's settings."""
    rollouts: dict[str, dict[str, Any]] | None = field(default_factory=dict)
    """The tables of `[rollout.NAME]`, their values checked; None: the stored fleet's policies."""
    mutate_hours: str | None = None
    """When deckies mutate by themselves; None: the default."""
    time_zone: str | None = None
    """Of these hours; None: that of this machine."""
    places: dict[str, str] = field(default_factory=dict)
    """file:line of every key by its path with dots: "decky.web.services", "decky.web.settings.ssh.banner"."""

    def place(self, *path: str | int) -> str:
        """file:line of a key, or of the nearest enclosing table; "" if the spec did not come from a file."""
        for length in range(len(path), 0, -1):
            place = self.places.get(".".join(str(part) for part in path[:length]))
            if place:
                return place
        return ""
