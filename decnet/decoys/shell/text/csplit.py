"""csplit (GNU coreutils): a file in pieces that patterns and line numbers begin."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass

from ..process import Command, Process, Running
from ..regex import BadRegex, Regex, Syntax
from .common import Failure, Options, content, in_plain_quotes, parse, quoted, save, text_of, tool

LONG = """prefix=f digits=n keep-files=k quiet=s silent=s elide-empty-files=z suffix-format=b
suppress-matched"""
MOST_FILES = 2000
EVER = -1
"""The count of `{*}`."""


@dataclass
class Place:
    """One operand: a line number, or a pattern whose line is `offset` away; `repeats` more times."""

    text: str
    number: int = 0
    pattern: Regex | None = None
    offset: int = 0
    skips: bool = False
    repeats: int = 0


class _Stop(Exception):
    """An operand does not fit; the message."""


@tool
def csplit(process: Process) -> Running:
    """A file in pieces that begin at lines."""
    options = parse(process, "f:n:ksqzb:", LONG)
    if not options.operands:
        raise Failure("missing operand", hint=True)
    path, words = options.operands[0], options.operands[1:]
    if not words:
        raise Failure(f"missing operand after {quoted(process, path)}", hint=True)
    digits = options.value("n", "2")
    if not digits.isdecimal():
        raise Failure(f"invalid number: {quoted(process, digits)}")
    places = _places(process, words)
    try:
        lines = content(process, path).splitlines(keepends=True)
    except Failure as failure:
        raise Failure(f"cannot open {in_plain_quotes(path)} for reading: {failure.message}") from None
    pieces = _Pieces(process, options, lines)
    try:
        for place in places:
            yield from pieces.split(place)
        pieces.write(len(lines))
    except _Done:
        return 0
    except _Stop as stop:
        pieces.give_up()
        raise Failure(str(stop)) from None
    return 0


class _Pieces:
    """Where the split is, and what was written."""

    def __init__(self, process: Process, options: Options, lines: list[bytes]) -> None:
        self._process, self._options, self._lines = process, options, lines
        self._at, self._searched, self._written = 0, 0, list[str]()

    def split(self, place: Place) -> Generator[float, None, None]:
        """The pieces of one operand."""
        count = 0
        while place.repeats == EVER or count <= place.repeats:
            if len(self._written) > MOST_FILES:
                break
            if place.pattern is None:
                self._by_number(place, count)
            elif not self._by_pattern(place, count):
                return
            count += 1
            yield 0.0

    def _by_number(self, place: Place, count: int) -> None:
        end = place.number * (count + 1) - 1
        repetition = f" on repetition {count}" if count else ""
        if end > len(self._lines) or (end >= len(self._lines) and place.number > len(self._lines)):
            self.write(len(self._lines))
            raise _Stop(f"{quoted(self._process, str(place.number))}: line number out of range{repetition}")
        self.write(end)
        if "suppress-matched" in self._options:
            self._at = min(len(self._lines), self._at + 1)
        self._searched = max(self._searched, end)

    def _by_pattern(self, place: Place, count: int) -> bool:
        """Whether the pattern was found once more."""
        assert place.pattern is not None
        start = max(self._searched, self._at)
        for number in range(start, len(self._lines)):
            self._process.spend(4)
            if place.pattern.search(text_of(self._lines[number].removesuffix(b"\n"))) is not None:
                break
        else:
            if place.repeats == EVER:
                if place.skips:
                    self._at = len(self._lines)
                else:
                    self.write(len(self._lines))
                raise _Done
            if not place.skips:
                self.write(len(self._lines))
            repetition = f" on repetition {count}" if count else ""
            raise _Stop(f"{quoted(self._process, place.text)}: match not found{repetition}")
        end = number + place.offset
        if not self._at <= end <= len(self._lines):
            raise _Stop(f"{quoted(self._process, place.text)}: line number out of range")
        if place.skips:
            self._at = end
        else:
            self.write(end)
        if "suppress-matched" in self._options:
            self._at = min(len(self._lines), self._at + 1)
        self._searched = max(number + 1, self._at)
        return True

    def write(self, end: int) -> None:
        """The lines up to one as the next piece."""
        piece = b"".join(self._lines[self._at : end])
        self._at = max(self._at, end)
        if not piece and "z" in self._options:
            return
        name = _name(self._options, len(self._written))
        save(self._process, name, piece)
        self._written.append(name)
        self._process.out("" if "s" in self._options or "q" in self._options else f"{len(piece)}\n")

    def give_up(self) -> None:
        """Remove what was written, unless it is kept."""
        if "k" not in self._options:
            for name in self._written:
                self._process.shell.change(self._process.shell.absolute(name), None)


class _Done(Exception):
    """`{*}` has found all."""


def _name(options: Options, number: int) -> str:
    form = options.value("b") or f"%0{min(int(options.value('n', '2')[:3]), 200)}d"
    found = re.search(r"%([-0#+ ]*\d*)([diuxXo])", form)
    shown = form
    if found is not None:
        shown = form[: found.start()] + f"%{found[1][:6]}{found[2]}" % number + form[found.end() :]
    return options.value("f", "xx") + shown


def _places(process: Process, words: list[str]) -> list[Place]:
    found: list[Place] = []
    for word in words:
        if word.startswith("{") and found:
            found[-1].repeats = _repeats(process, word)
        elif word[:1] in "/%" and word:
            found.append(_pattern(process, word))
        elif word.isdecimal():
            number = int(word[:9])
            if not number:
                raise Failure(f"{word}: line number must be greater than zero")
            if found and not found[-1].pattern and number < found[-1].number:
                before = found[-1].number
                text = f"line number {quoted(process, word)} is smaller than preceding line number, {before}"
                raise Failure(text)
            found.append(Place(word, number))
        else:
            raise Failure(f"{quoted(process, word)}: invalid pattern")
    return found


def _repeats(process: Process, word: str) -> int:
    if not word.endswith("}"):
        raise Failure(f"{word}: '}}' is required in repeat count")
    if word == "{*}":
        return EVER
    if not word[1:-1].isdecimal():
        raise Failure(f"{quoted(process, word[:-1])}}}: integer required between '{{' and '}}'")
    return int(word[1:-1][:6])


def _pattern(process: Process, word: str) -> Place:
    sign = word[0]
    end = word.rfind(sign)
    if end == 0:
        raise Failure(f"{word}: closing delimiter '{sign}' missing")
    offset = word[end + 1 :]
    if offset and not re.fullmatch(r"[-+]?\d{1,9}", offset):
        raise Failure(f"{quoted(process, word)}: integer expected after delimiter")
    try:
        pattern = Regex(word[1:end], Syntax(), process.spend)
    except BadRegex:
        raise Failure(
            f"{quoted(process, word)}: invalid regular expression: Invalid regular expression"
        ) from None
    return Place(word, pattern=pattern, offset=int(offset or "0"), skips=sign == "%")


COMMANDS: dict[str, Command] = {"csplit": csplit}
