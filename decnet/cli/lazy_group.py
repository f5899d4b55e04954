"""The commands as typer shows them, of which only the one that is entered is built.

Typer reads the signature of every function before it looks at the command line: for all our commands that
takes as long as to import typer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_command_name, get_group
from typer.models import CommandInfo

Whole = dict[str, Callable[[], Any]]
"""How each command of a group is built."""


class Entered(TyperGroup):
    """A group whose commands have a name and a help text only, until one is entered."""

    whole: Whole = {}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.whole[name]() if name else command, rest


def entered(app: typer.Typer) -> Entered:
    """The app's group; commands of groups below it are as unbuilt as its own."""
    group = _empty(app)
    group.whole = {}
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or get_command_name(command.callback.__name__)
        help_text = command.help or inspect.getdoc(command.callback)
        _put(group, TyperCommand(name, help=help_text, hidden=command.hidden), _builder(command))
    for below in app.registered_groups:
        assert below.typer_instance is not None
        inner = entered(below.typer_instance)
        inner.name = below.name
        _put(group, inner, _itself(inner))
    return group


def _put(group: Entered, command: Any, whole: Callable[[], Any]) -> None:
    group.commands[command.name] = command
    group.whole[command.name] = whole


def _itself(group: Entered) -> Callable[[], Any]:
    return lambda: group


def _builder(command: CommandInfo) -> Callable[[], Any]:
    return lambda: get_command_from_info(command, pretty_exceptions_short=True, rich_markup_mode=None)


def _empty(app: typer.Typer) -> Entered:
    bare = copy(app)
    bare.registered_commands, bare.registered_groups = [], []
    bare.info = copy(app.info)
    bare.info.cls = Entered
    group = get_group(bare)
    assert isinstance(group, Entered)
    return group
