"""Numbers with their noun, as messages have them."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 decky`, `2 deckies`."""
    return f"{number} {noun if number == 1 else plural or _plural(noun)}"


def _plural(noun: str) -> str:
    has_ies = noun.endswith("y") and noun[-2] not in "aeiou"
    return f"{noun[:-1]}ies" if has_ies else f"{noun}s"
