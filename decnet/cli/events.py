"""`decnet events`: shows, follows and forwards attacker events."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from decnet.cli import event_filters as of
from decnet.cli import event_options as own
from decnet.cli import event_reports
from decnet.cli.event_deliveries import NONE, Deliveries, try_alert
from decnet.cli.event_files import files
from decnet.cli.groups import names_subcommand
from decnet.cli.option_groups import with_groups
from decnet.cli.options import On, Quiet
from decnet.cli.run import context, wait_for
from decnet.cli.run import follow as keep_printing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from decnet.commands.alerts import Alerts
    from decnet.commands.event_view import EventView
    from decnet.commands.sends import Send
    from decnet.engine.context import Context
    from decnet.plan.event_filter import EventFilter


app = typer.Typer(rich_markup_mode=None, subcommand_metavar="[COMMAND] ...")
event_reports.register(app)
app.command()(files)


@app.callback(invoke_without_command=True)
@with_groups
def events(
    ctx: typer.Context,
    pull: own.Pull = False,
    follow: own.Follow = False,
    chosen: of.Selection = of.EVERY,
    tail: own.Tail = None,
    interval: own.Interval = 2.0,
    receivers: Deliveries = NONE,
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
    with _opened(receivers, chosen, output.value, pulls=pull or follow, quiet=quiet) as opened:
        from decnet.commands.event_view import EventView

        wanted = chosen.filter(opened)
        target = receivers.alerts(opened, wanted, on)
        if receivers.alert_test:
            try_alert(opened, target)
        sends = receivers.sends(opened, wanted, on, redact=redact, share=share, coalesce=coalesce)
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


def _opened(
    receivers: Deliveries, chosen: of.Selection, style: str, *, pulls: bool, quiet: bool
) -> AbstractContextManager[Context]:
    is_test, delivers = receivers.alert_test, bool(receivers.alert or receivers.send)

    def check() -> None:
        receivers.check(pulls=pulls)
        chosen.check_times()

    return context(
        style,
        quiet=quiet,
        read_only=is_test or not (pulls or delivers),
        of_fleet=pulls and not is_test,
        of_events=not (pulls or is_test),
        check=check,
    )


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
