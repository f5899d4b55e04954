"""The commands that are compared: one per line of commands/CATEGORY.txt, its rule before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("commands")
NEWLINE = "⏎"
"""A newline inside of a command."""


@dataclass(frozen=True)
class Command:
    """One line that is typed. `rule` names what is compared (see masks.RULES)."""

    category: str
    rule: str
    text: str


def categories() -> list[str]:
    """The names of all lists."""
    return sorted(file.stem for file in FOLDER.glob("*.txt"))


def commands_of(category: str) -> list[Command]:
    """The commands of one list, in its order."""
    lines = (FOLDER / f"{category}.txt").read_text(encoding="utf-8").splitlines()
    return [_command(category, line) for line in lines if line and not line.startswith("# ")]


def _command(category: str, line: str) -> Command:
    rule = "exact"
    if line.startswith("@"):
        rule, _, line = line[1:].partition(" ")
    return Command(category, rule, line.replace(NEWLINE, "\n"))
