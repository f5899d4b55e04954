"""A fleet described by flags instead of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from decnet.errors import UsageError
from decnet.model import values
from decnet.model.counted import counted
from decnet.model.spec import DeckySpec, Driver, FleetSpec, NetworkSpec
from decnet.plan.additions import series_members
from decnet.plan.resolve import same_content

if TYPE_CHECKING:
    from decnet.model.fleet import Decky


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
        """Whether they say what kind of decky is meant."""
        return bool(self.services or self.archetype or self.randomize_services)

    @property
    def any_given(self) -> bool:
        """Whether any of them is given."""
        return self != FleetFlags()


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
        hint = "deploy the others with another --name" if flags.count > 100 else None
        raise UsageError(f"{counted(flags.count, 'decky')}: 1 to 100 of one name", hint=hint)
    numbered = [_numbered(flags.name, number) for number in range(1, flags.count + 1)]
    names = numbered if flags.count > 1 else [flags.name]
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
    return FleetSpec(network=NetworkSpec(driver=None), deckies=deckies, events=None, rollouts=None)


def continued(spec: FleetSpec, name: str, deckies: Mapping[str, Decky]) -> FleetSpec:
    """The spec of a series, where the first one of it may exist as NAME or as NAME-01: `-n 3` after `-n 1`
    adds two."""
    first, *others = spec.deckies
    alias = _numbered(name, 1) if first.name == name else name
    if first.name in deckies or alias not in deckies or not same_content(first, deckies[alias]):
        return spec
    return replace(spec, deckies=(replace(first, name=alias), *others))


def left_of_series(spec: FleetSpec, name: str, deckies: Mapping[str, Decky]) -> list[str]:
    """The deckies of the series NAME, NAME-01 and so on that exist and that the spec does not describe."""
    described = {entry.name for entry in spec.deckies}
    return [each for each in series_members(name, deckies) if each not in described]


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number:02d}"


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
