"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Output(StrEnum):
    table = "table"
    wide = "wide"
    json = "json"
    jsonl = "jsonl"
    yaml = "yaml"
    name = "name"


class StatusOutput(StrEnum):
    table = "table"
    wide = "wide"
    json = "json"
    jsonl = "jsonl"
    yaml = "yaml"
    name = "name"
    prometheus = "prometheus"


class Drivers(StrEnum):
    macvlan = "macvlan"
    ipvlan = "ipvlan"
    bridge = "bridge"


WEEK = 7 * 86_400


def seconds(name: str, *, least: float, help: str) -> Any:
    """An option that takes seconds, from `least` to a week; never infinite or nan."""
    return typer.Option(name, min=least, max=WEEK, metavar="SECONDS", help=help, callback=_a_number)


def _a_number(value: float | None) -> float | None:
    # Comparisons with nan are never true, so the bounds do not refuse it.
    if value is not None and value != value:
        raise typer.BadParameter("nan is not a number of seconds.")
    return value


OutputOption = Annotated[Output, typer.Option("-o", "--output", help="How the result is printed.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer ordinary questions with yes.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the plan for `decnet apply`, and stop.")
]
Detach = Annotated[bool, typer.Option("--detach", help="Return once the workers have accepted their jobs.")]
MaxRemove = Annotated[
    int | None,
    typer.Option("--max-remove", min=0, metavar="N", help="Allow the removal of up to N deckies."),
]
LockTimeout = Annotated[float, seconds("--lock-timeout", least=0, help="How long to wait for the lock.")]
On = Annotated[str | None, typer.Option("--on", metavar="WORKERS", help="Select workers: 'edge-*,@dmz,!w3'.")]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Seed for random choices, to repeat them.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and what was done.")]
