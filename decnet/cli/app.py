"""The tree of commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, NoReturn

import typer

from decnet import __version__
from decnet.cli import files, fleet, image, inspect, lab, rollout, setup, topology, worker
from decnet.cli.lazy_group import elsewhere

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


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"decnet {__version__}")


@app.command("help")
def help_of(
    ctx: typer.Context,
    command: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...", help="A command.")] = None,
) -> None:
    """Show the help of decnet or of a command."""
    where: Any = ctx.find_root()
    for number, word in enumerate(command or (), 1):
        known = getattr(where.command, "commands", {})
        if word not in known:
            _refuse(" ".join((command or [])[:number]), word, known, elsewhere(ctx.find_root().command, word))
        _, node, _ = where.command.resolve_command(where, [word])
        where = typer.Context(node, info_name=word, parent=where)
    typer.echo(where.command.get_help(where))


def _refuse(words: str, word: str, known: Iterable[str], found: list[str]) -> NoReturn:
    from decnet.console.prompts import print_error
    from decnet.errors import UsageError
    from decnet.model.suggest import suggest

    near = suggest(word, known)
    meant = " or ".join(f"`{each}`" for each in found or ([near] if near else []))
    hint = f"did you mean {meant}?" if meant else "decnet help lists the commands"
    print_error(UsageError(f"no command is named {words!r}", hint=hint), "table")
    raise typer.Exit(UsageError.exit_code)


fleet.register(app)
inspect.register(app)
files.register(app)
setup.register(app)
app.add_typer(worker.app, name="worker")
app.add_typer(topology.app, name="topology")
app.add_typer(rollout.app, name="rollout")
app.add_typer(image.app, name="image")
app.add_typer(lab.app, name="lab")
