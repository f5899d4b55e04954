"""Brace expansion: `a{b,c}d`, `{1..9}`, `{a..z..2}`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .state import Shell
from .syntax import Literal, Part, Word

MOST_ITEMS = 10_000
RANGE = re.compile(r"(?:(-?\d{1,18})\.\.(-?\d{1,18})|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d{1,18}))?")
Marks = list[Part | str]


def braced(word: Word, shell: Shell) -> list[Word]:
    """The words that a word's braces give; itself if it has none or too many."""
    marks: Marks = []
    for part in word.parts:
        if isinstance(part, Literal) and not part.quoted:
            marks += part.text
        else:
            marks.append(part)
    try:
        return [Word(_parts(each), word.raw) for each in _expanded(marks, [0])]
    except OverflowError:
        return [Word(word.parts, word.raw)]


def _expanded(marks: Marks, count: list[int], depth: int = 0) -> Iterator[Marks]:
    """All alternatives, the first braces outermost."""
    found = _braces(marks) if depth < 20 else None
    if found is None:
        count[0] += 1
        if count[0] > MOST_ITEMS:
            raise OverflowError
        yield marks
        return
    start, end, choices = found
    rests = list(_expanded(marks[end + 1 :], count, depth + 1))
    if len(choices) * len(rests) > MOST_ITEMS:
        raise OverflowError
    for choice in choices:
        for middle in _expanded(choice, count, depth + 1):
            for rest in rests:
                count[0] += 1
                if count[0] > MOST_ITEMS:
                    raise OverflowError
                yield [*marks[:start], *middle, *rest]


def _braces(marks: Marks) -> tuple[int, int, list[Marks]] | None:
    """The first valid braces: where they begin and end, and what is to choose from."""
    for start, mark in enumerate(marks):
        if mark != "{" or (start and marks[start - 1] == "$"):
            continue
        depth, commas = 0, [start]
        for at in range(start, len(marks)):
            if marks[at] == "{":
                depth += 1
            elif marks[at] == "," and depth == 1:
                commas.append(at)
            elif marks[at] == "}":
                depth -= 1
                if depth == 0:
                    choices = _choices(marks, [*commas, at])
                    if choices:
                        return start, at, choices
                    break
    return None


def _choices(marks: Marks, commas: list[int]) -> list[Marks]:
    if len(commas) > 2:
        return [marks[left + 1 : right] for left, right in zip(commas, commas[1:], strict=False)]
    inner = marks[commas[0] + 1 : commas[1]]
    if not all(isinstance(each, str) for each in inner):
        return []
    found = RANGE.fullmatch("".join(str(each) for each in inner))
    return [list(text) for text in _range(found)] if found else []


def _range(found: re.Match[str]) -> list[str]:
    step = abs(int(found[5] or 1)) or 1
    if found[3]:
        first, last = ord(found[3]), ord(found[4])
        return [chr(code) for code in _between(first, last, step)]
    first, last = int(found[1]), int(found[2])
    padded = any(re.match(r"-?0\d", text) for text in (found[1], found[2]))
    width = max(len(found[1]), len(found[2])) if padded else 0
    return [str(number).zfill(width) for number in _between(first, last, step)]


def _between(first: int, last: int, step: int) -> range:
    if abs(last - first) // step >= MOST_ITEMS:
        raise OverflowError
    return range(first, last + 1, step) if first <= last else range(first, last - 1, -step)


def _parts(marks: Marks) -> list[Part]:
    parts: list[Part] = []
    text: list[str] = []
    for mark in marks:
        if isinstance(mark, str):
            text.append(mark)
            continue
        if text:
            parts.append(Literal("".join(text)))
            text = []
        parts.append(mark)
    if text:
        parts.append(Literal("".join(text)))
    return parts
