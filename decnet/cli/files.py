"""The commands about files and shells, which do not use the fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from decnet.cli.options import Output, OutputOption
from decnet.cli.run import context, finish
from decnet.cli.shells import SCRIPTS, Shell


def register(app: typer.Typer) -> None:
    """Add this module's commands to the app."""
    app.command()(validate)
    app.command()(convert)
    app.command()(schema)
    app.command()(completion)


def validate(
    file: Annotated[Path, typer.Argument(help="The fleet file; - for stdin.")],
    output: OutputOption = Output.table,
) -> None:
    """Validate a fleet file without changing anything."""
    with context(output.value, writes=False) as ctx:
        from decnet.commands.validate import validate as run

        finish(run(ctx, file), output.value)


def convert(
    file: Annotated[Path, typer.Argument(help="The INI fleet file of an older system.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The output file; default: stdout.")
    ] = None,
    services: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write your own services ([custom-X]) to this file."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Convert an older system's INI file to a fleet file."""
    with context("table", writes=False) as ctx:
        from decnet.commands.convert import ConvertOptions
        from decnet.commands.convert import convert as run

        finish(run(ctx, file, ConvertOptions(output, services, force)), "table")


def schema() -> None:
    """Print the JSON Schema of fleet files, for editors."""
    with context("table", writes=False):
        from decnet.commands.validate import fleet_schema

        finish(fleet_schema(), "table")


def completion(shell: Annotated[Shell, typer.Argument(help="The shell.")]) -> None:
    """Print the tab completion script of a shell."""
    typer.echo(SCRIPTS[shell.value], nl=False)
