"""The options of `events`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from decnet.cli.options import seconds


class EventOutput(StrEnum):
    """decnet's own formats, and those of `decnet.export`."""

    table = "table"
    wide = "wide"
    json = "json"
    jsonl = "jsonl"
    yaml = "yaml"
    name = "name"
    opencanary = "opencanary"
    cowrie = "cowrie"
    ecs = "ecs"
    ocsf = "ocsf"
    rfc5424 = "rfc5424"
    cef = "cef"


EventOutputOption = Annotated[EventOutput, typer.Option("-o", "--output", help="How events are printed.")]
Pull = Annotated[bool, typer.Option("--pull", help="Fetch new events from the workers first.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Keep running and print new events.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only events since: 15m, 2h, 1d, or 2026-01-31T12:00.")
]
Deckies = Annotated[
    list[str] | None, typer.Option("--decky", metavar="DECKIES", help="Select deckies: 'web-*,!web-3'.")
]
Interval = Annotated[float, seconds("--interval", least=0.5, help="How often --follow pulls.")]
Alert = Annotated[
    str | None,
    typer.Option(metavar="CMD|URL|@FILE", help="Send new events to this command or webhook, as JSON."),
]
AlertEvery = Annotated[float, seconds("--alert-every", least=0, help="At most one alert in this time.")]
AlertEach = Annotated[
    bool, typer.Option("--alert-each", help="One alert per event; more than ten are combined.")
]
AlertTest = Annotated[bool, typer.Option("--alert-test", help="Send a test alert and exit.")]
Redact = Annotated[bool, typer.Option("--redact", help="Leave out what visitors sent as secrets.")]
Share = Annotated[
    bool,
    typer.Option("--share", help="For others: without secrets, and without what identifies a decky."),
]
