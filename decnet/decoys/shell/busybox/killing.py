"""BusyBox's killall."""

from __future__ import annotations

from typing import Any

from ..process import Command, Process
from ..signal_numbers import SIGNALS, signals_listed
from .files import passed_on


def killall(process: Process) -> Any:
    """A signal for all processes of a program."""
    words = [word for word in process.args if word != "-q"]
    if words[:1] == ["-l"]:
        process.out(signals_listed())
        return 0
    if words and words[0].startswith("-") and not words[0][1:].isdecimal():
        name = words[0][1:].upper().removeprefix("SIG")
        if name not in SIGNALS:
            process.err(f"killall: bad signal name '{words[0][1:]}'\n")
            return 1
    if not [word for word in words if not word.startswith("-")]:
        process.err("killall: you need to specify whom to kill\n")
        return 1
    return passed_on(process, "killall")


COMMANDS: dict[str, Command] = {"killall": killall}
