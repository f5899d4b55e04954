"""`man`, `apropos` and `whatis` of a system whose pages are not installed (dpkg's path-exclude, as on minimal
images). Compared with man-db 2.11."""

from ..process import Process, Running
from .common import parse, tool

MISSING = 16
"""The status for a page that is not found (man(1), EXIT STATUS)."""


@tool
def man(process: Process) -> Running:
    """Show a page: there is none."""
    options = parse(process, "afkwWlHTtuiIDXZ7eM:S:s:L:m:P:r:", "apropos=k whatis=f all=a path=w where=w")
    sections = [word for word in options.operands[:-1] if word[:1].isdigit() and len(word) < 4][:1]
    names = [word for word in options.operands if not (word[:1].isdigit() and len(word) < 4)]
    if not names:
        process.err("What manual page do you want?\nFor example, try 'man man'.\n")
        return 1
    if "k" in options or "f" in options:
        return _nothing(process, names)
    for name in names:
        process.err(f"No manual entry for {name}{''.join(f' in section {each}' for each in sections)}\n")
    yield 0.02
    return MISSING


@tool
def apropos(process: Process) -> Running:
    """Search the descriptions of pages: there are none."""
    options = parse(process, "dverwaslLC:M:m:", "")
    if not options.operands:
        process.err(f"{process.name} what?\n")
        return 1
    yield 0.02
    return _nothing(process, options.operands)


def _nothing(process: Process, names: list[str]) -> int:
    for name in names:
        process.err(f"{name}: nothing appropriate.\n")
    return MISSING


COMMANDS = {"man": man, "apropos": apropos, "whatis": apropos}
