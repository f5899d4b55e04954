"""`decnet events`: shows, follows and forwards attacker events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from decnet.cli import event_deliveries as deliver
from decnet.cli import event_filters as of
from decnet.cli import event_options as own
from decnet.cli import event_reports
from decnet.cli.event_files import files
from decnet.cli.groups import names_subcommand
from decnet.cli.options import On, Quiet
from decnet.cli.run import context, wait_for
from decnet.cli.run import follow as keep_printing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decnet.commands.alerts import Alerts
    from decnet.commands.event_view import EventView
    from decnet.commands.sends import Send
    from decnet.engine.context import Context
    from decnet.plan.event_filter import EventFilter


app = typer.Typer(rich_markup_mode=None, subcommand_metavar="[COMMAND] ...")
event_reports.register(app)
app.command()(files)


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
    with_ignored: of.WithIgnored = False,
    interval: own.Interval = 2.0,
    alert: own.Alert = None,
    alert_every: own.AlertEvery = 30.0,
    alert_each: own.AlertEach = False,
    alert_format: own.AlertFormatOption = None,
    alert_test: own.AlertTest = False,
    send: own.Sends = None,
    send_format: own.SendFormatOption = None,
    send_ca: own.SendCa = None,
    send_secret: own.SendSecret = None,
    coalesce: own.Coalesce = 0.0,
    redact: own.Redact = False,
    share: own.Share = False,
    quiet: Quiet = False,
    on: On = None,
    output: own.EventOutputOption = own.EventOutput.table,
) -> None:
    """Show attackers' events, and fetch new ones with --pull."""
    if names_subcommand(ctx):
        return
    pulls = pull or follow
    with context(
        output.value,
        quiet=quiet,
        read_only=alert_test or not (pulls or alert or send),
        of_fleet=pulls and not alert_test,
        of_events=not (pulls or alert_test),
    ) as opened:
        from decnet.commands.event_view import EventView

        deliver.check_options(
            alert=alert, alert_test=alert_test, alert_format=alert_format, send=send, pulls=pulls,
            settings=(send_format, send_ca, send_secret),
        )  # fmt: skip
        for option, text in (("--since", since), ("--until", until)):
            of.moment(option, text)
        wanted = of.events_asked_for(
            opened, since=since, until=until, decky=decky, source=source, kind=kind, service=service,
            severity=severity, min_severity=min_severity, with_ignored=with_ignored,
        )  # fmt: skip
        target = deliver.alerts(
            opened, alert, alert_every, alert_format, each=alert_each, wanted=wanted, on=on, test=alert_test
        )
        if alert_test:
            deliver.try_alert(opened, target)
        sends = deliver.sends(
            opened,
            send,
            send_format,
            send_ca,
            send_secret,
            wanted=wanted,
            on=on,
            redact=redact,
            share=share,
            coalesce=coalesce,
        )
        view = EventView(opened, output.value, redact, share, tail, coalesce)
        if follow:
            from decnet.cli.following import follow_events

            keep_printing(
                follow_events(
                    opened, wanted, interval, output.value, on=on, alerts=target, view=view, sends=sends
                )
            )
        if not pull:
            _stored(opened, wanted, on, view, quiet=quiet)
        _pulled(opened, wanted, on, view, target, sends, quiet=quiet)


def _stored(ctx: Context, wanted: EventFilter, on: str | None, view: EventView, *, quiet: bool) -> NoReturn:
    from decnet.commands.events import latest, report_ignored, stored
    from decnet.console.events import show_events

    is_limited = wanted.is_limited or on
    empty = "no event matches" if is_limited else "no events yet; decnet events --pull fetches new ones"
    if view.tail is None or view.coalesce:
        found = view.pairs(stored(ctx, wanted, on))
    else:
        found = view.pairs(latest(ctx, wanted, view.tail, on))
    show_events(found, view.style, "" if quiet else empty, view.spell)
    report_ignored(ctx, wanted)
    raise typer.Exit(0)


def _pulled(
    ctx: Context,
    wanted: EventFilter,
    on: str | None,
    view: EventView,
    target: Alerts | None,
    sends: Sequence[Send],
    *,
    quiet: bool,
) -> NoReturn:
    from decnet.cli.following import print_new
    from decnet.commands.alerts import send_alert
    from decnet.commands.events import pull, report_ignored
    from decnet.commands.sends import send_all
    from decnet.console.prompts import print_error
    from decnet.errors import DecnetError, worst

    pulled = wait_for(pull(ctx, on))
    failures = list(pulled.errors.values())
    try:
        print_new(ctx, wanted, on, view.style, "" if quiet or failures else "no new events", view)
        report_ignored(ctx, wanted)
    except DecnetError as error:
        failures.append(error)
    try:
        if target is not None:
            wait_for(send_alert(ctx, target))
    except DecnetError as error:
        failures.append(error)
    failures += wait_for(send_all(ctx, sends)) if sends else []
    for failure in failures:
        print_error(failure, view.style)
    raise typer.Exit(worst([failure.exit_code for failure in failures]))
