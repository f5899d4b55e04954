"""What bash-completion offers after the names of programs.

From data/completions.zip (packaging/trees/completions.py)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .printed import archive

SPECIFICATIONS = "="
"""The key of the lines that `complete -p` prints."""


@dataclass(frozen=True)
class Offer:
    """Words that may follow. `<NAME ARGUMENTS>` stands for a list of the machine. `ends`: whether a blank
    follows a word that is complete."""

    words: tuple[str, ...]
    ends: bool = True


@lru_cache(8)
def offers_of(program: str) -> dict[str, Offer] | None:
    """By the words so far, what is offered; None for a program without completions of its own. The words
    are those between the program and the cursor, the last one is the part that decides: "", "-" or "--"."""
    data = archive("completions").get(program)
    if data is None:
        return None
    rows = (line.split("\t") for line in data.decode().split("\n"))
    return {
        row[0]: Offer(tuple(row[2].split("\x1f")) if row[2] else (), row[1] != "n") for row in rows if row[2:]
    }


def specifications() -> str:
    """What `complete` prints in a new shell."""
    return (archive("completions").get(SPECIFICATIONS) or b"").decode()
