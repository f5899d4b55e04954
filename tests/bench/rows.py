"""Figures, each against a reference of the same run, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from .growth import Growth


@dataclass(frozen=True)
class Row:
    """One figure and its reference, both in `unit`: "s" (`what` says whether of CPU or of wall time), "ms",
    "MiB", "bytes", "calls"; "" for a plain number. Less is better. `aim` is the highest ratio that was aimed
    at, None where there is no aim."""

    what: str
    value: float
    reference: float
    against: str
    aim: float | None = None
    unit: str = "s"

    @property
    def ratio(self) -> float:
        return self.value / self.reference if self.reference else 0.0

    @property
    def missed(self) -> bool:
        return self.aim is not None and self.ratio > self.aim


@dataclass(frozen=True)
class Skipped:
    """A part of the benchmark, or a peer, that could not be run on this machine."""

    what: str
    why: str


Result = Row | Growth | Skipped
Cells = tuple[str, str, str, str, str, str]
HEAD: Cells = ("what", "figure", "reference", "ratio", "aim", "met")


def show(rows: Iterable[Result]) -> None:
    """The table on stdout."""
    table = [HEAD, *map(cells, rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def cells(row: Result) -> Cells:
    """What stands in the columns of the table. The ratio of a growth is its exponent: `^1.02`."""
    if isinstance(row, Skipped):
        return (row.what, "not run", row.why, "", "", "")
    met = "" if row.aim is None else "missed" if row.missed else "met"
    if isinstance(row, Growth):
        (first, least), (last, most) = row.points[0], row.points[-1]
        figure = f"{amount(most, row.unit)} for {last:,.0f} {row.of}"
        reference = f"{amount(least, row.unit)} for {first:,.0f}"
        return (row.what, figure, reference, f"^{row.exponent:.2f}", f"^{row.aim:.2f}", met)
    aim = "" if row.aim is None else f"{row.aim:.3g}"
    reference = f"{row.against}: {amount(row.reference, row.unit)}"
    return (row.what, amount(row.value, row.unit), reference, f"{row.ratio:.2f}", aim, met)


def amount(value: float, unit: str) -> str:
    """Three digits that mean something, and the unit: `0.012 s`, `1,234 MiB`."""
    if value >= 100 or value == int(value):
        number = f"{value:,.0f}"
    else:
        number = f"{value:.3g}"
    return f"{number} {unit}".strip()


def encoded(rows: Iterable[Result]) -> list[dict[str, Any]]:
    """The rows for JSON, each with its kind and with what follows from its figures."""
    return [_encoded(row) for row in rows]


def _encoded(row: Result) -> dict[str, Any]:
    fields = asdict(row)
    if isinstance(row, Row):
        return {"kind": "row", **fields, "ratio": row.ratio}
    if isinstance(row, Growth):
        return {"kind": "growth", **fields, "exponent": row.exponent}
    return {"kind": "skipped", **fields}


def decoded(rows: Iterable[dict[str, Any]]) -> list[Result]:
    """The rows of a JSON document; those of 0.2.0 and before name no kind and no unit."""
    return [_decoded(dict(row)) for row in rows]


def _decoded(row: dict[str, Any]) -> Result:
    kind = row.pop("kind", "row")
    if kind == "growth":
        row.pop("exponent")
        points = tuple((size, value) for size, value in row.pop("points"))
        return Growth(points=points, **row)
    if kind == "skipped":
        return Skipped(**row)
    row.pop("ratio")
    return Row(**row)
