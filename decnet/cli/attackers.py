"""`decnet attackers`: who was there."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from decnet.cli import event_filters as of
from decnet.cli.groups import names_subcommand
from decnet.cli.option_groups import Without, with_groups
from decnet.cli.options import On, Output, OutputOption
from decnet.cli.run import context, finish

if TYPE_CHECKING:
    from decnet.engine.outcome import Listing


class TlpOption(StrEnum):
    """The colours of STIX; the Traffic Light Protocol's clear is white there."""

    white = "white"
    green = "green"
    amber = "amber"
    red = "red"


app = typer.Typer(rich_markup_mode=None, subcommand_metavar="[COMMAND] ...")

Credentials = Annotated[
    bool, typer.Option("--credentials", help="List the credentials that were tried, and where.")
]
Redact = Annotated[bool, typer.Option("--redact", help="With --credentials: leave out the secrets.")]


@app.callback(invoke_without_command=True)
@with_groups
def attackers(
    ctx: typer.Context,
    credentials: Credentials = False,
    redact: Redact = False,
    chosen: of.Selection = of.EVERY,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """List the sources of attackers' events."""
    if names_subcommand(ctx):
        return
    with context(output.value, writes=False, of_events=True) as opened:
        from decnet.commands import attackers as found

        wanted = chosen.filter(opened)
        listing: Listing
        if credentials:
            listing = found.tried_credentials(opened, wanted, on, redact=redact)
        else:
            listing = found.attackers(opened, wanted, on)
        finish(listing, output.value)


@app.command("show")
@with_groups
def show(
    address: Annotated[str, typer.Argument(help="The source's address.")],
    chosen: Annotated[of.Selection, Without(("source",))] = of.EVERY,
    on: On = None,
    output: OutputOption = Output.table,
) -> None:
    """Show what one source did on all workers, in the order of time."""
    with context(output.value, writes=False, of_events=True) as opened:
        from decnet.commands.attackers import timeline

        wanted = chosen.filter(opened)
        finish(timeline(opened, address, wanted, on), output.value)


@app.command("export")
@with_groups
def export(
    stix: Annotated[bool, typer.Option("--stix", help="Print a STIX 2.1 bundle.")] = False,
    tlp: Annotated[TlpOption, typer.Option(help="How far others may share it.")] = TlpOption.amber,
    with_decoys: Annotated[
        bool, typer.Option("--with-decoys", help="Include the decoys' addresses: for your own use.")
    ] = False,
    chosen: of.Selection = of.EVERY,
    on: On = None,
) -> None:
    """Print what others may know of attackers, without your decoys."""
    with context("table", read_only=True, of_events=True) as opened:
        from decnet.commands.share_attackers import share_attackers
        from decnet.errors import UsageError

        if not stix:
            raise UsageError("attackers export needs a format", hint="add --stix")
        wanted = chosen.filter(opened)
        finish(share_attackers(opened, wanted, on, tlp=tlp.value, with_decoys=with_decoys), "table")
