"""Tables on a terminal, laid out for its width: nothing is cut, and no word is broken that fits the line."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from decnet.console.text import cell, folded, terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from decnet.engine.outcome import Listing

LONGEST_WORD = 40
"""Characters of a word for which a table makes room on a narrow terminal."""

GAP = 2
"""Blanks between two columns."""

INDENT = 4
"""Of the values below their row, for which it has no room."""

COLOURS = {
    "running": "green",
    "up": "green",
    "fine": "green",
    "yes": "green",
    "degraded": "yellow",
    "unknown": "yellow",
    "away": "yellow",
    "active": "green",
    "deploying": "yellow",
    "tearing_down": "yellow",
    "passed": "green",
    "done": "green",
    "soaking": "yellow",
    "checking": "yellow",
    "sent": "yellow",
    "held": "yellow",
    "paused": "yellow",
    "reverting": "yellow",
    "halted": "red",
    "reverted": "red",
    "revert failed": "red",
    "warning": "yellow",
    "docker down": "red",
    "unreachable": "red",
    "REFUSED": "bold red",
    "not enrolled": "red",
    "failed": "red",
    "wrong": "red",
    "torn_down": "red",
    "stray": "magenta",
}


def print_table(listing: Listing) -> None:
    """Print the rows on a terminal. Columns that do not fit with whole words go below their row, each value
    with the name of its column."""
    from rich.console import Console

    width = terminal_width(sys.stdout)
    # Without a height, rich takes 80 columns for a terminal that calls itself dumb.
    console = Console(highlight=False, markup=False, emoji=False, width=width, height=len(listing.rows) + 1)
    rows = [[cell(text) for text in row] for row in listing.rows]
    number = columns_that_fit(listing.columns, rows, width)
    columns, beside = listing.columns[:number], [row[:number] for row in rows]
    widths = column_widths(columns, beside, width)
    if number == len(listing.columns):
        console.print(_table(columns, beside, widths))
        return
    console.print(_table(columns, (), widths))
    for row, part in zip(rows, beside, strict=True):
        console.print(_table(columns, [part], widths, with_heading=False))
        for line in _below(zip(listing.columns[number:], row[number:], strict=True), width):
            print(line)


def _below(named: Iterable[tuple[str, str]], width: int) -> list[str]:
    """Values with the names of their columns, as many on a line as fit."""
    found: list[str] = []
    for text in (f"{name} {value}" for name, value in named if value):
        longer = f"{found[-1]}   {text}" if found else ""
        if found and len(longer) <= width:
            found[-1] = longer
        else:
            found.append(" " * INDENT + text)
    return [line for each in found for line in folded(each, INDENT, width)]


def columns_that_fit(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int:
    """How many of the first columns fit into the width without broken words; at least one."""
    used = 0
    for number, least in enumerate(_least(columns, rows)):
        used += least + (GAP if number else 0)
        if used > width and number:
            return number
    return len(columns)


def column_widths(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The widths of columns that fit: whole if there is room; else so that the rows have few lines, no name
    in the first column is broken, and no word."""
    lengths = [Counter(map(len, column)) for column in zip(columns, *rows, strict=True)]
    whole = [max(each) for each in lengths]
    found = [min(least, width) for least in _least(columns, rows)]
    room = width - sum(found) - GAP * (len(found) - 1)
    if sum(whole) - sum(found) <= room:
        return whole
    while room > 0:
        gains = [_gain(each, found[n], min(room, whole[n] - found[n])) for n, each in enumerate(lengths)]
        number = max(range(len(gains)), key=lambda n: gains[n])
        saved, step = gains[number]
        if not saved:
            break
        found[number] += step
        room -= step
    return found


def _gain(lengths: Counter[int], width: int, most: int) -> tuple[float, int]:
    """How many lines a column of texts of these lengths saves for each character that it gets, and how many
    it has to get for that; at its best."""
    before = _lines(lengths, width)
    saved = (((before - _lines(lengths, width + step)) / step, step) for step in range(1, most + 1))
    return max(saved, default=(0.0, 0))


def _lines(lengths: Counter[int], width: int) -> int:
    return sum(number * -(-length // width) for length, number in lengths.items())


def _least(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column's longest word, and of the longest name in the first one."""
    found = [max(map(len, name.split() or [""])) for name in columns]
    for row in rows:
        for number, text in enumerate(row):
            longest = len(text) if number == 0 else max(map(len, text.split()), default=0)
            found[number] = max(found[number], min(longest, LONGEST_WORD))
    return found


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    *,
    with_heading: bool = True,
) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=None, header_style="bold", pad_edge=False, padding=(0, GAP, 0, 0), show_header=with_heading
    )
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column.upper(), overflow="fold", width=width)
    for row in rows:
        table.add_row(*(Text(text, style=COLOURS.get(text, "")) for text in row))
    return table
