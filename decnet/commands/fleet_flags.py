"""A fleet described by flags instead of a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from decnet.errors import UsageError
from decnet.model import values
from decnet.model.spec import DeckySpec, Driver, FleetSpec


@dataclass(frozen=True)
class FleetFlags:
    """The flags of `deploy` that describe deckies."""

    count: int = 1
    name: str = "decky"
    services: tuple[str, ...] = ()
    archetype: str | None = None
    randomize_services: bool = False
    os: str | None = None
    worker: str | None = None
    mutate_interval: int | None = None

    @property
    def given(self) -> bool:
        return bool(self.services or self.archetype or self.randomize_services)


@dataclass(frozen=True)
class NetworkFlags:
    """The flags of `deploy` that describe the LAN; each overrides the fleet file."""

    interface: str | None = None
    subnet: str | None = None
    gateway: str | None = None
    driver: Driver | None = None


def spec_from_flags(flags: FleetFlags) -> FleetSpec:
    """`count` deckies of one kind. Raises UsageError if no kind is given."""
    if not flags.given:
        raise UsageError(
            "specify what to deploy",
            hint="-c FLEET.toml, or --services ssh,http, --archetype linux-server or --randomize-services",
        )
    if complaint := values.decky(flags.name):
        raise UsageError(f"--name {complaint}")
    if not 1 <= flags.count <= 100:
        raise UsageError(f"{flags.count} deckies: 1 to 100 at a time")
    names = [f"{flags.name}-{n:02d}" for n in range(1, flags.count + 1)] if flags.count > 1 else [flags.name]
    deckies = tuple(
        DeckySpec(
            name=name,
            archetype=flags.archetype,
            services=flags.services or None,
            randomize_services=flags.randomize_services,
            os=flags.os,
            worker=flags.worker,
            mutate_interval=flags.mutate_interval,
            place="the flags",
        )
        for name in names
    )
    return FleetSpec(deckies=deckies)


def with_network(spec: FleetSpec, flags: NetworkFlags) -> FleetSpec:
    """The spec with the network flags, which override the file."""
    network = replace(
        spec.network,
        interface=flags.interface or spec.network.interface,
        subnet=flags.subnet or spec.network.subnet,
        gateway=flags.gateway or spec.network.gateway,
        driver=flags.driver or spec.network.driver,
    )
    return replace(spec, network=network)
