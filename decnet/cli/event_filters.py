"""The options that say which events are meant, the same in every command that reads events."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from decnet.engine.context import Context
    from decnet.plan.event_filter import EventFilter

TIMES = "15m, 2h, 1d, or 2026-01-31T12:00"

Since = Annotated[str | None, typer.Option(metavar="TIME", help=f"Only events since: {TIMES}.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Only events before this time.")]
Deckies = Annotated[
    list[str] | None, typer.Option("--decky", metavar="DECKIES", help="Select deckies: 'web-*,!web-3'.")
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="ADDR|CIDR", help="Select attackers: '192.0.2.7,198.51.100.0/24'."),
]
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", metavar="KINDS", help="Select kinds: 'login,command'."),
]
Services = Annotated[
    list[str] | None, typer.Option("--service", metavar="SERVICES", help="Select services: 'ssh,http'.")
]
Severities = Annotated[
    list[str] | None,
    typer.Option("--severity", metavar="SEVERITIES", help="Select severities: '8,9', or low to critical."),
]
MinSeverity = Annotated[
    str | None,
    typer.Option(metavar="SEVERITY", help="Only this severity and above: 0 to 10, or low to critical."),
]
WithIgnored = Annotated[
    bool, typer.Option("--with-ignored", help="Also events that [events.ignore] leaves out.")
]


@dataclass(frozen=True)
class Selection:
    """The options of a command that say which events it means."""

    since: Since = None
    until: Until = None
    decky: Deckies = None
    source: SourceOption = None
    kind: Kinds = None
    service: Services = None
    severity: Severities = None
    min_severity: MinSeverity = None
    with_ignored: WithIgnored = False

    def check_times(self) -> None:
        """Raises UsageError for a time that is not valid."""
        moment("--since", self.since)
        moment("--until", self.until)

    def filter(self, ctx: Context) -> EventFilter:
        """The filter that the options mean. Raises UsageError for a name, an address or a time that is not
        valid."""
        from decnet.commands.events import event_filter
        from decnet.plan.event_filter import EventFilter, severity_of

        wanted = EventFilter(
            since=moment("--since", self.since),
            until=moment("--until", self.until),
            deckies=tuple(self.decky or ()),
            sources=tuple(self.source or ()),
            kinds=tuple(self.kind or ()),
            services=tuple(self.service or ()),
            severities=tuple(self.severity or ()),
            min_severity=0 if self.min_severity is None else severity_of(self.min_severity),
        )
        return event_filter(ctx, wanted, with_ignored=self.with_ignored)


EVERY = Selection()


def moment(option: str, text: str | None) -> float | None:
    """A time as the user wrote it, in seconds since the epoch. Raises UsageError."""
    from decnet.errors import UsageError

    if text is None:
        return None
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if ago := re.fullmatch(r"([0-9]{1,9})([smhd])", text):
        return time.time() - int(ago[1]) * units[ago[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text!r} is not a time", hint=f"write {TIMES}") from None
