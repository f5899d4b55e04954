"""Words of a line that is edited, and choices in columns."""

from __future__ import annotations


def start_of_kill(key: str, line: str, at: int) -> int:
    """Where begins what ^U, ^W or ^K removes."""
    if key == "\x15":
        return 0
    kept = line[:at].rstrip()
    return at if key == "\x0b" else kept.rfind(" ") + 1


def word_before(line: str, at: int) -> int:
    """Where the word before a place begins."""
    while at and not line[at - 1].isalnum():
        at -= 1
    while at and line[at - 1].isalnum():
        at -= 1
    return at


def word_after(line: str, at: int) -> int:
    """Where the word after a place ends."""
    while at < len(line) and not line[at].isalnum():
        at += 1
    while at < len(line) and line[at].isalnum():
        at += 1
    return at


def in_columns(names: list[str], columns: int) -> str:
    """The choices in columns, as Readline prints them: the room for a name does not count its slash."""
    width = max(len(name.removesuffix("/")) for name in names) + 2
    across = columns // width
    across -= across > 1 and across * width == columns
    rows = -(-len(names) // max(1, across))
    lines = (_padded(names[row::rows], width, across) for row in range(rows))
    return "".join(line + "\r\n" for line in lines)


def _padded(names: list[str], width: int, across: int) -> str:
    """One row of the choices: nothing follows the last name that has room."""
    return "".join(name.ljust(width if at + 1 < across else 0) for at, name in enumerate(names))
