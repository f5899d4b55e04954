"""What got worse from one run to another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .growth import Growth
from .rows import Result, Row, Skipped, amount

MARGIN = 0.15
"""A ratio that is higher by this share is worse: what single runs on a quiet machine differ by."""
STEEPER = 0.05
"""An exponent that is higher by this is worse."""


class Key(NamedTuple):
    """By what the same figure is found in two runs."""

    what: str
    against: str


class Change(NamedTuple):
    """What became of one figure: worse, better, gone, new, or missing in one of the two runs."""

    verdict: str
    key: Key
    before: str
    after: str


def compared(old: Iterable[Result], new: Iterable[Result], margin: float = MARGIN) -> list[Change]:
    """What changed by more than the margin, the worse first. Figures as good as before are not in it."""
    before, after = by_key(old), by_key(new)
    changes = [_change(key, before.get(key), after.get(key), margin) for key in {**before, **after}]
    return sorted((each for each in changes if each), key=lambda each: ORDER.index(each.verdict))


ORDER = ("worse", "not run", "gone", "new", "better")


def by_key(rows: Iterable[Result]) -> dict[Key, Result]:
    return {_key(row): row for row in rows}


def _key(row: Result) -> Key:
    """Rows of 0.2.0 and before had the unit in the title."""
    what = row.what.removesuffix(", MiB")
    if isinstance(row, Row):
        return Key(what, row.against)
    return Key(what, "growth" if isinstance(row, Growth) else "")


def _change(key: Key, before: Result | None, after: Result | None, margin: float) -> Change | None:
    if after is None:
        return Change("gone", key, _figure(before), "")
    if isinstance(after, Skipped):
        return Change("not run", key, _figure(before), after.why)
    if before is None or isinstance(before, Skipped):
        return Change("new", key, "", _figure(after))
    verdict = _verdict(before, after, margin)
    return verdict and Change(verdict, key, _figure(before), _figure(after))


def _verdict(before: Result, after: Result, margin: float) -> str | None:
    if isinstance(before, Growth) and isinstance(after, Growth):
        steeper = after.exponent - before.exponent
        return "worse" if steeper > STEEPER else "better" if steeper < -STEEPER else None
    assert isinstance(before, Row)
    assert isinstance(after, Row)
    if after.ratio > before.ratio * (1 + margin):
        return "worse"
    return "better" if after.ratio * (1 + margin) < before.ratio else None


def _figure(row: Result | None) -> str:
    if isinstance(row, Row):
        return f"{row.ratio:.2f} ({amount(row.value, row.unit)})"
    return f"^{row.exponent:.2f}" if isinstance(row, Growth) else ""


def show_changes(changes: list[Change], margin: float) -> None:
    """The table on stdout."""
    worse = sum(each.verdict == "worse" for each in changes)
    print(f"{worse} worse: a ratio higher by {margin:.0%}, or an exponent by {STEEPER}")
    for each in changes:
        against = f" (against {each.key.against})" if each.key.against else ""
        print(f"{each.verdict:8} {each.before:>20} -> {each.after:20} {each.key.what}{against}")
