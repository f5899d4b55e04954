"""nl (GNU coreutils): numbers for the lines of headers, bodies and footers."""

from __future__ import annotations

from collections.abc import Callable

from ..process import Command, Process, Running
from ..regex import BadRegex, Regex, Syntax
from .common import Failure, Options, bytes_of, inputs, parse, quoted, split_lines, text_of, tool

LONG = """body-numbering=b header-numbering=h footer-numbering=f number-width=w number-separator=s
number-format=n starting-line-number=v line-increment=i join-blank-lines=l no-renumber=p
section-delimiter=d"""
SECTIONS = {"h": "header", "b": "body", "f": "footer"}
NUMBERS = {
    "v": "starting line number", "i": "line number increment", "l": "line number of blank lines",
    "w": "line number field width",
}  # fmt: skip
DEFAULTS = {"v": "1", "i": "1", "l": "1", "w": "6"}
LONGEST = 19


@tool
def nl(process: Process) -> Running:
    """Number lines."""
    options = parse(process, "h:b:f:w:s:n:v:i:d:l:p", LONG)
    styles = {section: _style(process, options, section) for section in SECTIONS}
    numbers = {letter: _number(process, options, letter) for letter in NUMBERS}
    form, between = options.value("n", "rn"), bytes_of(options.value("s", "\t"))
    if form not in ("ln", "rn", "rz"):
        raise Failure(f"invalid line numbering format: {quoted(process, form)}", hint=True)
    marks = _marks(options.value("d", "\\:"))
    section, number, blanks, width = "b", numbers["v"], 0, min(numbers["w"], 1000)
    failed: list[str] = []
    for _, data in inputs(process, options.operands, failed):
        for line in split_lines(data):
            process.spend(4)
            if process.tired:
                yield 0.0
            if line in marks:
                section, blanks = marks[line], 0
                number = number if "p" in options else numbers["v"]
                process.out("\n")
                continue
            style = styles[section]
            counts = style(text_of(line))
            if style is _all and numbers["l"] > 1:
                blanks = 0 if line or blanks == numbers["l"] else blanks + 1
                counts = bool(line) or blanks == numbers["l"]
            if counts:
                process.out(_shown(number, form, width) + between + line + b"\n")
                number += numbers["i"]
            else:
                process.out(b" " * (width + len(between)) + line + b"\n")
    return 1 if failed else 0


def _marks(text: str) -> dict[bytes, str]:
    """The lines that begin a section, by -d."""
    if not text:
        return {}
    mark = bytes_of(text if len(text) > 1 else text + ":")
    return {mark * 3: "h", mark * 2: "b", mark: "f"}


def _shown(number: int, form: str, width: int) -> bytes:
    if form == "ln":
        return f"{number:<{width}}".encode()
    return f"{number:0{width}d}".encode() if form == "rz" else f"{number:>{width}}".encode()


def _number(process: Process, options: Options, letter: str) -> int:
    text = options.value(letter, DEFAULTS[letter])
    digits = text.lstrip("+") if letter in "lw" else text[1:] if text[:1] in "+-" else text
    if not digits.isdecimal() or len(digits) > LONGEST or (letter in "lw" and int(digits) < 1):
        reason = ": Numerical result out of range" if digits.isdecimal() else ""
        raise Failure(f"invalid {NUMBERS[letter]}: {quoted(process, text)}{reason}")
    return int(text)


def _style(process: Process, options: Options, section: str) -> Callable[[str], bool]:
    text = options.value(section, "t" if section == "b" else "n")
    known: dict[str, Callable[[str], bool]] = {"a": _all, "t": bool, "n": lambda line: False}
    if process.shell.world.system.busybox:
        return known.get(text[:1], known["n"])
    if text in known:
        return known[text]
    if text[:1] != "p":
        raise Failure(f"invalid {SECTIONS[section]} numbering style: {quoted(process, text)}", hint=True)
    try:
        pattern = Regex(text[1:], Syntax(), process.spend)
    except BadRegex as bad:
        text = str(bad)
        raise Failure("Invalid regular expression" if text.startswith("Unmatched [") else text) from None
    return lambda line: pattern.search(line) is not None


def _all(line: str) -> bool:
    return True


COMMANDS: dict[str, Command] = {"nl": nl}
