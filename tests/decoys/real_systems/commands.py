"""The commands that are compared: one per line of commands/CATEGORY.txt, its rule before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("commands")
NEWLINE = "⏎"
"""A newline inside of a command."""
TYPED = {0x2400 + code: code for code in range(1, 32)}
"""Pictures of control characters (␃ is Ctrl-C), as keys in what is typed."""
AT_A_PROMPT = (
    "keys", "keys_second", "keys_third", "keys_fourth", "keys_fifth", "keys_sixth", "devices_keys",
)  # fmt: skip
"""The categories of keys, which a command without a terminal has not."""


@dataclass(frozen=True)
class Command:
    """One line that is typed. `rule` names what is compared (see masks.RULES)."""

    category: str
    rule: str
    text: str


def categories(way: str = "") -> list[str]:
    """The names of all lists that can be asked this way."""
    names = sorted(file.stem for file in FOLDER.glob("*.txt"))
    return [name for name in names if name not in AT_A_PROMPT or way == "terminal"]


def commands_of(category: str) -> list[Command]:
    """The commands of one list, in its order."""
    lines = (FOLDER / f"{category}.txt").read_text(encoding="utf-8").splitlines()
    return [_command(category, line) for line in lines if line and not line.startswith("# ")]


def _command(category: str, line: str) -> Command:
    rule = "exact"
    if line.startswith("@"):
        rule, _, line = line[1:].partition(" ")
    return Command(category, rule, line.replace(NEWLINE, "\n").translate(TYPED))
