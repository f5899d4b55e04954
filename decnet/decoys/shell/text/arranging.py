# ruff: noqa: E501 (options and messages)
"""numfmt, tsort, look."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor
from typing import Any

from ..process import Command, Process, Running
from .common import Failure, Options, content, inputs, parse, quoted, split_lines, text_of, tool

UNITS = "KMGTPEZY"
NUMBER = re.compile(r"(-?\d*\.?\d*)")
FORMAT = re.compile(r"((?:[^%]|%%)*)%([-0']*)(\d*)(?:\.(\d*))?f((?:[^%]|%%)*)")
FIELD = re.compile(r"\s*\S+")
NUMFMT = "from: to: field: padding: suffix: header:: grouping delimiter=d round: invalid: format: from-unit: to-unit: debug zero-terminated=z"
BASES = {"iec": 1024, "iec-i": 1024, "si": 1000, "auto": 1000}


def _scaled(value: Fraction, base: int, suffix: str, rounding: str, places: int | None) -> str:
    """A number with a unit."""
    power = 0
    while abs(value) >= base and power < len(UNITS):
        value, power = value / base, power + 1
    kept = places if places is not None else 1 if power and abs(value) < 10 else 0
    value = _rounded(value, kept, rounding)
    if abs(value) >= base and power < len(UNITS):
        value, power = value / base, power + 1
        kept = places if places is not None else 1
    if power and places is None and abs(value) >= 10:
        kept = 0
    shown = _plain(value, kept)
    return f"{shown}{UNITS[power - 1]}{suffix}" if power else shown


def _rounded(value: Fraction, places: int, rounding: str) -> Fraction:
    scaled = value * 10**places
    match rounding:
        case "up":
            whole = ceil(scaled)
        case "down":
            whole = floor(scaled)
        case "towards-zero":
            whole = int(scaled)
        case "nearest":
            whole = int(scaled + (Fraction(1, 2) if scaled >= 0 else -Fraction(1, 2)))
        case _:
            whole = ceil(scaled) if scaled >= 0 else floor(scaled)
    return Fraction(whole, 10**places)


def _plain(value: Fraction, places: int) -> str:
    digits = f"{abs(int(value * 10**places)):0{places + 1}d}"
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _number(process: Process, text: str, options: Options) -> tuple[Fraction, int]:
    """A number and its decimal places."""
    unit, shown = options.value("from", "none"), quoted(process, text)
    if options.value("suffix") and text.endswith(options.value("suffix")):
        text = text.removesuffix(options.value("suffix"))
    found = NUMBER.match(text.strip())
    if found is None or not found[1].strip("-.") or found[1].endswith("."):
        raise Failure(f"invalid number: {shown}", 2)
    rest = text.strip()[found.end() :]
    value = Fraction(found[1].removesuffix(".")) if found[1] != "." else Fraction(0)
    places = len(found[1].partition(".")[2])
    if not rest:
        return value * _unit(options.value("from-unit", "1")), places
    power = UNITS.find(rest[0]) + 1
    if not power:
        raise Failure(f"invalid suffix in input: {shown}", 2)
    places = 0
    if unit == "none":
        raise Failure(f"rejecting suffix in input: {shown} (consider using --from)", 2)
    has_i = rest[1:2] == "i"
    if unit == "iec-i" and not has_i:
        raise Failure(f"missing 'i' suffix in input: {shown} (e.g Ki/Mi/Gi)", 2)
    if rest[2 if has_i and unit in ("auto", "iec-i") else 1 :]:
        raise Failure(f"invalid suffix in input {shown}: {quoted(process, rest[1:])}", 2)
    base = 1024 if unit in ("iec", "iec-i") or (unit == "auto" and has_i) else 1000
    return value * base**power * _unit(options.value("from-unit", "1")), places


def _unit(text: str) -> int:
    """The number of --from-unit and --to-unit."""
    digits = text.rstrip("KMGTPEZYi")
    power = UNITS.find(text[len(digits) : len(digits) + 1]) + 1 if text != digits else 0
    base = 1024 if text.endswith("i") else 1000
    return int(digits[:15] or "1") * int(base**power)


@tool
def numfmt(process: Process) -> Running:
    """Numbers with units."""
    options = parse(process, "d:z", NUMFMT)
    for name in ("from", "to"):
        given = options.value(name, "none")
        if given not in (*BASES, "none") or (name, given) == ("to", "auto"):
            valid = "".join(
                f"\n  - {quoted(process, each)}"
                for each in ("none", *(("auto",) if name == "from" else ()), "si", "iec", "iec-i")
            )
            raise Failure(
                f"invalid argument {quoted(process, given)} for {quoted(process, '--' + name)}\nValid arguments are:{valid}",
                hint=True,
            )
    form = _format(process, options)
    ends = b"\0" if "z" in options else b"\n"
    lines = options.operands or [text_of(each) for each in split_lines(process.given, ends)]
    header = int((options.value("header") or "1")[:6]) if "header" in options and not options.operands else 0
    status = 0
    for at, line in enumerate(lines):
        try:
            shown = line if at < header else _converted(process, line, options, form)
        except Failure as failure:
            how = options.value("invalid", "abort")
            if how in ("abort", "fail"):
                process.err(f"numfmt: {failure.message}\n")
            if how == "warn":
                process.err(f"numfmt: {failure.message}\n")
            if how == "abort":
                return 2
            status = 2 if how == "fail" else status
            shown = line
        process.out(shown + text_of(ends))
        if process.tired:
            yield 0.0
    return status


def _format(process: Process, options: Options) -> tuple[str, str, str, int | None, str] | None:
    """--format: what is before the number, flags, width, precision, and what is behind it."""
    if "format" not in options:
        return None
    text = options.value("format")
    found = FORMAT.fullmatch(text)
    if found is None:
        reason = f"invalid format {quoted(process, text)}, directive must be %[0]['][-][N][.][N]f"
        if "%" not in text:
            reason = f"format {quoted(process, text)} has no % directive"
        raise Failure(reason)
    precision = None if found[4] is None else int(found[4][:2] or "0")
    return found[1].replace("%%", "%"), found[2], found[3][:4], precision, found[5].replace("%%", "%")


def _converted(process: Process, line: str, options: Options, form: Any) -> str:
    """One line with its fields converted."""
    sign = options.value("d")
    words = line.split(sign) if sign else FIELD.findall(line) or [line]
    wanted = _fields(options.value("field", "1"))
    for at, word in enumerate(words):
        if not wanted(at + 1):
            continue
        blank = word[: len(word) - len(word.lstrip())] if not sign else ""
        shown = _one(process, word[len(blank) :], options, form)
        width = len(word) if blank and at else 0
        words[at] = f" {shown.rjust(width - 1)}" if at and not sign else shown.rjust(width)
    return sign.join(words)


def _fields(text: str) -> Callable[[int], bool]:
    spans = []
    for part in text.split(","):
        low, dash, high = part.partition("-")
        first = int(low[:6]) if low.isdecimal() else 1
        spans.append(
            (first, (int(high[:6]) if high.isdecimal() else 1 << 30) if dash or part == "-" else first)
        )
    return lambda number: any(first <= number <= last for first, last in spans)


def _one(process: Process, text: str, options: Options, form: Any) -> str:
    value, places = _number(process, text, options)
    value /= _unit(options.value("to-unit", "1"))
    to, rounding = options.value("to", "none"), options.value("round", "from-zero")
    precision = form[3] if form is not None else None
    if to == "none":
        kept = places if precision is None else precision
        shown = _plain(_rounded(value, kept, rounding), kept)
    else:
        shown = _scaled(value, BASES[to], "i" if to == "iec-i" else "", rounding, precision)
    shown += options.value("suffix")
    if "grouping" in options or (form is not None and "'" in form[1]):
        whole = re.match(r"-?\d+", shown)
        shown = f"{int(whole[0]):,}" + shown[whole.end() :] if whole else shown
    if form is not None:
        width = int(form[2] or "0")
        shown = shown.ljust(width) if "-" in form[1] else shown.rjust(width, "0" if "0" in form[1] else " ")
        shown = form[0] + shown + form[4]
    padding = options.value("padding", "0")
    width = int(padding) if padding.lstrip("-").isdecimal() and len(padding) < 5 else 0
    return shown.rjust(width) if width >= 0 else shown.ljust(-width)


@tool
def tsort(process: Process) -> Running:
    """Names in an order that pairs ask for."""
    options = parse(process, "")
    if len(options.operands) > 1:
        raise Failure(f"extra operand {quoted(process, options.operands[1])}", hint=True)
    path = options.operands[0] if options.operands else "-"
    try:
        names = text_of(content(process, path)).split()
    except Failure as failure:
        raise Failure(f"{path}: {failure.message}") from None
    if len(names) % 2:
        raise Failure(f"{path}: input contains an odd number of tokens")
    after: dict[str, list[str]] = {}
    before: dict[str, int] = {}
    for one, other in zip(names[::2], names[1::2], strict=True):
        for name in (one, other):
            after.setdefault(name, [])
            before.setdefault(name, 0)
        if one != other:
            after[one].append(other)
            before[other] += 1
    ready, left, status = [name for name in after if not before[name]], set(after), 0
    while left:
        if not ready:
            status = 1
            loop = _loop(left, after)
            process.err(f"tsort: {path}: input contains a loop:\n")
            process.err("".join(f"tsort: {name}\n" for name in loop))
            after[loop[-1]].remove(loop[0])
            before[loop[0]] -= 1
            ready += [loop[0]] if not before[loop[0]] else []
            continue
        name = ready.pop(0)
        left.discard(name)
        process.out(f"{name}\n")
        for other in after[name]:
            before[other] -= 1
            if not before[other]:
                ready.append(other)
        if process.tired:
            yield 0.0
    return status


def _loop(left: set[str], after: dict[str, list[str]]) -> list[str]:
    """Names of which each comes before the next one, and the last before the first."""
    name = min(name for name in left if any(other in left for other in after[name]))
    way: list[str] = []
    while name not in way:
        way.append(name)
        name = next((other for other in after[name] if other in left), way[0])
    return way[way.index(name) :]


@tool
def look(process: Process) -> Running:
    """Lines that begin with a text."""
    options = parse(process, "adft:V")
    if not options.operands:
        process.err("look: bad usage\nTry 'look --help' for more information.\n")
        return 1
    if not options.operands[1:] and process.shell.node("/usr/share/dict/words") is None:
        return 1
    begin, failed, count = options.operands[0], [""], 0
    for _, data in inputs(process, options.operands[1:2] or ["/usr/share/dict/words"], failed):
        for line in split_lines(data):
            text = text_of(line)
            if (text.lower() if "f" in options else text).startswith(
                begin.lower() if "f" in options else begin
            ):
                process.out(f"{text}\n")
                count += 1
        yield 0.0
    return int(not count)


COMMANDS: dict[str, Command] = {"numfmt": numfmt, "tsort": tsort, "look": look}
