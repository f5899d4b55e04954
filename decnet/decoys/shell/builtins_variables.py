# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about variables."""

from __future__ import annotations

import re
from typing import Any

from .builtins_declare import declare, declared
from .builtins_read import mapfile, read
from .builtins_shown import NAME, as_assignment, bad_name, name_of_word, show_all, single_quoted
from .context import Context, ExpansionError, Work, fatal
from .own_variables import own_names
from .quoting import shown
from .syntax import Assignment
from .variables import NotAssigned, exported_function, unset, value_of


def export(context: Context, words: list[Any]) -> Work:
    """`export` and `readonly`."""
    shell, command = context.shell, str(words[0])
    names = shell.exported if command == "export" else shell.readonly
    arguments = list(words[1:])
    flags = ""
    while arguments and isinstance(arguments[0], str) and re.fullmatch(r"-[a-zA-Z]+|--", arguments[0]):
        flags += arguments.pop(0)[1:]
    bad = next((flag for flag in flags if flag not in ("fnpaA" if shell.dialect.bash else "p")), "")
    if bad:
        if shell.dialect.bash:
            context.complain(f"{command}: -{bad}: invalid option")
            context.err(
                f"{command}: usage: {command} [-fn] [name[=value] ...] or {command} -p\n"
                if command == "export"
                else "readonly: usage: readonly [-aAf] [name[=value] ...] or readonly -p\n"
            )
            return 2
        context.complain(f"{command}: Illegal option -{bad}")
        raise fatal(context, 2)
    if not arguments:
        for name in sorted(name for name in names if not name.startswith("BASH_FUNC_")):
            _show_exported(context, command, name)
        return 0
    status = 0
    for word in arguments:
        assignment = as_assignment(word)
        name = assignment.name if assignment else str(word)
        if not NAME.match(name):
            status = bad_name(context, command, str(word))
            continue
        if "f" in flags:
            status = _mark_function(context, command, name, flags) or status
            continue
        if assignment is not None:
            yield from context.assign(assignment)
        (names.discard if "n" in flags else names.add)(name)
        own = value_of(shell, name) if name in own_names(shell) and command == "export" else None
        if own is not None:
            shell.variables[name] = own
    return status


def _mark_function(context: Context, command: str, name: str, flags: str) -> int:
    """`export -f`: shells that this one starts get the function."""
    if name not in context.shell.functions:
        context.complain(f"{command}: {name}: not a function")
        return 1
    if command == "export":
        names = context.shell.exported
        (names.discard if "n" in flags else names.add)(exported_function(name))
    return 0


def _show_exported(context: Context, command: str, name: str) -> None:
    shell = context.shell
    value = value_of(shell, name)
    if shell.dialect.bash:
        context.out(declared(shell, name) + "\n")
    else:
        context.out(f"{command} {name}" + (f"={single_quoted(value)}" if value is not None else "") + "\n")


def unset_(context: Context, words: list[Any]) -> Work:
    shell = context.shell
    arguments = [name_of_word(word) for word in words[1:]]
    functions = False
    variables = False
    while arguments and arguments[0] in ("-f", "-v", "-n"):
        functions, variables = functions or arguments[0] == "-f", variables or arguments[0] == "-v"
        arguments.pop(0)
    status = 0
    for name in arguments:
        if functions:
            shell.functions.pop(name, None)
            continue
        base, _, index = name.partition("[")
        if not NAME.match(base):
            if variables or not shell.dialect.bash:
                status = bad_name(context, "unset", name)
            continue
        if index:
            key = yield from context.expansion.key_of(base, index.rstrip("]"))
            shell.arrays.get(base, {}).pop(key, None)
            continue
        if base not in shell.variables and base not in shell.arrays and not variables and shell.dialect.bash:
            shell.functions.pop(base, None)
        try:
            unset(shell, base)
        except NotAssigned as error:
            context.complain(f"unset: {error.args[0]}: {error.args[1]}")
            if not shell.dialect.bash:
                raise fatal(context, 2) from None
            status = 1
    return status


def let(context: Context, words: list[Any]) -> int:
    if len(words) < 2:
        context.complain("let: expression expected")
        return 1
    value = 0
    for word in words[1:]:
        text = (
            f"{word.name}={word.value.raw if word.value else ''}"
            if isinstance(word, Assignment)
            else str(word)
        )
        try:
            value = context.expansion.calculate(text)
        except ExpansionError as error:
            context.complain(f"let: {error}")
            return 1
    return int(value == 0)


BUILTINS = {
    "export": export, "readonly": export, "unset": unset_, "declare": declare, "typeset": declare, "local": declare,
    "let": let, "read": read, "mapfile": mapfile, "readarray": mapfile,
}  # fmt: skip
__all__ = ["BUILTINS", "show_all", "shown"]
