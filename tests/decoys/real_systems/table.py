"""The results as text: how many answers are equal, and which are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .commands import Command
from .masks import Reply, compared
from .reasons import reason_of

LONGEST = 1500
"""Characters of an answer that are shown."""


@dataclass(frozen=True)
class Result:
    """One command with both answers."""

    command: Command
    real: Reply
    ours: Reply
    system: str = ""

    @property
    def equal(self) -> bool:
        """Whether both are equal by the command's rule."""
        return compared(self.real, self.command.rule) == compared(self.ours, self.command.rule)


def shares(results: Sequence[Result]) -> str:
    """A table: category, equal, different with a reason, all, and the share of equal ones of the rest."""
    names = sorted({each.command.category for each in results})
    rows = [(name, [each for each in results if each.command.category == name]) for name in names]
    lines = [_row(name, found) for name, found in [*rows, ("all", results)]]
    return "\n".join([f"{'category':<14}{'equal':>6}{'reason':>8}{'of':>6}{'share':>7}", *lines])


def _row(name: str, found: Sequence[Result]) -> str:
    equal = sum(each.equal for each in found)
    excused = sum(
        not each.equal and bool(reason_of(each.command.text, each.system, each.real.error or each.real.out))
        for each in found
    )
    share = equal / max(1, len(found) - excused)
    return f"{name:<14}{equal:>6}{excused:>8}{len(found):>6}{share:>7.0%}"


def differences(results: Iterable[Result]) -> str:
    """Every command whose answers differ, with both as they are compared."""
    return "\n".join(_difference(each) for each in results if not each.equal)


def _difference(result: Result) -> str:
    rule = result.command.rule
    real, mine = compared(result.real, rule), compared(result.ours, rule)
    parts = [f"$ {result.command.text}" + (f"    [{rule}]" if rule != "exact" else "")]
    if reason := reason_of(result.command.text, result.system, result.real.error or result.real.out):
        parts[0] += f"    ({reason})"
    for name, expected, got in zip(("out", "err", "status"), real, mine, strict=True):
        if expected != got:
            parts += [f"  {name} expected: {_shown(expected)}", f"  {name} ours:     {_shown(got)}"]
    return "\n".join(parts) + "\n"


def _shown(value: str | int | None) -> str:
    if not isinstance(value, str):
        return str(value)
    text = value if len(value) <= LONGEST else value[:LONGEST] + f"... ({len(value)} characters)"
    return "\n      ".join(["", *text.split("\n")]) if "\n" in text.rstrip("\n") else repr(text)


def write_failing(folder: Path, cache: Path, system: str, results: Sequence[Result]) -> None:
    """A file per category with what differs."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted({each.command.category for each in results}):
        found = [each for each in results if each.command.category == name]
        head = f"# {system}: {name}: {sum(each.equal for each in found)} of {len(found)} are equal\n"
        rerun = (
            f"# REAL_SYSTEMS={cache} .venv/bin/python -m tests.decoys.real_systems compare {system} {name}\n"
        )
        (folder / f"{name}.{system.replace(' ', '.')}.txt").write_text(
            head + rerun + "\n" + differences(found), encoding="utf-8"
        )
