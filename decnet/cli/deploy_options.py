"""The options of `deploy` that no other command has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.options import Drivers

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
