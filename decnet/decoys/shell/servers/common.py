"""What the programs of servers share: recorded answers, versions, and the services of the machine."""

from __future__ import annotations

import time

from ...host.processes import ProcessEntry
from ..printing import serving, started, wrong_option
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure


def recorded(process: Process, *words: str) -> Running:
    """Print what the program of the release answers to these words; its status, 0 if that is not known."""
    known = serving(process.shell, [process.name, *words])
    return 0 if known is None else (yield from started(known, process))


def version_of(shell: Shell, *names: str) -> str:
    """The version of the first of these packages that is installed, without what the distribution adds."""
    packages = shell.world.packages
    version = next((packages[name].version for name in names if name in packages), "") if packages else ""
    return version.rpartition(":")[2].partition("-")[0].partition("+")[0]


def main_process(shell: Shell, name: str) -> ProcessEntry | None:
    """The first process of a server by its comm, None if it does not run (or the visitor has stopped it)."""
    return next((each for each in shell.processes(time.time()) if each.name == name), None)


def is_root(shell: Shell) -> bool:
    """Whether the visitor may do what only root may."""
    return shell.user == "root"


def guarded(commands: dict[str, Command]) -> dict[str, Command]:
    """Commands that answer to a wrong option as the program of the release does."""
    return {name: _guarded(command) for name, command in commands.items()}


def _guarded(inner: Command) -> Command:
    def command(process: Process) -> Running:
        try:
            return (yield from started(inner, process))
        except Failure as failure:
            known = wrong_option(process.shell, [process.name, *process.args])
            if known is not None:
                return (yield from started(known, process))
            process.err(f"{process.name}: {failure.message}\n" if failure.message else "")
            return failure.status

    return command
