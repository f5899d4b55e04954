"""Plain text: aligned columns that are never cut, for a pipe, a log and a cron mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from decnet.wire import clean

CELL_CHARS = 400
REASON_CHARS = 1200


def cell(text: str) -> str:
    """One cell's text, safe for a terminal and a log, on one line."""
    return clean(text, CELL_CHARS)


def reason(text: str) -> str:
    """Why something failed, several lines of a program's output joined to one."""
    return clean(" / ".join(line.strip() for line in text.splitlines() if line.strip()), REASON_CHARS)


def aligned(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines with a heading in capitals and each column as wide as its widest cell."""
    table = [[column.upper() for column in columns], *([cell(text) for text in row] for row in rows)]
    widths = [max(len(row[n]) for row in table) for n in range(len(columns))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 decky`, `2 deckies`."""
    many = plural or (noun[:-1] + "ies" if noun.endswith("y") else noun + "s")
    return f"{number} {noun if number == 1 else many}"
