"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Output(StrEnum):
    table = "table"
    json = "json"
    jsonl = "jsonl"
    name = "name"


class Drivers(StrEnum):
    macvlan = "macvlan"
    ipvlan = "ipvlan"
    bridge = "bridge"


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="How the result is printed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer ordinary questions with yes.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")]
Detach = Annotated[bool, typer.Option("--detach", help="Return once the workers have accepted their jobs.")]
MaxRemove = Annotated[
    int | None,
    typer.Option("--max-remove", min=0, metavar="N", help="Allow the removal of up to N deckies."),
]
LockTimeout = Annotated[
    float,
    typer.Option("--lock-timeout", min=0, metavar="SECONDS", help="How long to wait for the lock."),
]
On = Annotated[str | None, typer.Option("--on", metavar="WORKERS", help="Only these: 'edge-*,@dmz,!w3'.")]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Draw the same at random for the same N.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say only what went wrong.")]
