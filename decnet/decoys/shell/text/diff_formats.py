# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The forms in which diff prints what differs, but for the three that `compare` has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from ..process import Process
from .common import Options

Block = tuple[int, int, int, int]
"""What differs: lines [a, b) of the first file are lines [c, d) of the second."""


def side_by_side(process: Process, options: Options, lines: list[list[str]], blocks: list[Block]) -> None:
    """Both files beside each other."""
    width = int(options.value("W", "130")[:4]) if options.value("W", "130").isdecimal() else 130
    left, right = ([line.removesuffix("\n").expandtabs() for line in each] for each in lines)
    for same, a, b, c, d in opcodes(blocks, len(left), len(right)):
        if same and "suppress-common-lines" in options:
            continue
        for one, two in zip_longest(left[a:b], right[c:d]):
            if same and "left-column" in options:
                process.out(side(one or "", "(", "", width))
                continue
            sign = (
                " " if same else "|" if one is not None and two is not None else "<" if two is None else ">"
            )
            process.out(side(one or "", sign, two or "", width))


def as_script(process: Process, lines: list[list[str]], blocks: list[Block]) -> None:
    """Commands of ed, from the last to the first."""
    for a, b, c, d in reversed(blocks):
        kind = "a" if a == b else "d" if c == d else "c"
        process.out(f"{span(a, b)}{kind}\n")
        if kind != "d":
            process.out("".join(lines[1][c:d]) + ".\n")


def as_rcs(process: Process, lines: list[list[str]], blocks: list[Block]) -> None:
    """Commands of RCS."""
    for a, b, c, d in blocks:
        process.out(f"d{a + 1} {b - a}\n" if b > a else "")
        process.out((f"a{b} {d - c}\n" if d > c else "") + "".join(lines[1][c:d]))


def merged(process: Process, name: str, lines: list[list[str]], blocks: list[Block]) -> None:
    """Both files in one, for the C preprocessor."""
    at = 0
    for a, b, c, d in blocks:
        process.out("".join(lines[0][at:a]))
        if b > a:
            between = f"#else /* {name} */\n" if d > c else ""
            end = f"#endif /* {name if d > c else '! ' + name} */\n"
            process.out(f"#ifndef {name}\n{''.join(lines[0][a:b])}{between}{''.join(lines[1][c:d])}{end}")
        else:
            process.out(f"#ifdef {name}\n{''.join(lines[1][c:d])}#endif /* {name} */\n")
        at = b
    process.out("".join(lines[0][at:]))


def span(start: int, end: int) -> str:
    """Lines as diff names them."""
    return (
        str(end) if end - start <= 1 and end > start else str(start) if end == start else f"{start + 1},{end}"
    )


def opcodes(found: list[Block], left: int, right: int) -> Iterator[tuple[bool, int, int, int, int]]:
    """All lines in order: whether they are the same, and their spans."""
    at = other = 0
    for a, b, c, d in found:
        if a > at:
            yield True, at, a, other, c
        yield False, a, b, c, d
        at, other = b, d
    if at < left:
        yield True, at, left, other, right


def side(left: str, sign: str, right: str, width: int) -> str:
    """A row, with columns and gutter as GNU diff computes them."""
    second = (width + 8 + 3) // 16 * 8
    half = max(0, min(second - 3, width - second))
    line, at = left[:half], min(len(left), half)
    if sign != " ":
        line, at = _tabbed(line, at, (half + second - 1) // 2)
        line, at = line + sign, at + 1
    if right:
        line, at = _tabbed(line, at, second)
    return f"{line}{right[:half]}\n"


def _tabbed(line: str, at: int, goal: int) -> tuple[str, int]:
    while at < goal:
        step = 8 - at % 8
        line, at = (line + "\t", at + step) if at + step <= goal else (line + " ", at + 1)
    return line, at
