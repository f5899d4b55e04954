"""Commands that are built only when they are entered are the commands that typer builds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from decnet.cli.app import app
from decnet.cli.lazy_group import lazy_group


def groups(mine: Any, typers: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every group by its name, as it is entered and as typer has it."""
    yield mine.name, mine, typers
    for name, command in typers.commands.items():
        if hasattr(command, "commands"):
            yield from groups(mine.commands[name], command)


def help_of(command: Any) -> str:
    return str(command.get_help(typer.Context(command, info_name="it")))


def test_every_group_shows_what_typers_own_shows() -> None:
    shown = {name: (help_of(mine), help_of(its)) for name, mine, its in groups(lazy_group(app), builders())}
    assert len(shown) > 4
    assert {name: mine for name, (mine, _) in shown.items()} == {
        name: its for name, (_, its) in shown.items()
    }


def test_a_command_is_whole_when_it_is_entered() -> None:
    for _, mine, its in groups(lazy_group(app), builders()):
        context = typer.Context(mine, info_name="it")
        for name, command in its.commands.items():
            _, found, rest = mine.resolve_command(context, [name, "--more"])
            assert (help_of(found), rest) == (help_of(command), ["--more"])


def test_a_mistyped_command_is_answered_with_the_one_that_was_meant(capsys: Any) -> None:
    try:
        lazy_group(app)(["stats"], prog_name="decnet")
    except SystemExit as left:
        assert left.code == 2
    assert "did you mean 'status'?" in capsys.readouterr().err


def builders() -> Any:
    return typer.main.get_command(app)
