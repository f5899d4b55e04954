"""Errors of systemd's programs, which they write as to a log."""

from __future__ import annotations

from ..process import Process

PLAIN = ("11", "20.04", "22.04")
"""Versions of systems whose systemd is older than 250: its log has no colours there."""


def complain(process: Process, text: str, *, coloured: bool = False) -> None:
    """One error, red on a terminal. `coloured`: also of an older systemd."""
    old = process.shell.world.system.version in PLAIN
    red = process.to_terminal and (coloured or not old)
    process.err(f"\x1b[0;1;31m{text}\x1b[0m{'' if old else chr(13)}\n" if red else f"{text}\n")


def log(process: Process, text: str) -> None:
    """A note; on a terminal its line ends with a carriage return since systemd 250."""
    returns = process.to_terminal and process.shell.world.system.version not in PLAIN
    process.err(text + ("\r\n" if returns else "\n"))
