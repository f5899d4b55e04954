"""`decnet events`: shows, follows and forwards attacker events."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import typer

from decnet.cli import event_filters as of
from decnet.cli import event_options as own
from decnet.cli import event_reports
from decnet.cli.groups import names_subcommand
from decnet.cli.options import On, Quiet
from decnet.cli.run import context, wait_for
from decnet.cli.run import follow as keep_printing

if TYPE_CHECKING:
    from decnet.commands.alerts import Alerts
    from decnet.commands.event_view import EventView
    from decnet.engine.context import Context
    from decnet.plan.event_filter import EventFilter


app = typer.Typer(rich_markup_mode=None, subcommand_metavar="[COMMAND] ...")
event_reports.register(app)


@app.callback(invoke_without_command=True)
def events(
    ctx: typer.Context,
    pull: own.Pull = False,
    follow: own.Follow = False,
    since: of.Since = None,
    until: of.Until = None,
    tail: own.Tail = None,
    decky: of.Deckies = None,
    source: of.SourceOption = None,
    kind: of.Kinds = None,
    service: of.Services = None,
    severity: of.Severities = None,
    min_severity: of.MinSeverity = None,
    interval: own.Interval = 2.0,
    alert: own.Alert = None,
    alert_every: own.AlertEvery = 30.0,
    alert_each: own.AlertEach = False,
    alert_test: own.AlertTest = False,
    redact: own.Redact = False,
    share: own.Share = False,
    quiet: Quiet = False,
    on: On = None,
    output: own.EventOutputOption = own.EventOutput.table,
) -> None:
    """Show attackers' events, and fetch new ones with --pull."""
    if names_subcommand(ctx):
        return
    with context(output.value, quiet=quiet, read_only=not (pull or follow or alert)) as opened:
        from decnet.commands.event_view import EventView
        from decnet.errors import UsageError
        from decnet.store.home_use import check_used

        if alert and not (pull or follow or alert_test):
            raise UsageError("--alert goes with --pull or --follow", hint="add --alert-test to try it")
        if not alert_test:
            check_used(opened.home, os.environ)
        wanted = of.events_asked_for(
            opened, since=since, until=until, decky=decky, source=source, kind=kind, service=service,
            severity=severity, min_severity=min_severity,
        )  # fmt: skip
        target = _alerts(opened, alert, alert_every, each=alert_each, wanted=wanted, on=on) if alert else None
        if alert_test:
            _try_alert(opened, target)
        view = EventView(opened, output.value, redact, share, tail)
        if follow:
            from decnet.cli.following import follow_events

            keep_printing(
                follow_events(opened, wanted, interval, output.value, on=on, alerts=target, view=view)
            )
        if not pull:
            _stored(opened, wanted, on, view, quiet=quiet)
        _pulled(opened, wanted, on, view, target, quiet=quiet)


def _alerts(
    ctx: Context, text: str, every: float, *, each: bool, wanted: EventFilter, on: str | None
) -> Alerts:
    from decnet.commands.alerts import alerts_to, start_alerts

    target = alerts_to(text, every=every, each=each, wanted=wanted, on=on)
    start_alerts(ctx, target)
    return target


def _try_alert(ctx: Context, target: Alerts | None) -> NoReturn:
    from decnet.commands.alerts import send_test_alert
    from decnet.errors import UsageError

    if target is None:
        raise UsageError("--alert-test needs --alert", hint="add --alert CMD, or --alert URL")
    wait_for(send_test_alert(ctx, target))
    typer.echo(f"{target.to.label} accepted the test alert", err=True)
    raise typer.Exit(0)


def _stored(ctx: Context, wanted: EventFilter, on: str | None, view: EventView, *, quiet: bool) -> NoReturn:
    from decnet.commands.events import stored
    from decnet.console.events import show_events

    is_limited = wanted.is_limited or on
    empty = "no event matches" if is_limited else "no events yet; decnet events --pull fetches new ones"
    found = view.pairs(stored(ctx, wanted, on))
    show_events(found, view.style, "" if quiet else empty, view.spell)
    raise typer.Exit(0)


def _pulled(
    ctx: Context, wanted: EventFilter, on: str | None, view: EventView, target: Alerts | None, *, quiet: bool
) -> NoReturn:
    from decnet.cli.following import print_new
    from decnet.commands.alerts import send_alert
    from decnet.commands.events import pull
    from decnet.console.prompts import print_error
    from decnet.errors import DecnetError, worst

    pulled = wait_for(pull(ctx, on))
    failures = list(pulled.errors.values())
    try:
        print_new(ctx, wanted, on, view.style, "" if quiet or failures else "no new events", view)
    except DecnetError as error:
        failures.append(error)
    try:
        if target is not None:
            wait_for(send_alert(ctx, target))
    except DecnetError as error:
        failures.append(error)
    for failure in failures:
        print_error(failure, view.style)
    raise typer.Exit(worst([failure.exit_code for failure in failures]))
