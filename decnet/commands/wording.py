"""Wording that several commands share."""

from __future__ import annotations

from collections.abc import Sequence

MAX_LISTED = 5
"""Deckies that a message lists."""


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return ", ".join(names[:MAX_LISTED]) + more
