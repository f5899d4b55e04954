"""The options of `events`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.options import seconds

MOST_TAIL = 1_000_000
"""They are kept in memory."""


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


class AlertFormat(StrEnum):
    """decnet's own summary, or OpenCanary's lines."""

    json = "json"
    opencanary = "opencanary"


class SendFormat(StrEnum):
    """The formats of `--send`: one line per event."""

    jsonl = "jsonl"
    opencanary = "opencanary"
    cowrie = "cowrie"
    ecs = "ecs"
    ocsf = "ocsf"
    rfc5424 = "rfc5424"
    cef = "cef"


EventOutputOption = Annotated[EventOutput, typer.Option("-o", "--output", help="How events are printed.")]
Pull = Annotated[bool, typer.Option("--pull", help="Fetch new events from the workers first.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Keep running and print new events.")]
Tail = Annotated[int | None, typer.Option(min=0, max=MOST_TAIL, metavar="N", help="Only the last N of them.")]
Interval = Annotated[float, seconds("--interval", least=0.5, help="How often --follow pulls.")]
Alert = Annotated[
    str | None,
    typer.Option(metavar="CMD|URL|@FILE", help="Send new events to this command, webhook or mailbox."),
]
AlertEvery = Annotated[float, seconds("--alert-every", least=0, help="At most one alert in this time.")]
AlertEach = Annotated[
    bool, typer.Option("--alert-each", help="One alert per event; more than ten are combined.")
]
AlertFormatOption = Annotated[
    AlertFormat | None, typer.Option("--alert-format", help="How alerts are written; default: json.")
]
AlertTest = Annotated[bool, typer.Option("--alert-test", help="Send a test alert and exit.")]
Sends = Annotated[
    list[str] | None,
    typer.Option(
        "--send", metavar="URL|CMD|@FILE", help="Deliver each event: syslog+tls://HOST, https://..."
    ),
]
SendFormatOption = Annotated[
    SendFormat | None,
    typer.Option("--send-format", help="Their format; default: rfc5424 for syslog, else jsonl."),
]
SendCa = Annotated[
    Path | None,
    typer.Option("--send-ca", metavar="FILE", help="The authority that signs the receiver's certificate."),
]
SendCert = Annotated[
    Path | None,
    typer.Option("--send-cert", metavar="FILE", help="Our own certificate, if the receiver wants one."),
]
SendKey = Annotated[
    Path | None,
    typer.Option("--send-key", metavar="FILE", help="Its key; default: in the file of the certificate."),
]
SendSecret = Annotated[
    Path | None,
    typer.Option("--send-secret", metavar="FILE", help="Sign each request with the secret in this file."),
]
Coalesce = Annotated[
    float,
    seconds("--coalesce", least=0, help="One event for those alike within this time; default: 0, none."),
]
Redact = Annotated[bool, typer.Option("--redact", help="Leave out what visitors sent as secrets.")]
Share = Annotated[
    bool,
    typer.Option("--share", help="For others: without secrets, and without what identifies a decky."),
]
