"""The tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from decnet import __version__
from decnet.cli import files, fleet, image, inspect, lab, setup, worker

app = typer.Typer(
    name="decnet",
    help="Deception network: deploy and manage decoy hosts on a real LAN.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"decnet {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Deception network: deploy and manage decoy hosts on a real LAN."""


fleet.register(app)
inspect.register(app)
files.register(app)
setup.register(app)
app.add_typer(worker.app, name="worker")
app.add_typer(image.app, name="image")
app.add_typer(lab.app, name="lab")
