# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins that print and test."""

from __future__ import annotations

from typing import Any

from .conditions import BadTest, BracketTests, Tests
from .context import Context
from .echoing import Printf, echo, has_groups
from .state import Shell
from .variables import NotAssigned, assign


def echo_(context: Context, words: list[Any]) -> int:
    dialect = context.shell.dialect
    name = "dash" if dialect.bash and "xpg_echo" in context.shell.shopts else dialect.name
    context.out(echo([str(word) for word in words[1:]], name))
    return 0


def printf(context: Context, words: list[Any]) -> int:
    shell, arguments = context.shell, [str(word) for word in words[1:]]
    variable = ""
    if shell.dialect.bash and arguments[:1] == ["-v"] and len(arguments) > 1:
        variable, arguments = arguments[1], arguments[2:]
    has_options = arguments[:1] != ["--"]
    if not has_options:
        arguments.pop(0)
    if not arguments:
        usage = {
            "bash": "printf: usage: printf [-v var] format [arguments]\n",
            "dash": "",
            "ash": f"{shell.name}: usage: printf FORMAT [ARGUMENT...]\n",
        }
        if shell.dialect.name == "dash":
            context.complain("printf: usage: printf format [arg ...]")
        else:
            context.err(usage[shell.dialect.name])
        return 2
    if shell.dialect.bash and has_options and arguments[0].startswith("-") and len(arguments[0]) > 1:
        context.complain(f"printf: {arguments[0][:2]}: invalid option")
        context.err("printf: usage: printf [-v var] format [arguments]\n")
        return 2
    done = Printf(
        arguments[0],
        arguments[1:],
        shell.dialect.name,
        groups=has_groups(shell.variables),
        dated=lambda form, when: _dated(shell, form, when),
    )
    if variable:
        try:
            assign(shell, variable, done.text)
        except NotAssigned as refused:
            context.complain(f"{refused.args[0]}: {refused.args[1]}")
            return 1
    elif done.errors and shell.dialect.bash:
        for error in done.errors:
            context.complain(f"printf: {error}")
        context.out(done.text)
        return done.status
    else:
        context.out(done.text)
    for error in done.errors:
        context.complain(error if shell.dialect.name == "ash" else f"printf: {error}")
    return done.status


def _dated(shell: Shell, form: str, when: float) -> str:
    """`%(form)T`."""
    from .text.dates import is_american, stamp
    from .text.zones import zone_of

    zone = zone_of(shell, None if "TZ" in shell.exported else "")
    return stamp(form, when, zone, american=is_american(shell))


def test(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [
        str(word) if isinstance(word, str) else f"{word.name}={word.value.raw if word.value else ''}"
        for word in words[1:]
    ]
    if words[0] in ("[", "[["):
        if not arguments or arguments[-1] != ("]" if words[0] == "[" else "]]"):
            text = {"bash": "[: missing `]'", "dash": "[: missing ]", "ash": "missing ]"}[shell.dialect.name]
            context.complain(text) if shell.dialect.name != "ash" else context.err(
                f"{shell.script}: missing {']' if words[0] == '[' else ']]'}\n"
            )
            return 2
        arguments.pop()
    context.spend(len(arguments))
    try:
        kind = BracketTests if words[0] == "[[" else Tests
        return int(not kind(context, arguments).holds())
    except BadTest as error:
        if shell.dialect.name == "ash":
            context.err(f"{shell.script}: {error}\n" if str(error) else "")
        else:
            context.complain(f"{words[0]}: {error}")
        return 2


BUILTINS = {"echo": echo_, "printf": printf, "test": test, "[": test, "[[": test}
