# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The builtins `set` and `getopts`."""

from __future__ import annotations

from typing import Any, NamedTuple

from .context import Context, fatal
from .history import OFF
from .options import LETTERS, NAMES, ON_AT_PROMPT, ON_IN_BASH
from .state import Shell
from .variables import NotAssigned, assign, unset


def set_(context: Context, words: list[Any]) -> int:
    from .builtins_shown import show_all

    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    if not arguments:
        show_all(context)
        return 0
    while arguments and arguments[0][:1] in ("-", "+") and len(arguments[0]) > 1:
        word = arguments.pop(0)
        if word == "--":
            shell.positional = arguments
            return 0
        on = word[0] == "-"
        for letter in word[1:]:
            if letter == "o":
                if not arguments:
                    _show_options(context, plus=not on)
                    return 0
                if not _set_long(context, arguments.pop(0), on):
                    return 2 if shell.dialect.bash else 1
                continue
            if letter not in "abefhkmnptuvxBCEHPTIis":
                if shell.dialect.bash:
                    context.complain(f"set: -{letter}: invalid option")
                    context.err(
                        "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n"
                    )
                    return 2
                context.complain(
                    f"set: Illegal option -{letter}"
                    if shell.dialect.name == "dash"
                    else f"set: illegal option -{letter}"
                )
                raise fatal(context, 2)
            _switch(context, letter, on)
    if arguments[:1] == ["-"]:
        arguments.pop(0)
        if not arguments:
            return 0
    if arguments:
        shell.positional = arguments
    return 0


def _switch(context: Context, letter: str, on: bool) -> None:
    (context.shell.options.add if on else context.shell.options.discard)(letter)


def _set_long(context: Context, name: str, on: bool) -> bool:
    if name not in NAMES[context.shell.dialect.name]:
        if context.shell.dialect.bash:
            context.complain(f"set: {name}: invalid option name")
            return False
        context.complain(
            f"set: Illegal option -o {name}"
            if context.shell.dialect.name == "dash"
            else f"set: illegal option -o {name}"
        )
        if context.shell.dialect.name == "ash":
            return False
        raise fatal(context, 2)
    _switch(context, LETTERS.get(name, name), on)
    if name in ("emacs", "vi"):
        context.shell.options.discard("vi" if name == "emacs" or not on else "emacs")
    if name == "history":
        context.shell.notes.pop(OFF, None) if on else context.shell.notes.update({OFF: "1"})
    return True


def _show_options(context: Context, *, plus: bool) -> None:
    shell = context.shell
    for name in NAMES[shell.dialect.name]:
        on = _is_on(shell, name)
        if plus:
            context.out(f"set {'-' if on else '+'}o {name}\n")
        elif shell.dialect.bash:
            context.out(f"{name:<15}\t{'on' if on else 'off'}\n")
        else:
            context.out(
                (
                    "Current option settings\n"
                    if name == NAMES["dash"][0] and shell.dialect.name == "dash"
                    else ""
                )
                + f"{name:<16}{'on' if on else 'off'}\n"
            )


def options_of_set(context: Context, flags: str, names: list[str]) -> int:
    """`shopt -o`: the options of `set`, as shopt shows and changes them."""
    shell, status = context.shell, 0
    if not names:
        _show_options(context, plus="p" in flags)
        return 0
    for name in names:
        if name not in NAMES["bash"]:
            context.complain(f"shopt: {name}: invalid option name")
            status = 1
        elif "s" in flags or "u" in flags:
            _set_long(context, name, "s" in flags)
        else:
            on = _is_on(shell, name)
            status = status or int(not on)
            if "q" not in flags:
                context.out(
                    f"set {'-' if on else '+'}o {name}\n"
                    if "p" in flags
                    else f"{name:<15}\t{'on' if on else 'off'}\n"
                )
    return status


def _is_on(shell: Shell, name: str) -> bool:
    on = LETTERS.get(name, name) in shell.options or (shell.dialect.bash and name in ON_IN_BASH)
    if name == "emacs" and "vi" in shell.options:
        return False
    return on or (shell.interactive and name in ON_AT_PROMPT)


def getopts(context: Context, words: list[Any]) -> int:
    shell = context.shell
    if len(words) < 3:
        named = "var [arg]" if context.shell.dialect.name == "ash" else "name [arg ...]"
        usage = f"getopts: usage: getopts optstring {named}"
        context.err(f"{usage}\n") if shell.dialect.bash else context.complain(usage)
        return 2
    options, name = str(words[1]), str(words[2])
    if shell.dialect.bash and not name.isidentifier():
        context.complain(f"getopts: `{name}': not a valid identifier")
        return 1
    if shell.dialect.name == "ash" and not name.isidentifier():
        context.complain(f"getopts: {name}: bad variable name")
        return 2
    arguments = [str(word) for word in words[3:]] or shell.positional
    at, inside = int(shell.variables.get("OPTIND", "1") or 1), int(shell.variables.get(" optind", "0"))
    found = _next_option(options.lstrip(":"), arguments, at, inside)
    letter, value, problem = found.letter, found.value, found.problem
    if problem and options.startswith(":"):
        letter, value = (":" if problem == "argument" else "?"), found.letter
    elif problem:
        _complain_of_option(context, problem, found.letter)
        letter = "?"
    try:
        assign(shell, name, letter)
    except NotAssigned as error:
        context.complain(f"{error.args[0]}: {error.args[1]}")
        return 1
    unset(shell, "OPTARG") if value is None else assign(shell, "OPTARG", value)
    assign(shell, "OPTIND", str(found.at))
    shell.variables[" optind"] = str(found.inside)
    return int(found.is_over)


class _Option(NamedTuple):
    """One option of getopts, and where the next one is."""

    letter: str
    value: str | None
    at: int
    inside: int
    problem: str = ""
    is_over: bool = False


def _next_option(options: str, arguments: list[str], at: int, inside: int) -> _Option:
    """`at` counts the arguments from 1, `inside` the letters of one; 0: at its begin."""
    word = arguments[at - 1] if 0 < at <= len(arguments) else ""
    if not inside and (not word.startswith("-") or word in ("-", "--")):
        return _Option("?", None, at + (word == "--"), 0, is_over=True)
    inside = inside or 1
    letter, ends = word[inside : inside + 1], inside + 1 >= len(word)
    after = (at + 1, 0) if ends else (at, inside + 1)
    place = options.find(letter)
    if letter == ":" or place < 0:
        return _Option(letter, None, *after, "letter")
    if options[place + 1 : place + 2] != ":":
        return _Option(letter, None, *after)
    if not ends:
        return _Option(letter, word[inside + 1 :], at + 1, 0)
    if at < len(arguments):
        return _Option(letter, arguments[at], at + 2, 0)
    return _Option(letter, None, at + 1, 0, "argument")


def _complain_of_option(context: Context, problem: str, letter: str) -> None:
    shell = context.shell
    if problem == "letter":
        text = f"illegal option -- {letter}" if shell.dialect.bash else f"Illegal option -{letter}"
    else:
        text = (
            f"option requires an argument -- {letter}"
            if shell.dialect.bash
            else f"No arg for -{letter} option"
        )
    context.err(f"{shell.script}: {text}\n" if shell.dialect.bash else f"{text}\n")
