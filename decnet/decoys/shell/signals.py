# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Signals: their names and numbers, and `trap`."""

from __future__ import annotations

from typing import Any

from .context import Context
from .signal_numbers import SIGNALS


def trap(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    if arguments[:1] == ["--"]:
        arguments.pop(0)
    if arguments[:1] == ["-l"]:
        show_signals(context)
        return 0
    if not arguments or arguments[0] == "-p":
        wanted = {signal_name(word) for word in arguments[1:]}
        for name in ("EXIT", *SIGNALS, "DEBUG", "ERR", "RETURN"):
            if name in shell.traps and (name in wanted or not wanted):
                sign = "" if name in ("EXIT", "DEBUG", "ERR", "RETURN") or not shell.dialect.bash else "SIG"
                quoted = "'" + shell.traps[name].replace("'", "'\\''") + "'"
                context.out(f"trap -- {quoted} {sign}{name}\n")
        return 0
    action, names = (arguments[0], arguments[1:]) if len(arguments) > 1 else ("-", arguments)
    if action.isdecimal() and len(arguments) > 1:
        action, names = "-", arguments
    status = 0
    for word in names:
        signal = signal_name(word, debug=shell.dialect.name != "ash")
        if signal is None:
            text = {
                "bash": f"trap: {word}: invalid signal specification",
                "dash": f"trap: {word}: bad trap",
                "ash": f"trap: {word}: invalid signal specification",
            }
            context.complain(text[shell.dialect.name])
            status = 1
        elif action == "-":
            shell.traps.pop(signal, None)
        else:
            shell.traps[signal] = action
    return status


def signal_name(word: str, *, debug: bool = True) -> str | None:
    """The name of a signal that is given by number or name; without `debug`, of those that ash has."""
    if word.isdecimal():
        number = int(word[:5])
        return (
            "EXIT" if number == 0 else next((name for name, each in SIGNALS.items() if each == number), None)
        )
    name = word.upper().removeprefix("SIG")
    own = ("EXIT", "ERR", *(("DEBUG", "RETURN") if debug else ()))
    return name if name in SIGNALS or name in own else None


def show_signals(context: Context) -> None:
    """`kill -l` of bash."""
    names = [*((number, name) for name, number in SIGNALS.items() if number != 16), (16, "STKFLT")]
    names += [
        (34, "RTMIN"),
        *((34 + n, f"RTMIN+{n}") for n in range(1, 16)),
        *((64 - n, f"RTMAX-{n}") for n in range(14, 0, -1)),
        (64, "RTMAX"),
    ]
    rows = sorted(names)
    lines = [
        "\t".join(f"{number:>2}) SIG{name}" for number, name in rows[at : at + 5])
        for at in range(0, len(rows), 5)
    ]
    context.out("".join(line + ("\t" if len(line.split("\t")) < 5 else "") + "\n" for line in lines))
