"""The place in a script that is being read, and its limits."""

from __future__ import annotations

from typing import NamedTuple

from .dialect import OPERATORS, BadSyntax, Dialect
from .syntax import Redirection, Word

MOST_TOKENS = 3000
"""Tokens and parts of words in one list: its parsing must not hold the others up."""

MOST_NESTED = 40

BY_LENGTH = sorted(OPERATORS, key=len, reverse=True)

OF_DASH = [each for each in BY_LENGTH if each not in ("<<<", "&>", "&>>", "|&", ";&", ";;&")]

OF_ASH = [each for each in BY_LENGTH if each not in ("<<<", "|&", ";&", ";;&")]


class Scanner:
    """A place in a text: `at` counts characters, `line` counts from 1."""

    def __init__(self, text: str, dialect: Dialect, line: int = 1) -> None:
        self.text = text
        self.dialect = dialect
        self.at = 0
        self.first_line = line
        self.depth = 0
        self.extglob = False
        """Whether `@(a|b)` is a pattern: `shopt -s extglob`, and always in `[[ ]]`."""
        self.complete = True
        """Whether the text is all there will be: else an open here-document waits for its end."""
        self._count = 0
        self._counted_to = 0
        self._lines = line
        self._peeked: Token | None = None
        self._documents: list[tuple[Redirection, str, bool, bool]] = []
        self._operators = {"bash": BY_LENGTH, "dash": OF_DASH, "ash": OF_ASH}[dialect.name]

    @property
    def line(self) -> int:
        """The line of the current place."""
        if self.at < self._counted_to:
            self._counted_to, self._lines = 0, self.first_line
        self._lines += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        return self._lines

    def deeper(self) -> None:
        """One more level. Raises BadSyntax."""
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise BadSyntax("(", self.line)

    def _spend(self) -> None:
        self._count += 1
        if self._count > MOST_TOKENS:
            raise BadSyntax("newline", self.line)


class Token(NamedTuple):
    """`kind` is "word", "operator", "newline", "number" (before a redirection) or "end"."""

    kind: str
    text: str
    word: Word | None
    start: int
