"""`errno`, `traceback` and `shlex`."""

from __future__ import annotations

import errno
import shlex
from collections.abc import Callable
from typing import Any

from .machine import Machine
from .of_system import natives
from .values import check


def _formatted(machine: Machine) -> str:
    from .tracebacks import traceback

    if not machine.handled:
        return "NoneType: None\n"
    marks = tuple(int(each) for each in machine.version.split(".")) >= (3, 11)
    return traceback(machine.handled[-1], machine.path, machine.lines, marks=marks)


def _traceback(machine: Machine) -> dict[str, Any]:
    def shown(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
        file = keywords.get("file")
        machine.flush()
        file.write(machine, _formatted(machine)) if file else machine.process.err(_formatted(machine))

    return natives(
        print_exc=shown,
        format_exc=lambda machine, args, keywords: _formatted(machine),
        print_stack=lambda machine, args, keywords: None,
    )


def _words(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> list[str]:
    check(len(args[0]))
    return shlex.split(args[0])


def _shlex(machine: Machine) -> dict[str, Any]:
    return natives(
        split=_words,
        quote=lambda machine, args, keywords: shlex.quote(args[0]),
        join=lambda machine, args, keywords: shlex.join(args[0]),
    )


MODULES: dict[str, Callable[[Machine], dict[str, Any]]] = {
    "errno": lambda machine: {
        **{name: number for number, name in errno.errorcode.items()},
        "errorcode": dict(errno.errorcode),
    },
    "traceback": _traceback,
    "shlex": _shlex,
}
