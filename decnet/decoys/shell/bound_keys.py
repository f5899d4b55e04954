"""Keys that the visitor has bound with `bind`: what is typed instead of them."""

from __future__ import annotations

from collections import deque

from .builtins_bind import keys_of, own_keys
from .readline_bindings import decoded
from .state import Shell

MOST_MACROS = 100
"""Macros that one line may run: they can contain each other."""


class BoundKeys:
    """For one line of a shell."""

    def __init__(self, shell: Shell) -> None:
        self._own = own_keys(shell)
        self._held = ""
        self._left = MOST_MACROS

    def __bool__(self) -> bool:
        return bool(self._own)

    def take(self, key: str, keys: deque[str]) -> str:
        """The keys that the editor gets now, "" while more of a sequence may come. A macro goes in front of
        `keys`."""
        typed, self._held = self._held + key, ""
        if typed in self._own and self._left:
            kind, what = self._own[typed]
            self._left -= 1
            if kind == "macro":
                keys.extendleft(reversed(decoded(what)))
            return keys_of(what) if kind == "function" else ""
        if any(each.startswith(typed) for each in self._own):
            self._held = typed
            return ""
        return typed
