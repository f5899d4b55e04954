"""Names that Python's module `site` adds for its prompt, and what they show. Source: Python 3.11.2."""

from __future__ import annotations

from typing import Any

from .machine import Machine
from .values import Native, Thrown

COPYRIGHT = """\
Copyright (c) 2001-2023 Python Software Foundation.
All Rights Reserved.

Copyright (c) 2000 BeOpen.com.
All Rights Reserved.

Copyright (c) 1995-2001 Corporation for National Research Initiatives.
All Rights Reserved.

Copyright (c) 1991-1995 Stichting Mathematisch Centrum, Amsterdam.
All Rights Reserved."""
CREDITS = """\
    Thanks to CWI, CNRI, BeOpen.com, Zope Corporation and a cast of thousands
    for supporting Python development.  See www.python.org for more information."""


def _exit(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    raise Thrown(SystemExit(*args[:1]))


def _printer(text: str) -> Native:
    return Native("_Printer", lambda machine, args, keywords: machine.print(text + "\n"), shown=text)


NAMES = {
    "exit": Native("exit", _exit, shown="Use exit() or Ctrl-D (i.e. EOF) to exit"),
    "quit": Native("quit", _exit, shown="Use quit() or Ctrl-D (i.e. EOF) to exit"),
    "copyright": _printer(COPYRIGHT),
    "credits": _printer(CREDITS),
    "license": Native("license", lambda machine, args, keywords: None,
                      shown="Type license() to see the full license text"),
    "help": Native("help", lambda machine, args, keywords: None,
                   shown="Type help() for interactive help, or help(object) for help about object."),
}  # fmt: skip
