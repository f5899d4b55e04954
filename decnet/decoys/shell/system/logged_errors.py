"""Errors of systemd's programs, which they write as to a log."""

from __future__ import annotations

from ..process import Process


def complain(process: Process, text: str) -> None:
    """One error, red on a terminal."""
    process.err(f"\x1b[0;1;31m{text}\x1b[0m\r\n" if process.to_terminal else f"{text}\n")
