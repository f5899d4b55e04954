"""Selects deckies by the names that the user typed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from decnet.errors import UsageError


def select_deckies(known: Collection[str], names: Sequence[str]) -> tuple[str, ...]:
    """The known deckies that the names or patterns (`web-*`) mean, sorted.

    Raises UsageError for a name that matches none.
    """
    found: set[str] = set()
    for name in names:
        matching = [decky for decky in known if fnmatchcase(decky, name)]
        if not matching:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "decnet status lists them"
            raise UsageError(f"no decky is named {name!r}", hint=hint)
        found.update(matching)
    return tuple(sorted(found))
