# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The builtin `declare`."""

from __future__ import annotations

import re
from typing import Any

from .builtins_shown import NAME, as_assignment, bad_name, list_of, name_of_word, show_all
from .context import Context, ExpansionError, Work, fatal
from .own_variables import MAPS, own_letters, own_names
from .quoting import double_quoted
from .state import Shell
from .syntax import Assignment
from .variables import NO_VALUE, SPECIAL_ARRAYS, NotAssigned, hide, unset, value_of
from .written import function_text

DECLARE_FLAGS = "aAfFgiIlnrtuxp"


def declare(context: Context, words: list[Any]) -> Work:
    """`declare`, `typeset` and `local`."""
    shell, command = context.shell, str(words[0])
    if command == "local" and not shell.calls:
        context.complain(
            "local: can only be used in a function" if shell.dialect.bash else "local: not in a function"
        )
        if not shell.dialect.bash:
            raise fatal(context, 2)
        return 1
    arguments, on, off = list(words[1:]), "", ""
    while arguments and isinstance(arguments[0], str) and re.match(r"[-+][a-zA-Z-]", arguments[0]):
        word = arguments.pop(0)
        if word == "--":
            break
        bad = next((letter for letter in word[1:] if letter not in DECLARE_FLAGS), "")
        if bad and shell.dialect.bash:
            context.complain(f"{command}: {word[0]}{bad}: invalid option")
            name = command
            context.err(
                f"{name}: usage: {name} [-aAfFgiIlnrtux] [name[=value] ...]"
                + (" or declare -p [-aAfFilnrtux] [name ...]\n" if name == "declare" else "\n")
            )
            return 2
        on, off = (on + word[1:], off) if word[0] == "-" else (on, off + word[1:])
    if "f" in on or "F" in on:
        return _show_functions(context, [name_of_word(word) for word in arguments], names_only="F" in on)
    if "p" in on or not arguments:
        return _show_declared(context, command, [name_of_word(word) for word in arguments], on)
    status = 0
    for word in arguments:
        assignment = as_assignment(word)
        name = assignment.name if assignment else str(word).partition("[")[0]
        if not NAME.match(name):
            status = bad_name(context, command, str(word))
            continue
        if shell.calls and "g" not in on:
            _make_local(shell, name)
        status = (yield from _declare_one(context, command, name, assignment, on, off)) or status
    return status


def _make_local(shell: Shell, name: str) -> None:
    if name in shell.calls[-1].hidden:
        return
    hide(shell, name)
    if name in shell.readonly:
        return
    keeps = not shell.dialect.bash
    exported = name in shell.exported
    if not keeps:
        unset(shell, name)
        if exported:
            shell.exported.add(name)


def _declare_one(
    context: Context, command: str, name: str, assignment: Assignment | None, on: str, off: str
) -> Work:
    shell = context.shell
    kinds = "".join(letter for letter in "aAiluN" if letter in on) + ("n" if "n" in on else "")
    before = shell.kinds.get(name, "")
    is_new = name not in shell.variables and name not in shell.arrays and value_of(shell, name) is None
    if assignment is None and is_new and shell.dialect.bash:
        kinds += NO_VALUE
    kept = "".join(letter for letter in dict.fromkeys(before + kinds) if letter not in off)
    if "n" in kinds and assignment is not None:
        value = yield from context.expansion.single(assignment.value)
        shell.variables[name] = value
        shell.kinds[name] = kept
        return 0
    if kept:
        shell.kinds[name] = kept
    else:
        shell.kinds.pop(name, None)
    if ("a" in kinds or "A" in kinds) and name not in shell.arrays:
        array: dict[str | int, str] = {}
        if name in shell.variables and "a" in kinds:
            array[0] = shell.variables.pop(name)
        shell.arrays[name] = array
    if assignment is not None:
        try:
            yield from context.assign(assignment, name=name)
        except NotAssigned as error:
            context.complain(f"{command}: {error.args[0]}: {error.args[1]}")
            return 1
        except ExpansionError as error:
            prefix = f"{command}: " if "i" in kept else ""
            raise ExpansionError(f"{prefix}{error}", error.status, fatal=error.fatal) from None
    if "r" in on:
        shell.readonly.add(name)
    if "x" in on or "x" in off:
        (shell.exported.add if "x" in on else shell.exported.discard)(name)
    return 0


def _show_functions(context: Context, names: list[str], *, names_only: bool) -> int:
    status = 0
    for name in names or sorted(context.shell.functions):
        function = context.shell.functions.get(name)
        if function is None:
            status = 1
        elif names_only:
            context.out(f"{name}\n" if names else f"declare -f {name}\n")
        else:
            context.out(function_text(context.shell, name) + "\n")
    return status


def _show_declared(context: Context, command: str, names: list[str], on: str) -> int:
    shell, status = context.shell, 0
    if not names:
        if "p" not in on and not set(on) & set("aAirxluN"):
            show_all(context)
            return 0
        wanted = set(on) - {"p", "g"}
        names = [
            name
            for name in sorted({*shell.variables, *shell.arrays, *shell.exported, *own_names(shell)})
            if name[:1] != " " and wanted <= set(_letters(shell, name))
        ]
    for name in names:
        value = value_of(shell, name)
        is_declared = name in shell.arrays or bool(shell.kinds.get(name) or _letters(shell, name))
        if value is None and not is_declared:
            context.complain(f"{command}: {name}: not found")
            status = 1
            continue
        context.out(declared(shell, name) + "\n")
    return status


def declared(shell: Shell, name: str) -> str:
    """A variable as `declare -p` shows it."""
    head, value = f"declare -{_letters(shell, name) or '-'} {name}", value_of(shell, name)
    if NO_VALUE in shell.kinds.get(name, ""):
        return head
    if name in shell.arrays or (shell.dialect.bash and name in {*SPECIAL_ARRAYS, *MAPS}):
        return f"{head}={list_of(shell, name)}"
    return head + (f"={double_quoted(value)}" if value is not None else "")


def _letters(shell: Shell, name: str) -> str:
    kinds = shell.kinds.get(name, "")
    if shell.dialect.bash and name not in shell.variables and name not in shell.arrays and not kinds:
        kinds = own_letters(name)
    array = "A" if "A" in kinds else "a" if name in shell.arrays or "a" in kinds else ""
    return array + ("i" if "i" in kinds else "") + ("l" if "l" in kinds else "") + ("n" if "n" in kinds else "") + (
        "r" if name in shell.readonly else "") + ("u" if "u" in kinds else "") + ("x" if name in shell.exported else "")  # fmt: skip
