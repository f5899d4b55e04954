"""What the operator wants: the fleet file as given (spec), and desired as it is stored (fleet)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .noun import Hex32, Loose, Mac, Name, Noun, ServiceName, Setting, Short

SCHEMA_VERSION = 1
LOCAL = "local"

Driver = Literal["macvlan", "ipvlan", "bridge"]
Settings = dict[str, Setting]


class AddressesSpec(Noun):
    """Which addresses may be claimed: single ones, `a-b` ranges, or CIDR blocks."""

    use: Annotated[tuple[str, ...], Loose] = ()
    exclude: Annotated[tuple[str, ...], Loose] = ()


class NetworkSpec(Noun):
    """The LAN as the operator describes it; what is left out comes from the worker's facts."""

    interface: str | None = None
    subnet: str | None = None
    gateway: str | None = None
    driver: Driver = "macvlan"
    addresses: AddressesSpec = AddressesSpec()


class DeckySpec(Noun):
    """One entry of a fleet file; `count` above 1 makes NAME-01, NAME-02 and so on."""

    name: Name
    count: Annotated[int, Field(ge=1, le=100)] = 1
    archetype: str | None = None
    services: Annotated[tuple[str, ...], Loose] | None = None
    randomize_services: bool = False
    settings: dict[str, Settings] = {}
    os: str | None = None
    ip: str | None = None
    mac: str | None = None
    hostname: str | None = None
    worker: str | None = None
    mutate_interval: Annotated[int, Field(ge=1)] | None = None
    place: str = ""


class FleetSpec(Noun):
    """A fleet file, or the flags of `deploy`, parsed and nothing more."""

    network: NetworkSpec = NetworkSpec()
    deckies: Annotated[tuple[DeckySpec, ...], Loose] = ()
    mutate_interval: Annotated[int, Field(ge=1)] | None = None
    places: dict[str, str] = {}
    """file:line of every key by its path with dots: "decky.web.services", "decky.web.settings.ssh.banner"."""

    def place(self, *path: str | int) -> str:
        """file:line of a key, or of the nearest table around it; "" where the spec came from no file."""
        for length in range(len(path), 0, -1):
            place = self.places.get(".".join(str(part) for part in path[:length]))
            if place:
                return place
        return ""


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
