"""Where the motions of vi go in a line."""

from __future__ import annotations

from collections.abc import Callable

Target = tuple[int, bool]
"""A place, and whether the character there belongs to what the motion covers."""


def moved(line: str, at: int, motion: str, count: int) -> Target | None:
    """Where a motion goes; None if it is none, or finds nothing. `count`: 0 if none was given."""
    key, many = motion[0], max(1, count)
    if key in "fFtT":
        return _found(line, at, motion, many)
    if key in "wWbBeE":
        step = {"w": _next_word, "b": _word_before, "e": _word_end}[key.lower()]
        kind = _bigwords if key.isupper() else _words
        for _ in range(min(many, len(line) + 1)):
            at = step(line, at, kind)
        return at, key in "eE"
    first = len(line) - len(line.lstrip())
    places = {"0": 0, "^": first, "_": first, "$": len(line) - 1, "|": many - 1,
              "h": at - many, "l": at + many, " ": at + many}  # fmt: skip
    if key == "%":
        return _match(line, at)
    if key not in places:
        return None
    return max(0, min(places[key], len(line))), key == "$" and bool(line)


def _words(character: str) -> int:
    return 0 if character.isspace() else 1 if character.isalnum() or character == "_" else 2


def _bigwords(character: str) -> int:
    return 0 if character.isspace() else 1


def _next_word(line: str, at: int, kind: Callable[[str], int]) -> int:
    end = at
    while end < len(line) and kind(line[end]) == kind(line[at]) and kind(line[at]):
        end += 1
    while end < len(line) and not kind(line[end]):
        end += 1
    return end


def _word_before(line: str, at: int, kind: Callable[[str], int]) -> int:
    at = min(at, len(line))
    while at and not kind(line[at - 1]):
        at -= 1
    start = at
    while start and kind(line[start - 1]) == kind(line[at - 1]):
        start -= 1
    return start


def _word_end(line: str, at: int, kind: Callable[[str], int]) -> int:
    end = min(at + 1, max(0, len(line) - 1))
    while end < len(line) - 1 and not kind(line[end]):
        end += 1
    while end < len(line) - 1 and kind(line[end + 1]) == kind(line[end]):
        end += 1
    return end


def _found(line: str, at: int, motion: str, many: int) -> Target | None:
    key, sign = motion[0], motion[1]
    place = at
    for _ in range(many):
        place = line.find(sign, place + 1) if key in "ft" else line.rfind(sign, 0, place)
        if place < 0:
            return None
    return place - (key == "t") + (key == "T"), key in "ft"


def _match(line: str, at: int) -> Target | None:
    """The bracket that belongs to the next one."""
    pairs, depth = "()[]{}", 0
    start = next((place for place in range(at, len(line)) if line[place] in pairs), None)
    if start is None:
        return None
    number = pairs.index(line[start])
    step, other = (1, pairs[number + 1]) if number % 2 == 0 else (-1, pairs[number - 1])
    place = start
    while 0 <= place < len(line):
        depth += (line[place] == line[start]) - (line[place] == other)
        if not depth:
            return place, True
        place += step
    return None
