"""The commands that only read."""

from __future__ import annotations

from typing import Annotated

import typer

from decnet.cli import attackers, events
from decnet.cli.options import On, Output, OutputOption, StatusOutput, seconds
from decnet.cli.report import report
from decnet.cli.run import context, finish, wait_for
from decnet.cli.run import follow as keep_printing


def register(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command()(status)
    app.command()(show)
    app.command()(history)
    app.command()(logs)
    app.command()(services)
    app.command()(archetypes)
    app.command()(doctor)
    app.command()(report)
    app.add_typer(events.app, name="events")
    app.add_typer(attackers.app, name="attackers")
    app.add_typer(_config, name="config")


def status(
    watch: Annotated[float | None, seconds("--watch", least=1, help="Refresh at this interval.")] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 3 if desired and actual differ.")
    ] = False,
    on: On = None,
    output: Annotated[
        StatusOutput, typer.Option("-o", "--output", help="How the result is printed.")
    ] = StatusOutput.table,
) -> None:
    """Show the current state of workers and deckies."""
    with context(output.value, read_only=True, of_fleet=True) as ctx:
        from decnet.commands.status import status as run

        if watch and output is StatusOutput.prometheus:
            from decnet.errors import UsageError

            raise UsageError("--watch does not go with -o prometheus", hint="run it from cron")
        if watch:
            from decnet.cli.loops import status_forever

            keep_printing(
                status_forever(
                    ctx, watch, Output(output.value).value, on=on, detailed_exitcode=detailed_exitcode
                )
            )
        outcome = wait_for(run(ctx, on=on, detailed_exitcode=detailed_exitcode))
        if output is StatusOutput.prometheus:
            from decnet.commands.metrics import metrics

            finish(metrics(ctx, outcome), output.value)
        finish(outcome, output.value)


def show(
    decky: Annotated[str, typer.Argument(help="The decky.")], output: OutputOption = Output.table
) -> None:
    """Show one decky: services, settings, accounts, state."""
    with context(output.value, read_only=True, of_fleet=True) as ctx:
        from decnet.commands.show import show as run

        finish(wait_for(run(ctx, decky)), output.value)


def history(
    deckies: Annotated[
        list[str] | None,
        typer.Argument(help="Deckies: names, 'web-*', '@printer', '!web-3'."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="The newest N.")] = 50,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """Show past operations on deckies, with reasons and results."""
    with context(output.value, writes=False, of_fleet=True) as ctx:
        from decnet.commands.history import history as run

        finish(run(ctx, deckies or (), limit=limit, on=on), output.value)


def logs(
    decky: Annotated[str, typer.Argument(help="The decky.")],
    service: Annotated[str | None, typer.Argument(help="Only this service.")] = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, max=1000, help="How many lines.")] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Print new lines until Ctrl-C.")] = False,
    output: OutputOption = Output.table,
) -> None:
    """Show the last log lines of a decky's containers."""
    with context(output.value, read_only=True, of_fleet=True) as ctx:
        if follow:
            from decnet.cli.following import print_logs

            keep_printing(print_logs(ctx, decky, service, lines, output.value))
            raise typer.Exit(0)
        from decnet.commands.logs import logs as run

        finish(wait_for(run(ctx, decky, service, lines)), output.value)


def services(output: OutputOption = Output.table) -> None:
    """List the services that deckies can imitate."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.catalog import services as run

        finish(run(ctx.catalog), output.value)


def archetypes(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are withheld, and why.")] = False,
    output: OutputOption = Output.table,
) -> None:
    """List archetypes (kinds of machine) and their services. Services in brackets have no decoy yet."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.catalog import archetypes as run

        finish(run(ctx.catalog, everything=everything), output.value)


def doctor(output: OutputOption = Output.table) -> None:
    """Find common problems, each with the command that fixes it."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.doctor import doctor as run

        finish(wait_for(run(ctx)), output.value)


_config = typer.Typer(help="Show settings and file locations.", no_args_is_help=True, rich_markup_mode=None)


@_config.callback()
def _config_root() -> None:
    """Show settings and file locations."""


@_config.command("show")
def _config_show(
    origin: Annotated[bool, typer.Option("--origin", help="Show where each value comes from.")] = False,
    output: OutputOption = Output.table,
) -> None:
    """Show all settings of this machine and the fleet's files."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.config import config

        finish(config(ctx, with_origin=origin), output.value)
