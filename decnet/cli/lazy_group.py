"""Typer's command groups, built lazily: only the command that runs is built.

Typer reads the signature of every function before it parses the command line: for all our commands that takes
as long as importing typer.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_command_name, get_group
from typer.models import CommandInfo

from decnet.cli.usage import CommandLineMistake, report_mistake

Builders = dict[str, Callable[[], Any]]
"""How each command of a group is built."""


class LazyGroup(TyperGroup):
    """A group whose commands are only a name and a help text until one of them runs."""

    builders: Builders = {}

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run a command and exit with its code. A mistake in the command line is reported as every error
        is."""
        try:
            code = super().main(args, *rest, **{**extra, "standalone_mode": False})
        except CommandLineMistake as error:
            code = report_mistake(error, sys.argv[1:] if args is None else args)
        sys.exit(code if isinstance(code, int) else 0)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and (found := elsewhere(ctx.find_root().command, args[0])):
            words = " or ".join(f"`{each}`" for each in found)
            ctx.fail(f"No such command '{args[0]}'. Did you mean {words}?")
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.builders[name]() if name else command, rest


def elsewhere(root: Any, word: str) -> list[str]:
    """The commands of exactly that name in the whole tree: `decnet worker drain` for `drain`."""
    known = getattr(root, "commands", {})
    groups = [name for name, each in known.items() if word in getattr(each, "commands", {})]
    return [*(["decnet " + word] if word in known else []), *(f"decnet {name} {word}" for name in groups)]


def lazy_group(app: typer.Typer) -> LazyGroup:
    """The app's group, with unbuilt commands, also in its subgroups."""
    group = _empty_group(app)
    group.builders = {}
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or get_command_name(command.callback.__name__)
        help_text = command.help or inspect.getdoc(command.callback)
        _add(group, TyperCommand(name, help=help_text, hidden=command.hidden), _builder(command))
    for subgroup in app.registered_groups:
        assert subgroup.typer_instance is not None
        inner = lazy_group(subgroup.typer_instance)
        inner.name = subgroup.name
        _add(group, inner, _always(inner))
    return group


def _add(group: LazyGroup, command: Any, builders: Callable[[], Any]) -> None:
    group.commands[command.name] = command
    group.builders[command.name] = builders


def _always(group: LazyGroup) -> Callable[[], Any]:
    return lambda: group


def _builder(command: CommandInfo) -> Callable[[], Any]:
    return lambda: get_command_from_info(command, pretty_exceptions_short=True, rich_markup_mode=None)


def _empty_group(app: typer.Typer) -> LazyGroup:
    bare = copy(app)
    bare.registered_commands, bare.registered_groups = [], []
    bare.info = copy(app.info)
    bare.info.cls = LazyGroup
    group = get_group(bare)
    assert isinstance(group, LazyGroup)
    return group
