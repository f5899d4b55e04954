"""`decnet report`: the fleet and its attackers as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from decnet.cli import event_filters as of
from decnet.cli.option_groups import Without, with_groups
from decnet.cli.options import On, Quiet
from decnet.cli.run import context, wait_for


@with_groups
def report(
    html: Annotated[
        Path, typer.Option("--html", metavar="FILE", help="The page; an existing one is replaced.")
    ],
    chosen: Annotated[of.Selection, Without(("kind", "service", "severity", "with_ignored"))] = of.EVERY,
    redact: Annotated[bool, typer.Option("--redact", help="Leave out passwords.")] = False,
    quiet: Quiet = False,
    on: On = None,
) -> None:
    """Write a page: fleet health, activity, attackers, credentials."""
    with context("table", quiet=quiet, read_only=True, of_events=True) as ctx:
        from decnet.commands.event_view import EventView
        from decnet.commands.events import stored
        from decnet.commands.status import status
        from decnet.commands.userfile import write_text
        from decnet.console.report_page import page
        from decnet.export.activity import activity

        wanted = chosen.filter(ctx)
        health = wait_for(status(ctx, on=on))
        view = EventView(ctx, "table", redact)
        found = activity(lambda: view.pairs(stored(ctx, wanted, on)), since=wanted.since, now=ctx.now())
        write_text(html, page(found, health, redacted=redact))
        ctx.note(f"the report is in {html}")
        raise typer.Exit(health.exit_code)
