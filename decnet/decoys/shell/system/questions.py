"""What chfn, chsh and adduser ask at a terminal."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..descriptors import Stream
from ..process import Process

LABELS = ("Full Name", "Room Number", "Work Phone", "Home Phone", "Other")
MOST_CELL = 200


def answered(process: Process, question: str) -> Generator[Any, Any, str | None]:
    """A line that is typed after a question; None at the end of the input."""
    process.out(question)
    yield 0.0
    source = process.context.fds.get(0) if process.context is not None else None
    if not isinstance(source, Stream):
        return None
    line: bytes = yield from process.context.read_line(source)
    return line.decode("utf-8", "surrogateescape").rstrip("\r\n") if line else None


def asked_cells(process: Process, name: str, cells: list[str]) -> Generator[Any, Any, list[str]]:
    """The cells of an account's comment: those that are left empty stay."""
    process.out(
        f"Changing the user information for {name}\nEnter the new value, or press ENTER for the default\n"
    )
    kept = [*cells, "", "", "", "", ""][:5]
    for at, label in enumerate(LABELS):
        answer = yield from answered(process, f"\t{label} [{kept[at]}]: ")
        if answer is None:
            process.out("\n")
            break
        wanted = answer.strip()[:MOST_CELL].translate(dict.fromkeys(map(ord, ":,=")))
        kept[at] = wanted or kept[at]
    return kept
