"""`complete`: which completions there are."""

from __future__ import annotations

from typing import Any

from ..host.completions import specifications
from .context import Context
from .programmed import is_installed


def complete_(context: Context, words: list[Any]) -> int:
    """`complete` and `complete -p [name...]`; what a visitor adds has no effect."""
    arguments = [str(word) for word in words[1:]]
    if arguments and arguments[0] != "-p":
        return 0
    shell = context.shell
    lines = specifications().splitlines() if shell.interactive and is_installed(shell) else []
    if len(arguments) < 2:
        context.out("".join(f"{line}\n" for line in lines))
        return 0
    status = 0
    for name in arguments[1:]:
        found = [line for line in lines if line.rpartition(" ")[2] == name]
        context.out("".join(f"{line}\n" for line in found))
        if not found:
            context.complain(f"complete: {name}: no completion specification")
            status = 1
    return status
