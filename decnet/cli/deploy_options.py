"""The options of `deploy` that no command has but those that deploy something."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli.options import Drivers

if TYPE_CHECKING:
    from decnet.commands.fleet_flags import FleetFlags, NetworkFlags

Config = Annotated[Path | None, typer.Option("-c", "--config", help="A fleet file (TOML); - for stdin.")]
Deckies = Annotated[int, typer.Option("-n", "--deckies", metavar="N", help="How many deckies.")]
Name = Annotated[str, typer.Option(help="Their name, or its beginning.")]
Services = Annotated[
    list[str] | None, typer.Option("-s", "--services", help="Services, separated by commas.")
]
Archetype = Annotated[str | None, typer.Option(help="A kind of machine; see `decnet archetypes`.")]
RandomizeServices = Annotated[
    bool, typer.Option("--randomize-services", help="Choose the services at random.")
]
Os = Annotated[str | None, typer.Option("--os", help="An OS profile.")]
Worker = Annotated[str | None, typer.Option(help="The worker that runs them.")]
MutateInterval = Annotated[
    int | None, typer.Option(min=1, metavar="MINUTES", help="How often to mutate them.")
]
Interface = Annotated[str | None, typer.Option(help="The worker's interface on the LAN.")]
Subnet = Annotated[str | None, typer.Option(help="The LAN, as ADDRESS/PREFIX.")]
Gateway = Annotated[str | None, typer.Option(help="The LAN's gateway.")]
IpStart = Annotated[str | None, typer.Option("--ip-start", help="Take addresses from this one upwards.")]
Driver = Annotated[Drivers | None, typer.Option(help="How deckies are attached to the LAN.")]
Add = Annotated[bool, typer.Option("--add", help="Only add deckies, as flags do; never remove any.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Flags declare the whole fleet; all others are removed.")
]
ResetServices = Annotated[
    bool, typer.Option("--reset-services", help="Discard the changes made by mutations.")
]
Upgrade = Annotated[bool, typer.Option("--upgrade", help="Use this version's images for all deckies.")]
Supersede = Annotated[
    bool, typer.Option("--supersede", help="End the open rollout where it is, and deploy this instead.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Rebuild the images without Docker's cache.")]
Adopt = Annotated[bool, typer.Option("--adopt", help="Take this machine over from another fleet.")]


def split_names(texts: list[str] | None) -> tuple[str, ...]:
    """`-s ssh,http -s ftp` as three names."""
    return tuple(name.strip() for text in texts or () for name in text.split(",") if name.strip())


@dataclass(frozen=True)
class DeckyFlags:
    """The deckies; each field is an option (see `with_groups`)."""

    deckies: Deckies = 1
    name: Name = "decky"
    services: Services = None
    archetype: Archetype = None
    randomize_services: RandomizeServices = False
    os: Os = None
    worker: Worker = None
    mutate_interval: MutateInterval = None

    def given(self) -> FleetFlags:
        """The flags, with the names of services apart."""
        from decnet.commands.fleet_flags import FleetFlags

        return FleetFlags(
            self.deckies,
            self.name,
            split_names(self.services),
            self.archetype,
            self.randomize_services,
            self.os,
            self.worker,
            self.mutate_interval,
        )


@dataclass(frozen=True)
class LanFlags:
    """The LAN of the deckies; each field is an option (see `with_groups`)."""

    interface: Interface = None
    subnet: Subnet = None
    gateway: Gateway = None
    ip_start: IpStart = None
    driver: Driver = None

    def given(self) -> NetworkFlags:
        """The flags that describe the LAN itself, without the first address."""
        from decnet.commands.fleet_flags import NetworkFlags

        return NetworkFlags(
            self.interface, self.subnet, self.gateway, self.driver.value if self.driver else None
        )


DEFAULT_DECKY, DEFAULT_LAN = DeckyFlags(), LanFlags()
