"""fmt (GNU coreutils): paragraphs whose lines have the least cost, as fmt.c defines it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..process import Command, Process, Running
from .common import Failure, await_input, content, in_plain_quotes, parse, quoted, tool

MOST_WIDTH = 2500
MOST_WORDS = 1000
"""Of a paragraph that is filled as one; fmt.c has the same bound."""
LEEWAY = 7
TAB = 8
SECOND_INDENT = 3
OPENING, CLOSING, ENDING = b"(['`\"", b")]'\"", b".?!"
PUNCTUATION = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
LINE_COST, NO_BREAK_COST = 70**2, 600**2
SENTENCE_BONUS, PUNCTUATION_BONUS = 50**2, 40**2
WIDOW, ORPHAN = 200**2, 150**2
WORSE = 1 << 62


@dataclass
class Fmt:
    """The options. `prefix`: what begins each line that counts, without the blanks around it."""

    width: int
    goal: int
    style: str = ""
    uniform: bool = False
    lead: int = 0
    prefix: bytes = b""
    full_prefix: int = 0


@dataclass(slots=True)
class Word:
    """A word: the blanks behind it, whether it ends with a period, and whether that ends a sentence."""

    text: bytes
    space: int = 1
    final: bool = False
    period: bool = False
    opens: bool = False
    punctuation: bool = False
    cost: float = 0
    length: int = 0
    next: int = 0


@dataclass
class Paragraph:
    """Words, and the columns at which the first line and the others begin."""

    words: list[Word] = field(default_factory=list)
    first: int = 0
    other: int = 0
    prefix: int = 0


@tool
def fmt(process: Process) -> Running:
    """Fill paragraphs."""
    words = process.args
    if words and words[0][:1] == "-" and words[0][1:2].isdecimal():
        process.args = ["-w", words[0][1:], *words[1:]]
    options = parse(
        process,
        "w:g:p:stuc",
        "width=w goal=g split-only=s uniform-spacing=u crown-margin=c tagged-paragraph=t prefix=p",
    )
    width = _count(process, options.value("w", "75"))
    goal = width * (2 * (100 - LEEWAY) + 1) // 200
    if "g" in options:
        goal = _count(process, options.value("g"))
        width = width if "w" in options else goal + 10
    prefix = options.value("p").encode("utf-8", "surrogateescape")
    bare = prefix.lstrip(b" ")
    style = next((letter for letter in "sct" if letter in options), "")
    form = Fmt(width, goal, style, "u" in options, len(prefix) - len(bare), bare.rstrip(b" "), len(bare))
    status = 0
    await_input(process, options.operands)
    for path in options.operands or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            process.err(f"fmt: cannot open {in_plain_quotes(path)} for reading: {failure.message}\n")
            status = 1
            continue
        for piece in _Filler(process, form, data).pieces():
            process.out(piece)
            yield 0.0
    return status


def _count(process: Process, text: str) -> int:
    if not text.isdecimal() or len(text) > 6 or int(text) > MOST_WIDTH:
        reason = ": Numerical result out of range" if text.isdecimal() else ""
        raise Failure(f"invalid width: {quoted(process, text)}{reason}")
    return int(text)


class _Filler:
    """Reads the lines of one file, and fills its paragraphs."""

    def __init__(self, process: Process, form: Fmt, data: bytes) -> None:
        self._process, self._form = process, form
        self._lines = data.split(b"\n")
        self._ends = not self._lines[-1]
        if self._ends:
            self._lines.pop()
        self._tabs, self._other = False, 0

    def pieces(self) -> Iterator[bytes]:
        """The output, by paragraph."""
        at = 0
        while at < len(self._lines):
            indent, column, rest = self._begin(at)
            inside = (
                rest and indent >= self._prefix_indent(indent) and column >= indent + self._form.full_prefix
            )
            if not inside or indent < self._form.lead:
                yield self._copied(indent, column, rest)
                at += 1
                continue
            paragraph, at = self._paragraph(at, indent, column)
            yield from self._filled(paragraph)

    def _prefix_indent(self, indent: int) -> int:
        return self._form.lead if not self._form.prefix else min(indent, self._form.lead)

    def _begin(self, at: int) -> tuple[int, int, bytes]:
        """Of a line: the column of the prefix, that of the text, and the text."""
        line = self._lines[at]
        column, place = self._blanks(line, 0, 0)
        prefix = self._form.prefix
        if not prefix:
            return min(self._form.lead, column), column, line[place:]
        indent = column
        common = 0
        while (
            common < len(prefix) and line[place + common : place + common + 1] == prefix[common : common + 1]
        ):
            common += 1
        column, place = column + common, place + common
        if common < len(prefix):
            return indent, column, line[place:]
        column, place = self._blanks(line, place, column)
        return indent, column, line[place:]

    def _blanks(self, line: bytes, place: int, column: int) -> tuple[int, int]:
        while line[place : place + 1] in (b" ", b"\t") and place < len(line):
            self._tabs = self._tabs or line[place] == 9
            column = column + 1 if line[place] == 32 else (column // TAB + 1) * TAB
            place += 1
        return column, place

    def _copied(self, indent: int, column: int, rest: bytes) -> bytes:
        out = b""
        if column > indent or rest:
            out = self._space(0, indent)
            taken = self._form.prefix[: max(0, column - indent)]
            out += taken
            if rest:
                out += self._space(indent + len(taken), column - indent - len(taken))
        return out + rest + b"\n"

    def _paragraph(self, at: int, indent: int, column: int) -> tuple[Paragraph, int]:
        found = Paragraph(first=column, prefix=indent)
        style, at = self._form.style, self._add_line(found, at)

        def follows() -> int:
            """The column of the next line, -1 if it belongs to another paragraph."""
            if at >= len(self._lines):
                return -1
            below, column, rest = self._begin(at)
            same = below == indent and column >= below + self._form.full_prefix and rest
            return column if same else -1

        there = follows()
        found.other = self._other = self._other_indent(found.first, there)
        goes_on = style != "s" and (style != "t" or there != found.first)
        while goes_on and there >= 0 and there == found.other and len(found.words) < MOST_WORDS:
            at = self._add_line(found, at)
            there = follows()
        found.words[-1].period = found.words[-1].final = True
        return found, at

    def _other_indent(self, first: int, there: int) -> int:
        if self._form.style == "c":
            return there if there >= 0 else first
        if self._form.style == "t":
            if there >= 0 and there != first:
                return there
            if self._other == first:
                return SECOND_INDENT if first == 0 else 0
            return self._other
        return first

    def _add_line(self, found: Paragraph, at: int) -> int:
        """The words of a line; where the next line is."""
        _, column, rest = self._begin(at)
        place = 0
        self._process.spend(1 + len(rest))
        while place < len(rest):
            end = place
            while end < len(rest) and rest[end : end + 1] not in (b" ", b"\t"):
                end += 1
            word = _word(rest[place:end])
            column += end - place
            after, place = self._blanks(rest, end, column)
            word.space, column = after - column, after
            ends = place >= len(rest)
            last = ends and at == len(self._lines) - 1 and not self._ends
            word.final = last or (word.period and (ends or word.space > 1))
            if ends or self._form.uniform:
                word.space = 2 if word.final else 1
            found.words.append(word)
        return at + 1

    def _filled(self, paragraph: Paragraph) -> Iterator[bytes]:
        words = paragraph.words
        self._break(paragraph)
        at, out = 0, []
        while at < len(words):
            end = words[at].next
            indent = paragraph.other if at else paragraph.first
            line = self._space(0, paragraph.prefix) + self._form.prefix
            column = paragraph.prefix + len(self._form.prefix)
            line += self._space(column, indent - column)
            column = max(column, indent)
            for each in words[at : end - 1]:
                column += len(each.text)
                line += each.text + self._space(column, each.space)
                column += each.space
            out.append(line + words[end - 1].text + b"\n")
            at = end
        yield b"".join(out)

    def _space(self, column: int, count: int) -> bytes:
        target, out = column + count, b""
        if self._tabs:
            stop = target // TAB * TAB
            if column + 1 < stop:
                while column < stop:
                    out, column = out + b"\t", (column // TAB + 1) * TAB
        return out + b" " * max(0, target - column)

    def _break(self, paragraph: Paragraph) -> None:
        """Choose where each line ends, from the last word to the first."""
        words, width = paragraph.words, self._form.width
        count = len(words)
        for start in range(count - 1, -1, -1):
            best: float = WORSE
            length = (paragraph.other if start else paragraph.first) + len(words[start].text)
            at = start
            self._process.spend(10)
            while True:
                at += 1
                cost = self._line_cost(words, at, length) + (words[at].cost if at < count else 0)
                if cost < best:
                    best = cost
                    words[start].next, words[start].length = at, length
                if at == count:
                    break
                length += words[at - 1].space + len(words[at].text)
                if length >= width:
                    break
            words[start].cost = best + _base_cost(words, start)

    def _line_cost(self, words: list[Word], at: int, length: int) -> float:
        if at == len(words):
            return 0
        cost: float = ((self._form.goal - length) * 10) ** 2
        if words[at].next != len(words):
            cost += ((length - words[at].length) * 10) ** 2 // 2
        return cost


def _word(text: bytes) -> Word:
    last = len(text) - 1
    word = Word(text, opens=text[0] in OPENING, punctuation=text[last] in PUNCTUATION)
    while last > 0 and text[last] in CLOSING:
        last -= 1
    word.period = text[last] in ENDING
    return word


def _base_cost(words: list[Word], at: int) -> float:
    cost: float = LINE_COST
    if at:
        before = words[at - 1]
        if before.period:
            cost += -SENTENCE_BONUS if before.final else NO_BREAK_COST
        elif before.punctuation:
            cost -= PUNCTUATION_BONUS
        elif at > 1 and words[at - 2].final:
            cost += WIDOW // (len(before.text) + 2)
    if words[at].opens:
        cost -= PUNCTUATION_BONUS
    elif words[at].final:
        cost += ORPHAN // (len(words[at].text) + 2)
    return cost


COMMANDS: dict[str, Command] = {"fmt": fmt}
