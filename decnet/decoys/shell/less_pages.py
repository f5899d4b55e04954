"""The text of `less` as lines of the screen."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .full_screen import PLAIN
from .pager import MOST_LINES
from .regex import Regex, Syntax

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
MORE = "\x1b[7m>\x1b[27m"


@dataclass(frozen=True)
class Look:
    """Options of `less`. `numbered` -N; `chop` -S: long lines end at the right edge; `raw` -R: colours stay;
    `long` -M: the prompt has numbers; `short` -F: what fits on a screen ends at once; `interruptible` -K."""

    numbered: bool = False
    chop: bool = False
    raw: bool = False
    long: bool = False
    short: bool = False
    interruptible: bool = False

    @classmethod
    def of(cls, flags: str) -> Look:
        """Of the letters of options."""
        return cls(*(each in flags for each in "NSRMFK"))


class Pages:
    """A text as lines of the screen: `lines` with whether a newline ends each, and `places`, the number of
    the file's line and the bytes up to its end. What is shown is from `top` to `end`."""

    def __init__(self, text: str, columns: int, rows: int, look: Look) -> None:
        self.lines: list[tuple[str, bool]] = []
        self.places: list[tuple[int, int]] = []
        self.columns, self.rows, self.top, self.end = columns, rows, 0, 0
        self.size = len(text.encode("utf-8", "surrogateescape"))
        self.pattern = ""
        self.look = look
        self.regex: Regex | None = None
        before = 0
        for number, raw in enumerate(text.removesuffix("\n").split("\n")[:MOST_LINES] if text else (), 1):
            front = f"{number:>7} " if look.numbered else ""
            line = front + (raw.expandtabs() if look.raw else _visible(raw))
            pieces = [_chopped(line, columns)] if look.chop else _pieces(line, columns)
            if look.raw:
                pieces = [piece.removesuffix(MORE) + PLAIN + MORE * piece.endswith(MORE) for piece in pieces]
            after = min(self.size, before + len(raw.encode("utf-8", "surrogateescape")) + 1)
            for at, piece in enumerate(pieces, 1):
                ends = at == len(pieces)
                self.lines.append((piece, ends))
                self.places.append((number, after if ends else before + at * columns))
            before = after

    @property
    def fits(self) -> bool:
        """Whether all of it is on one screen."""
        return len(self.lines) <= self.rows and not any(MORE in line for line, _ in self.lines)

    @property
    def at_end(self) -> bool:
        return self.end >= len(self.lines)

    def find(self, pattern: str, *, backwards: bool) -> int:
        """The next line that has it, -1 if there is none."""
        if pattern:
            self.pattern, self.regex = pattern, Regex(pattern, Syntax(extended=True))
        assert self.regex is not None
        places = range(self.top - 1, -1, -1) if backwards else range(self.top + 1, len(self.lines))
        return next((at for at in places if self.regex.test(self.lines[at][0])), -1)


def _visible(raw: str) -> str:
    """Tabs expanded, control characters as `^X`."""
    return "".join(
        char if char >= " " or char in "\t\b" else f"^{chr(ord(char) ^ 64)}" for char in raw
    ).expandtabs()


def _chopped(line: str, columns: int) -> str:
    """A line up to the right edge, where a sign shows that there is more."""
    plain = COLOURS.sub("", line)
    if len(plain) <= columns:
        return line
    if plain == line:
        return line[: columns - 1] + MORE
    kept, room, at = [], columns - 1, 0
    for found in COLOURS.finditer(line + "\x1b[m"):
        text = line[at : found.start()][:room]
        room -= len(text)
        kept += [text, found[0] if found.start() < len(line) and room else ""]
        at = found.end()
    return "".join(kept) + MORE


def _pieces(line: str, columns: int) -> list[str]:
    return [line[at : at + columns] for at in range(0, len(line), columns)] or [""]
