"""Commands of packages, whose help and wrong options are recorded texts of the release."""

from __future__ import annotations

from collections.abc import Callable

from ..printing import printing, refusing, started
from ..process import Command, Process, Running
from .common import tool


def packaged(
    *, bare: bool = False, refuses: bool = True, short: bool = True
) -> Callable[[Callable[[Process], Running]], Command]:
    """A command of a package, whose help, version and wrong options are those of the release.

    `bare`: it works without an argument; `refuses`: its help names all of its options;
    `short`: -h and -V are --help and --version."""

    def decorated(inner: Callable[[Process], Running]) -> Command:
        body = tool(inner)

        def command(process: Process) -> Running:
            words = [process.name, *process.args]
            known = None
            if (len(words) == 2 and (short or words[1].startswith("--"))) or (len(words) == 1 and not bare):
                known = printing(process.shell, words)
            if known is not None:
                return (yield from started(known, process))
            if len(words) == 1 and not bare:
                # No text of it is recorded for this release: what most programs answer.
                process.err(f"Try '{process.name} --help' for more information.\n")
                return 1
            refusal = refusing(process.shell, words) if refuses else None
            if refusal is not None:
                return (yield from started(refusal, process))
            return (yield from started(body, process))

        return command

    return decorated
