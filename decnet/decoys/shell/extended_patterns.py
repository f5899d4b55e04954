"""Patterns with lists: `?(a|b)`, `*(a)`, `+(a)`, `@(a)`, `!(a)`, as bash has them with `shopt -s extglob`.

All ends that a piece of the pattern can have are tracked as a set, so that no pattern is tried twice at one
place; the steps are accounted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from .patterns import ANY, STAR, BracketSet, Pattern, Spend, compiled, free, tokens_of
from .state import Shell

LISTS = "?*+@!"
MOST_NESTED = 20


class _List:
    """One list: its operator and its alternatives."""

    def __init__(self, operator: str, alternatives: list[list[Token]]) -> None:
        self.operator, self.alternatives = operator, alternatives

    def turned(self) -> _List:
        """The list of the reversed texts."""
        return _List(self.operator, [_turned(each) for each in self.alternatives])


Token = tuple[str, "str | BracketSet | _List"]


def has_list(text: str) -> bool:
    """Whether there may be such a list in a pattern."""
    return "(" in text and any(f"{sign}(" in text for sign in LISTS)


def compiled_for(shell: Shell, text: str, *, always: bool = False) -> Pattern:
    """The pattern as this shell reads it; `always`: with lists, as in `[[ ]]` of bash."""
    if has_list(text) and (always or "extglob" in shell.shopts) and shell.dialect.bash:
        return extended(text)
    return compiled(text)


def fits_pattern(shell: Shell, pattern: str, text: str, spend: Spend, *, always: bool = False) -> bool:
    """Whether a pattern of `case` or `[[ ]]` fits the whole text."""
    if "nocasematch" in shell.shopts:
        pattern, text = pattern.lower(), text.lower()
    return compiled_for(shell, pattern, always=always).matches(text, spend)


@lru_cache(maxsize=64)
def extended(text: str) -> Pattern:
    """The compiled pattern with lists; the last ones are kept."""
    return ExtendedPattern(text)


class ExtendedPattern(Pattern):
    """A compiled pattern with lists."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._tree = _parsed(text, 0)
        self.is_literal = False

    def matches(self, text: str, spend: Spend = free) -> bool:
        return bool(_Matcher(text, spend).ends(self._tree, 1) >> len(text) & 1)

    def ends(self, text: str, start: int = 0, spend: Spend = free) -> tuple[int, int]:
        found = _Matcher(text[start:], spend).ends(self._tree, 1)
        return (
            (start + (found & -found).bit_length() - 1, start + found.bit_length() - 1) if found else (-1, -1)
        )

    def reversed(self) -> ExtendedPattern:
        turned = ExtendedPattern("")
        turned._tree = _turned(self._tree)
        return turned


def _turned(tokens: list[Token]) -> list[Token]:
    return [(kind, value.turned() if isinstance(value, _List) else value) for kind, value in reversed(tokens)]


def _parsed(text: str, depth: int) -> list[Token]:
    tokens: list[Token] = []
    at = start = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == "[" and (end := text.find("]", at + 2)) > 0 and "/" not in text[at:end]:
            at = end + 1
            continue
        if text[at] in LISTS and text.startswith("(", at + 1) and depth < MOST_NESTED:
            found = _alternatives(text, at + 2)
            if found is not None:
                tokens += tokens_of(text[start:at])
                tokens.append(("x", _List(text[at], [_parsed(each, depth + 1) for each in found[0]])))
                at = start = found[1]
                continue
        at += 1
    return tokens + list(tokens_of(text[start:]))


def _alternatives(text: str, at: int) -> tuple[list[str], int] | None:
    """The texts between the parentheses, and the place behind them; None if they are open."""
    depth, start, found = 0, at, list[str]()
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "(":
            depth += 1
        elif char == "|" and not depth:
            found.append(text[start:at])
            start = at + 1
        elif char == ")":
            if not depth:
                return [*found, text[start:at]], at + 1
            depth -= 1
        at += 1
    return None


class _Matcher:
    """One text. A set of places in it is a number whose bits are the places."""

    def __init__(self, text: str, spend: Spend) -> None:
        self._text = text
        self._spend = spend
        self._all = (1 << len(text) + 1) - 1
        self._masks: dict[str | BracketSet, int] = {}

    def ends(self, tokens: list[Token], starts: int) -> int:
        """Where these tokens can end when they begin at one of these places."""
        for kind, value in tokens:
            if not starts:
                break
            self._spend(6 + len(self._text) // 256)
            starts = self._after(kind, value, starts)
        return starts

    def _after(self, kind: str, value: str | BracketSet | _List, starts: int) -> int:
        if isinstance(value, _List):
            return self._after_list(value, starts)
        if kind == STAR:
            return self._all & ~((starts & -starts) - 1)
        return (starts & self._mask(kind, value)) << 1

    def _mask(self, kind: str, value: str | BracketSet) -> int:
        """The places of the characters that a token fits."""
        mask = self._masks.get(value)
        if mask is not None:
            return mask
        if kind == ANY:
            return self._all >> 1
        self._spend(2 * len(self._text))
        fits: Callable[[str], bool] = value.has if isinstance(value, BracketSet) else value.__eq__
        bits = "".join("1" if fits(char) else "0" for char in reversed(self._text))
        self._masks[value] = int(bits or "0", 2)
        return self._masks[value]

    def _after_list(self, node: _List, starts: int) -> int:
        if node.operator == "!":
            return self._others(node, starts)
        once = self._once(node, starts)
        if node.operator == "@":
            return once
        if node.operator == "?":
            return once | starts
        found, new = once, once
        while new:
            new = self._once(node, new) & ~found
            found |= new
        return found | starts if node.operator == "*" else found

    def _once(self, node: _List, starts: int) -> int:
        found = 0
        for each in node.alternatives:
            found |= self.ends(each, starts)
        return found

    def _others(self, node: _List, starts: int) -> int:
        """All ends that no alternative has, of each start."""
        found = 0
        while starts:
            lowest = starts & -starts
            starts ^= lowest
            found |= (self._all & ~(lowest - 1)) & ~self._once(node, lowest)
            self._spend(6 + len(self._text) // 64)
        return found
