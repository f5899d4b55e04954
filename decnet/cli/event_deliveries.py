"""The receivers that `events --alert` and `--send` name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import typer

from decnet.cli import event_options as own
from decnet.cli.run import wait_for

if TYPE_CHECKING:
    from decnet.commands.alerts import Alerts
    from decnet.commands.sends import Send
    from decnet.engine.context import Context
    from decnet.plan.event_filter import EventFilter

SETTINGS = ("send_format", "send_ca", "send_cert", "send_key", "send_secret")


@dataclass(frozen=True)
class Deliveries:
    """The options of `events` about receivers."""

    alert: own.Alert = None
    alert_every: own.AlertEvery = 30.0
    alert_each: own.AlertEach = False
    alert_format: own.AlertFormatOption = None
    alert_test: own.AlertTest = False
    send: own.Sends = None
    send_format: own.SendFormatOption = None
    send_ca: own.SendCa = None
    send_cert: own.SendCert = None
    send_key: own.SendKey = None
    send_secret: own.SendSecret = None

    def check(self, *, pulls: bool) -> None:
        """Raises UsageError for options that do not go together."""
        from decnet.errors import UsageError

        if self.alert and not (pulls or self.alert_test):
            raise UsageError("--alert goes with --pull or --follow", hint="add --alert-test to try it")
        if self.alert_format and not self.alert:
            raise UsageError("--alert-format needs --alert")
        if self.send and not pulls:
            raise UsageError("--send goes with --pull or --follow")
        given = [f"--{name.replace('_', '-')}" for name in SETTINGS if getattr(self, name) is not None]
        if given and not self.send:
            raise UsageError(f"{given[0]} needs --send")
        if self.send_key and not self.send_cert:
            raise UsageError("--send-key needs --send-cert", hint="name the certificate of this key")

    def alerts(self, ctx: Context, wanted: EventFilter, on: str | None) -> Alerts | None:
        """The receiver of alerts, whose position is stored if it is new and not only tested; None without
        one."""
        if self.alert is None:
            return None
        from decnet.commands.alerts import alerts_to, start_alerts

        style = self.alert_format.value if self.alert_format else "json"
        target = alerts_to(
            self.alert, every=self.alert_every, each=self.alert_each, wanted=wanted, on=on, style=style
        )
        if not self.alert_test:
            start_alerts(ctx, target)
        return target

    def sends(
        self, ctx: Context, wanted: EventFilter, on: str | None, *, redact: bool, share: bool, coalesce: float
    ) -> list[Send]:
        """The receivers of all events, whose positions are stored if they are new."""
        if not self.send:
            return []
        from decnet.commands.sends import send_to, start_sends
        from decnet.engine.trust import Tls

        tls = Tls(*(str(path or "") for path in (self.send_ca, self.send_cert, self.send_key)))
        style = self.send_format.value if self.send_format else ""
        found = [
            send_to(
                text, wanted=wanted, on=on, style=style, tls=tls, secret=self.send_secret, redact=redact,
                share=share, coalesce=coalesce,
            )
            for text in dict.fromkeys(self.send)
        ]  # fmt: skip
        start_sends(ctx, found)
        return found


NONE = Deliveries()


def try_alert(ctx: Context, target: Alerts | None) -> NoReturn:
    """Send a test alert and exit."""
    from decnet.commands.alerts import send_test_alert
    from decnet.errors import UsageError

    if target is None:
        raise UsageError("--alert-test needs --alert", hint="add --alert CMD, or --alert URL")
    wait_for(send_test_alert(ctx, target))
    typer.echo(f"{target.to.label} accepted the test alert", err=True)
    raise typer.Exit(0)
