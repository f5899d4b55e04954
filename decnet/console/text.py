"""Plain text: aligned columns that are never cut, for a pipe, a log and a cron mail."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

from decnet.wire import clean

CELL_CHARS = 400
REASON_CHARS = 1200
NARROWEST, USUAL = 40, 80
"""Columns below which nothing can be laid out, as on a terminal whose size is not set (0), and the width that
is assumed there."""


def terminal_width(stream: TextIO) -> int:
    """The columns of the terminal behind the stream; 0 if it is none."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns if stream.isatty() else 0
    except (OSError, ValueError):
        return 0
    return columns if columns >= NARROWEST or not stream.isatty() else USUAL


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


def folded(text: str, indent: int, width: int) -> list[str]:
    """The text in lines of `width` columns, broken between words, all but the first indented; one line if
    `width` is 0."""
    if not width or len(text) <= width:
        return [text]
    return textwrap.wrap(
        text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
