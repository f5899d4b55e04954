"""The receivers that `events --alert` and `--send` name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from decnet.cli.run import wait_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decnet.cli.event_options import AlertFormat, SendFormat
    from decnet.commands.alerts import Alerts
    from decnet.commands.sends import Send
    from decnet.engine.context import Context
    from decnet.plan.event_filter import EventFilter


def check_options(
    *,
    alert: str | None,
    alert_test: bool,
    alert_format: object,
    send: Sequence[str] | None,
    pulls: bool,
    settings: Sequence[object],
) -> None:
    """Raises UsageError for options that do not go together."""
    from decnet.errors import UsageError

    if alert and not (pulls or alert_test):
        raise UsageError("--alert goes with --pull or --follow", hint="add --alert-test to try it")
    if alert_format and not alert:
        raise UsageError("--alert-format needs --alert")
    if send and not pulls:
        raise UsageError("--send goes with --pull or --follow")
    if any(settings) and not send:
        raise UsageError("--send-format, --send-ca and --send-secret need --send")


def alerts(
    ctx: Context,
    text: str | None,
    every: float,
    style: AlertFormat | None,
    *,
    each: bool,
    wanted: EventFilter,
    on: str | None,
    test: bool,
) -> Alerts | None:
    """The receiver of alerts, whose position is stored if it is new and not only tested; None without one."""
    if text is None:
        return None
    from decnet.commands.alerts import alerts_to, start_alerts

    target = alerts_to(
        text, every=every, each=each, wanted=wanted, on=on, style=style.value if style else "json"
    )
    if not test:
        start_alerts(ctx, target)
    return target


def try_alert(ctx: Context, target: Alerts | None) -> NoReturn:
    """Send a test alert and exit."""
    from decnet.commands.alerts import send_test_alert
    from decnet.errors import UsageError

    if target is None:
        raise UsageError("--alert-test needs --alert", hint="add --alert CMD, or --alert URL")
    wait_for(send_test_alert(ctx, target))
    typer.echo(f"{target.to.label} accepted the test alert", err=True)
    raise typer.Exit(0)


def sends(
    ctx: Context,
    texts: Sequence[str] | None,
    style: SendFormat | None,
    ca: Path | None,
    secret: Path | None,
    *,
    wanted: EventFilter,
    on: str | None,
    redact: bool,
    share: bool,
    coalesce: float,
) -> list[Send]:
    """The receivers of all events, whose positions are stored if they are new."""
    if not texts:
        return []
    from decnet.commands.sends import send_to, start_sends

    found = [
        send_to(
            text,
            wanted=wanted,
            on=on,
            style=style.value if style else "",
            ca=ca,
            secret=secret,
            redact=redact,
            share=share,
            coalesce=coalesce,
        )
        for text in dict.fromkeys(texts)
    ]
    start_sends(ctx, found)
    return found
