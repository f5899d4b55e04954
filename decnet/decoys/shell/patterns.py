# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Patterns of file names, of `case` and of `${name#pattern}`, in time that grows with text times pattern.

A pattern is text in which a backslash quotes the next character. All positions of the pattern that fit are
tracked at once, as the bits of a number, so no pattern can make the search explode.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

CLASSES: dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha, "digit": lambda char: "0" <= char <= "9", "alnum": str.isalnum, "upper": str.isupper,
    "lower": str.islower, "space": str.isspace, "blank": lambda char: char in " \t",
    "punct": lambda char: char.isascii() and char.isprintable() and not char.isalnum() and char != " ",
    "xdigit": lambda char: char in "0123456789abcdefABCDEF", "print": str.isprintable,
    "graph": lambda char: char.isprintable() and char != " ", "cntrl": lambda char: char < " " or char == "\x7f",
    "word": lambda char: char.isalnum() or char == "_",
}  # fmt: skip
QUOTED = "*?[\\()|"
"""What a quoted text has a backslash before: also the signs of lists."""
STAR, ANY = "*", "?"


Spend = Callable[[int], None]


def free(work: int) -> None:
    return


class BracketSet:
    """A bracket expression."""

    def __init__(self, negated: bool, ranges: list[tuple[str, str]], classes: list[str]) -> None:
        self.negated, self.ranges, self.classes = negated, ranges, classes

    def has(self, char: str) -> bool:
        inside = any(low <= char <= high for low, high in self.ranges) or any(
            CLASSES[name](char) for name in self.classes
        )
        return inside != self.negated


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str) -> None:
        self._tokens = tokens_of(text)
        self.is_literal = all(kind == "c" for kind, _ in self._tokens)
        self.literal = "".join(str(value) for kind, value in self._tokens) if self.is_literal else ""
        self._stars = sum(1 << at for at, (kind, _) in enumerate(self._tokens) if kind == STAR)
        self._end = 1 << len(self._tokens)
        self._masks: dict[str, int] = {}

    def matches(self, text: str, spend: Spend = free) -> bool:
        """Whether it fits the whole text."""
        if self.is_literal:
            return text == self.literal
        state = self._start()
        for at, char in enumerate(text):
            state = self._step(state, char)
            if not state:
                return False
            if at & 255 == 255:
                spend(1500)
        return bool(state & self._end)

    def ends(self, text: str, start: int = 0, spend: Spend = free) -> tuple[int, int]:
        """The shortest and the longest piece from `start` that it fits, by their ends; (-1, -1) if none.
        `spend` accounts for the steps."""
        if self.is_literal:
            end = start + len(self.literal)
            return (end, end) if text.startswith(self.literal, start) else (-1, -1)
        state, first, last = self._start(), -1, -1
        at, size = start, len(text)
        while True:
            if state & self._end:
                first, last = (at if first < 0 else first), at
            if at >= size or not state:
                return first, last
            if state == self._end >> 1 and self._stars & state:
                return first, size
            state = self._step(state, text[at])
            at += 1
            if at & 255 == 0:
                spend(1500)

    def reversed(self) -> Pattern:
        """The pattern of the reversed texts."""
        turned = Pattern("")
        turned._tokens = self._tokens[::-1]
        turned.is_literal, turned.literal = self.is_literal, self.literal[::-1]
        turned._stars = sum(1 << at for at, (kind, _) in enumerate(turned._tokens) if kind == STAR)
        turned._end = self._end
        return turned

    def _start(self) -> int:
        return 1 | (1 & self._stars) << 1

    def _step(self, state: int, char: str) -> int:
        mask = self._masks.get(char)
        if mask is None:
            mask = self._masks[char] = self._mask(char)
        after = (state & mask) << 1 | state & self._stars
        return after | (after & self._stars) << 1

    def _mask(self, char: str) -> int:
        mask = 0
        for at, (kind, value) in enumerate(self._tokens):
            if (
                kind == ANY
                or (kind == "c" and value == char)
                or (isinstance(value, BracketSet) and value.has(char))
            ):
                mask |= 1 << at
        return mask


@lru_cache(maxsize=64)
def compiled(text: str) -> Pattern:
    """The compiled pattern; the last ones are kept."""
    return Pattern(text)


def is_pattern(text: str, *, extended: bool = False) -> bool:
    """Whether an unquoted special character is in it, or with `extended` a list like `@(a|b)`."""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif (
            text[at] in "*?"
            or (text[at] == "[" and "]" in text[at + 1 :])
            or extended
            and text[at : at + 2] in ("+(", "@(", "!(")
        ):
            return True
        at += 1
    return False


def quoted(text: str) -> str:
    """The pattern that fits this text only."""
    if not any(char in text for char in QUOTED):
        return text
    return "".join("\\" + char if char in QUOTED else char for char in text)


def tokens_of(text: str) -> list[tuple[str, str | BracketSet]]:
    """What a pattern consists of: a kind and a character or a set."""
    tokens: list[tuple[str, str | BracketSet]] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            tokens.append(("c", text[at + 1]))
            at += 2
            continue
        if char == "*":
            if not tokens or tokens[-1][0] != STAR:
                tokens.append((STAR, ""))
        elif char == "?":
            tokens.append((ANY, ""))
        elif char == "[" and (found := _bracket(text, at)):
            tokens.append(("s", found[0]))
            at = found[1]
            continue
        else:
            tokens.append(("c", char))
        at += 1
    return tokens


def _bracket(text: str, at: int) -> tuple[BracketSet, int] | None:
    """A bracket expression and where it ends; None if it is not closed."""
    at += 1
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    ranges: list[tuple[str, str]] = []
    classes: list[str] = []
    first = True
    while at < len(text):
        char = text[at]
        if char == "]" and not first:
            return BracketSet(negated, ranges, classes), at + 1
        first = False
        if text.startswith("[:", at) and (end := text.find(":]", at)) > 0 and text[at + 2 : end] in CLASSES:
            classes.append(text[at + 2 : end])
            at = end + 2
            continue
        if char == "\\" and at + 1 < len(text):
            at += 1
            char = text[at]
        high = char
        if text[at + 1 : at + 2] == "-" and text[at + 2 : at + 3] not in ("]", ""):
            high, at = text[at + 2], at + 2
        ranges.append((char, high))
        at += 1
    return None
