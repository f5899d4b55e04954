"""Groups that are commands themselves."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from decnet.cli.groups import names_subcommand

app = typer.Typer(rich_markup_mode=None, subcommand_metavar="[COMMAND] ...")


@app.callback(invoke_without_command=True)
def events(ctx: typer.Context, pull: bool = False) -> None:
    if not names_subcommand(ctx):
        typer.echo(f"events, pull={pull}")


@app.command()
def files(hidden: bool = False) -> None:
    typer.echo(f"files, hidden={hidden}")


def test_without_a_subcommand_the_group_runs() -> None:
    assert CliRunner().invoke(app, ["--pull"]).output == "events, pull=True\n"


def test_a_subcommand_runs_alone_with_its_own_options() -> None:
    assert CliRunner().invoke(app, ["files", "--hidden"]).output == "files, hidden=True\n"


def test_an_option_of_the_group_in_front_of_a_subcommand_is_refused() -> None:
    result = CliRunner().invoke(app, ["--pull", "files"])
    assert result.exit_code == 2
    assert "--pull does not go before a subcommand" in result.output
