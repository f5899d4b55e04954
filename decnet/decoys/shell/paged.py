"""Programs that show what they print to a terminal with `less`: those of systemd, and lists of dpkg."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .full_screen import KEYS_OFF, KEYS_ON, FullScreen, on_terminal
from .less import Less
from .less_pages import Look
from .process import Command, Process, Running

SYSTEMD, DPKG = "FRSXMK", "FRSXMQ"
"""Options that they give to `less`."""
MOST_BYTES = 1024 * 1024


def verb_in(*verbs: str) -> Callable[[Process], bool]:
    """Whether the first word that is no option, or "" if there is none, is one of these."""

    def wants(process: Process) -> bool:
        verb = next((word for word in process.args if not word.startswith("-")), "")
        return "--version" not in process.args and verb in verbs

    return wants


def paged(command: Command, options: str, wants: Callable[[Process], bool]) -> Command:
    """The command, with a pager if its output goes to a terminal. `wants`: whether the words print a list."""

    def run(process: Process) -> Running | int:
        running = command(process)
        context = process.context
        if isinstance(running, int) or context is None or not process.to_terminal or not on_terminal(context):
            return running
        if not wants(process) or _is_off(process):
            return running
        process.to_terminal = options != DPKG
        return _shown(process, running, options)

    return run


def _is_off(process: Process) -> bool:
    """Whether the visitor wants no pager."""
    names = ("SYSTEMD_PAGER", "DPKG_PAGER", "PAGER")
    value = next((process.shell.variables[name] for name in names if name in process.shell.variables), "less")
    return "--no-pager" in process.args or value in ("", "cat") or process.context.where("less") is None


def _shown(process: Process, running: Any, options: str) -> Running:
    """Collect what is printed, and show it page by page."""
    text, value = bytearray(), None
    status = 0
    while True:
        try:
            item = running.send(value)
        except StopIteration as stop:
            status = stop.value or 0
            _take(process, text)
            break
        _take(process, text)
        value = yield item
    context = process.context
    screen = FullScreen(context, begins=KEYS_ON + "\r", ends=KEYS_OFF)
    yield 0.0  # Errors come before the list.
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        shown = text.decode("utf-8", "replace")
        yield from Less(screen, [("", shown)], context, Look.of(options)).run(to_end=False)
    finally:
        screen.end()
    return status


def _take(process: Process, text: bytearray) -> None:
    for number, data in process.chunks:
        if number == 1:
            text += data[: MOST_BYTES - len(text)]
    process.chunks = [each for each in process.chunks if each[0] != 1]
