# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Variables as the builtins show them."""

from __future__ import annotations

import re
from typing import Any

from .context import Context, fatal
from .own_variables import ARRAYS, MAPS, SHOWN_EMPTY, own_names
from .quoting import double_quoted, if_needed
from .state import Shell
from .syntax import Assignment, Literal, Word
from .variables import NO_VALUE, OF_OTHERS, elements_of, value_of
from .written import function_text

NAME = re.compile(r"[A-Za-z_]\w*$")


def show_all(context: Context) -> None:
    """`set` without arguments."""
    shell = context.shell
    names = sorted({*shell.variables, *shell.arrays})
    if shell.dialect.bash:
        names = sorted({*names, *own_names(shell)})
    else:
        names = sorted({*names, "PPID", *(name for name in OF_OTHERS if value_of(shell, name) is not None)})
    for name in names:
        if name[:1] == " ":
            continue
        if NO_VALUE in shell.kinds.get(name, ""):
            continue
        if shell.dialect.bash and (name in shell.arrays or name in {*ARRAYS, *MAPS}):
            context.out(f"{name}={list_of(shell, name)}\n")
            continue
        value = value_of(shell, name) or ""
        context.out(
            f"{name}={if_needed(value) if shell.dialect.bash else single_quoted(value)}\n"
            if value or not shell.dialect.bash
            else f"{name}=\n"
        )
    if shell.dialect.bash:
        for name in sorted(shell.functions):
            context.out(function_text(shell, name) + "\n")


def single_quoted(value: str) -> str:
    return "'" + value.replace("'", "'\"'\"'") + "'"


def list_of(shell: Shell, name: str) -> str:
    if name in SHOWN_EMPTY and name not in shell.arrays:
        return "()"
    items = "".join(
        f"[{key if isinstance(key, int) else _key(key)}]={double_quoted(value)} "
        for key, value in elements_of(shell, name).items()
    )
    return f"({items})" if "A" in shell.kinds.get(name, "") else f"({items.rstrip()})"


def _key(key: str) -> str:
    return key if re.fullmatch(r"\w+", key) else double_quoted(key)


def name_of_word(word: Any) -> str:
    return word.name if isinstance(word, Assignment) else str(word)


def as_assignment(word: Any) -> Assignment | None:
    """A word as an assignment, also one that only its expansion has made one."""
    if isinstance(word, Assignment):
        return word
    name, equals, value = str(word).partition("=")
    append = name.endswith("+")
    name = name.removesuffix("+")
    if equals and NAME.match(name):
        return Assignment(name, Word([Literal(value, True)], value), None, append)
    return None


def bad_name(context: Context, command: str, text: str) -> int:
    if context.shell.dialect.bash:
        context.complain(f"{command}: `{text}': not a valid identifier")
        return 1
    shown = text.partition("=")[0] if context.shell.dialect.name == "ash" else text
    context.complain(f"{command}: {shown}: bad variable name")
    raise fatal(context, 2)
