"""Figures, each against a reference of the same run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure. `value` and `reference` in seconds unless `what` says otherwise; `aim` is the highest
    ratio that was aimed at, None where there is no aim."""

    what: str
    value: float
    reference: float
    against: str
    aim: float | None = None

    @property
    def ratio(self) -> float:
        return self.value / self.reference if self.reference else 0.0

    @property
    def missed(self) -> bool:
        return self.aim is not None and self.ratio > self.aim


def show(rows: Iterable[Row]) -> None:
    """The table on stdout; what misses its aim is marked."""
    line = "{:60} {:>8} {:>9} {:>6} {:>5} {} {}"
    print(line.format("what", "value", "reference", "ratio", "aim", " ", "against"))
    for row in rows:
        figures = (f"{row.value:.3f}", f"{row.reference:.3f}", f"{row.ratio:.2f}")
        aim = "" if row.aim is None else f"{row.aim:.2g}"
        print(line.format(row.what, *figures, aim, "*" if row.missed else " ", row.against))


def write(rows: Iterable[Row], path: Path) -> None:
    """The same as JSON."""
    path.write_text(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], indent=1) + "\n")
