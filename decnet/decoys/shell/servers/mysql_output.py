"""Rows as the clients of MySQL print them."""

from __future__ import annotations

from html import escape
from typing import Any

Row = list[Any]


def _text(cell: Any, null: str = "NULL") -> str:
    return null if cell is None else str(cell)


def batch(columns: list[str], rows: list[Row], *, names: bool, raw: bool = False) -> str:
    """Columns with tabs between them."""
    lines = [columns] if names else []
    lines += [[_text(cell) for cell in row] for row in rows]
    if raw:
        return "".join("\t".join(line) + "\n" for line in lines)
    escapes = str.maketrans({"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\0": "\\0"})
    return "".join("\t".join(cell.translate(escapes) for cell in line) + "\n" for line in lines)


def table(
    columns: list[str], rows: list[Row], whole: set[int], *, names: bool = True, null: str = "NULL"
) -> str:
    """With a frame; numbers are to the right."""
    if not rows:
        return ""
    texts = [[_text(cell, null) for cell in row] for row in rows]
    widths = [
        max(len(text) for text in [name, *(line[at] for line in texts)]) for at, name in enumerate(columns)
    ]
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+\n"
    shown = rule
    if names:
        shown += (
            "|"
            + "|".join(f" {name:<{width}} " for name, width in zip(columns, widths, strict=True))
            + "|\n"
            + rule
        )
    for line in texts:
        cells = (
            f" {text:>{width}} " if at in whole else f" {text:<{width}} "
            for at, (text, width) in enumerate(zip(line, widths, strict=True))
        )
        shown += "|" + "|".join(cells) + "|\n"
    return shown + rule


def vertical(columns: list[str], rows: list[Row]) -> str:
    """One column in each line."""
    width, stars = max((len(name) for name in columns), default=0), "*" * 27
    return "".join(
        f"{stars} {number}. row {stars}\n"
        + "".join(f"{name:>{width}}: {_text(cell)}\n" for name, cell in zip(columns, row, strict=True))
        for number, row in enumerate(rows, 1)
    )


def html(columns: list[str], rows: list[Row], *, names: bool) -> str:
    """`-H`."""
    head = "<TR>" + "".join(f"<TH>{escape(name)}</TH>" for name in columns) + "</TR>" if names else ""
    body = "".join(
        "<TR>" + "".join(f"<TD>{escape(_text(cell))}</TD>" for cell in row) + "</TR>" for row in rows
    )
    return f"<TABLE BORDER=1>{head}{body}</TABLE>"


def xml(statement: str, columns: list[str], rows: list[Row]) -> str:
    """`-X`."""
    text = (
        '<?xml version="1.0"?>\n\n<resultset statement="'
        + escape(statement)
        + '\n" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    )
    for at, row in enumerate(rows):
        fields = "".join(
            f'\t<field name="{escape(name)}"'
            + (' xsi:nil="true" />\n' if cell is None else f">{escape(str(cell))}</field>\n")
            for name, cell in zip(columns, row, strict=True)
        )
        text += ("\n" if at else "") + f"\n  <row>\n{fields}  </row>"
    return text + "\n</resultset>\n"
