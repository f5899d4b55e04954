# ruff: noqa: E501 (options and messages)
"""sort, uniq, shuf."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import Any

from ..locales import collated, word_order
from ..process import Process, Running
from .common import (
    Failure,
    Options,
    await_input,
    bytes_of,
    content,
    inputs,
    parse,
    quoted,
    save,
    split_lines,
    text_of,
    tool,
)

LONG = """ignore-leading-blanks=b dictionary-order=d ignore-case=f general-numeric-sort=g
ignore-nonprinting=i month-sort=M human-numeric-sort=h numeric-sort=n random-sort=R reverse=r version-sort=V
check=c output=o key=k merge=m stable=s buffer-size=S field-separator=t unique=u zero-terminated=z parallel:
temporary-directory=T sort:"""
NUMBER = re.compile(rb"[ \t]*+(-?)([0-9]*+)(?:\.([0-9]*+))?")
GENERAL = re.compile(rb"\s*+[-+]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][-+]?[0-9]++)?")
KEY = re.compile(r"([0-9]++)(?:\.([0-9]++))?([bdfgiMhnRrV]*+)")
MONTHS = {name: at for at, name in enumerate(b"JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 1)}
MOST_LINES = 60_000


@dataclass
class Key:
    """One -k: from a field and character to another, and its flags."""

    field: int = 1
    char: int = 1
    end_field: int = 0
    end_char: int = 0
    flags: str = ""
    end_flags: str = ""


@tool
def sort(process: Process) -> Running:
    """Sort lines. The order is that of bytes, as in the C locale."""
    options = parse(process, "bdfgiMhnRrVcCo:k:msS:t:uzT:", LONG, status=2)
    flags = "".join(option for option, _ in options.given if option in "bdfgiMhnRrV")
    keys = [_key(text, flags) for text in options.values("k")] or [Key(flags=flags)]
    separator = _separator(options)
    lines: list[bytes] = []
    await_input(process, options.operands)
    for path in options.operands or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            verb = "read failed" if failure.message == "Is a directory" else "cannot read"
            raise Failure(f"{verb}: {path}: {failure.message}", 2) from None
        lines += split_lines(data, b"\0" if "z" in options else b"\n")
        process.spend(1 + len(data) // 64)
    if len(lines) > MOST_LINES:
        raise Failure("memory exhausted", 2)
    ranks = yield from _ranks(process, lines, keys, separator)
    if "c" in options or "C" in options:
        return _check(process, options, lines, ranks, keys)
    order = yield from _ordered(process, lines, ranks, keys, options)
    end = b"\0" if "z" in options else b"\n"
    chosen = _unique(order, ranks) if "u" in options else order
    yield from _print(process, options, [lines[at] + end for at in chosen])
    return 0


def _separator(options: Options) -> bytes | None:
    text = options.value("t")
    if "t" not in options:
        return None
    if text == "\\0":
        return b"\0"
    if len(bytes_of(text)) != 1:
        raise Failure("empty tab" if not text else f"multi-character tab ‘{text}’", 2)
    return bytes_of(text)


def _key(text: str, flags: str) -> Key:
    first, comma, second = text.partition(",")
    found = KEY.fullmatch(first)
    if not found:
        if not first[:1].isdecimal():
            raise Failure(f"invalid number at field start: invalid count at start of ‘{text}’", 2)
        raise Failure(f"stray character in field spec: invalid field specification ‘{text}’", 2)
    if int(found[1]) == 0:
        raise Failure(f"field number is zero: invalid field specification ‘{text}’", 2)
    key = Key(int(found[1][:6]), int((found[2] or "1")[:6]), flags=found[3])
    if comma:
        end = KEY.fullmatch(second)
        if not end:
            raise Failure(f"invalid number after ‘,’: invalid count at start of ‘{second}’", 2)
        key.end_field, key.end_char, key.end_flags = int(end[1][:6]), int((end[2] or "0")[:6]), end[3]
    if not key.flags and not key.end_flags:
        key.flags = flags
        key.end_flags = "b" if "b" in flags else ""
    return key


def _fields(line: bytes, separator: bytes | None) -> list[tuple[int, int]]:
    """Where each field begins and ends; without a separator a field has its leading blanks."""
    spans, at = [], 0
    if separator is not None:
        for part in line.split(separator):
            spans.append((at, at + len(part)))
            at += len(part) + 1
        return spans
    while at < len(line):
        start = at
        while at < len(line) and line[at] in b" \t":
            at += 1
        while at < len(line) and line[at] not in b" \t":
            at += 1
        spans.append((start, at))
    return spans


def _part(line: bytes, key: Key, separator: bytes | None) -> bytes:
    if key.field == 1 and key.char == 1 and not key.end_field:
        return line.lstrip(b" \t") if "b" in key.flags else line
    spans = _fields(line, separator)
    start = spans[key.field - 1][0] if key.field <= len(spans) else len(line)
    if "b" in key.flags:
        start += len(line[start:]) - len(line[start:].lstrip(b" \t"))
    start += key.char - 1
    end = len(line)
    if key.end_field and key.end_field <= len(spans):
        begin, end = spans[key.end_field - 1]
        if key.end_char:
            if "b" in key.end_flags:
                begin += len(line[begin:]) - len(line[begin:].lstrip(b" \t"))
            end = begin + key.end_char
    return line[start : max(start, end)]


def _rank(part: bytes, flags: str, words: bool = False) -> object:
    """What a key is compared by; `words`: as the words of a language."""
    if "n" in flags or "h" in flags:
        found = NUMBER.match(part)
        assert found
        number = float((found[2] or b"0")[:300]) + float(b"0." + (found[3] or b"")[:300] + b"0")
        number = -number if found[1] else number
        unit = b" kKMGTPEZY".find(part[found.end() : found.end() + 1] or b"?") if "h" in flags else 0
        return (max(0, unit - (unit > 1)) * (1 if number >= 0 else -1), number) if "h" in flags else number
    if "g" in flags:
        general = GENERAL.match(part, 0, 300)
        return (1, float(general[0])) if general else (0, 0.0)
    if "M" in flags:
        return MONTHS.get(part.lstrip()[:3].upper(), 0)
    if "V" in flags:
        return version_rank(part)
    if "d" in flags:
        part = bytes(byte for byte in part if byte in b" \t" or chr(byte).isalnum())
    if "i" in flags:
        part = bytes(byte for byte in part if 32 <= byte < 127)
    part = part.upper() if "f" in flags else part
    return word_order(text_of(part)) if words else part


def version_rank(part: bytes) -> list[tuple[bytes, int]]:
    """The order of versions: digits as numbers, `~` before everything."""
    pieces = re.findall(rb"([^0-9]*+)([0-9]*+)", part[:500])
    rank = []
    for text, digits in pieces:
        order = bytes(
            0 if byte == 126 else byte if chr(byte).isalpha() else min(255, byte + 128) for byte in text
        )
        rank.append((order + b"\1", int(digits or b"0")))
    return rank


def _ranks(
    process: Process, lines: list[bytes], keys: list[Key], separator: bytes | None
) -> Generator[object, object, list[list[object]]]:
    ranks: list[list[object]] = []
    words = collated(process)
    for line in lines:
        ranks.append([_rank(_part(line, key, separator), key.flags + key.end_flags, words) for key in keys])
        process.spend(12 * len(keys) + len(line) // 8)
        if process.tired:
            yield 0.0
    return ranks


def _ordered(
    process: Process, lines: list[bytes], ranks: list[list[object]], keys: list[Key], options: Options
) -> Generator[object, object, list[int]]:
    """The numbers of the lines in their order; one stable pass per key, from the last to the first."""
    order = list(range(len(lines)))
    reverse = "r" in options
    if "s" not in options and "u" not in options:
        if collated(process):
            order.sort(key=lambda at: word_order(text_of(lines[at])), reverse=reverse)
        else:
            order.sort(key=lambda at: lines[at], reverse=reverse)
        process.spend(len(lines) * 5)
        yield 0.0
    if "R" in "".join(key.flags for key in keys):
        Random().shuffle(order)
        return order
    for number in reversed(range(len(keys))):
        backwards = "r" in keys[number].flags + keys[number].end_flags
        order.sort(key=_of(ranks, number), reverse=backwards)
        process.spend(len(lines) * 5)
        yield 0.0
    return order


def _of(ranks: list[list[object]], number: int) -> Callable[[int], Any]:
    return lambda at: ranks[at][number]


def _unique(order: list[int], ranks: list[list[object]]) -> list[int]:
    return [at for place, at in enumerate(order) if place == 0 or ranks[at] != ranks[order[place - 1]]]


def _check(
    process: Process, options: Options, lines: list[bytes], ranks: list[list[object]], keys: list[Key]
) -> int:
    for at in range(1, len(lines)):
        before, now = ranks[at - 1], ranks[at]
        wrong = False
        for number, key in enumerate(keys):
            if before[number] != now[number]:
                wrong = (before[number] > now[number]) != ("r" in key.flags)  # type: ignore[operator]
                break
        else:
            wrong = "u" in options or (
                "s" not in options and (lines[at - 1] > lines[at]) and "r" not in options
            )
        if wrong:
            name = options.operands[0] if options.operands else "-"
            if "C" not in options:
                process.err(f"sort: {name}:{at + 1}: disorder: {text_of(lines[at])}\n")
            return 1
    return 0


def _print(process: Process, options: Options, lines: list[bytes]) -> Generator[object, object, None]:
    if "o" in options:
        path = options.value("o")
        reason = save(process, path, b"".join(lines))
        if reason:
            raise Failure(f"open failed: {path}: {reason}", 2)
        return
    for at in range(0, len(lines), 500):
        process.out(b"".join(lines[at : at + 500]))
        if process.tired:
            yield 0.0


@tool
def uniq(process: Process) -> Running:
    """Adjacent equal lines once."""
    long = "count=c repeated=d all-repeated::=D group:: ignore-case=i skip-fields=f skip-chars=s check-chars=w unique=u zero-terminated=z"  # fmt: skip
    options = parse(process, "cdDuif:s:w:z", long)
    if len(options.operands) > 2:
        raise Failure(f"extra operand {quoted(process, options.operands[2])}", hint=True)
    _check_uniq(process, options)
    failed: list[str] = []
    end = b"\0" if "z" in options else b"\n"
    out: list[bytes] = []
    group_of = _Groups(options, end)
    group: list[bytes] = []
    count, last = 0, None
    for _, data in inputs(process, options.operands[:1], failed):
        for line in split_lines(data, end):
            process.spend(20)
            rank = _compared(line, options)
            if rank != last:
                out += group_of.shown(_shown(group, count, options, end))
                group, count, last = [], 0, rank
            if not group or "D" in options or "group" in options:
                group.append(line)
            count += 1
            if len(options.operands) < 2 and len(out) >= 200:
                process.out(b"".join(out))
                out.clear()
            if process.tired:
                yield 0.0
    out += group_of.shown(_shown(group, count, options, end))
    out += group_of.after()
    if len(options.operands) == 2:
        save(process, options.operands[1], b"".join(out))
    else:
        process.out(b"".join(out))
    return 1 if failed else 0


def _shown(group: list[bytes], count: int, options: Options, end: bytes) -> list[bytes]:
    """What uniq prints for equal lines."""
    if not count or (("d" in options or "D" in options) and count < 2) or ("u" in options and count > 1):
        return []
    if "D" in options or "group" in options:
        return [line + end for line in group]
    return [(b"%7d " % count if "c" in options else b"") + group[0] + end]


def _check_uniq(process: Process, options: Options) -> None:
    """Raises Failure for options that exclude each other, and for values that are none."""
    for name, choices in (
        ("D", ("none", "prepend", "separate")),
        ("group", ("prepend", "append", "separate", "both")),
    ):
        value, shown = options.value(name), "all-repeated" if name == "D" else name
        if value and value not in choices:
            valid = "".join(f"\n  - {quoted(process, each)}" for each in choices)
            reason = f"invalid argument {quoted(process, value)} for {quoted(process, '--' + shown)}"
            raise Failure(f"{reason}\nValid arguments are:{valid}", hint=True)
    if "group" in options and any(letter in options for letter in "cdDu"):
        raise Failure("--group is mutually exclusive with -c/-d/-D/-u", hint=True)
    if "D" in options and "c" in options:
        raise Failure("printing all duplicated lines and repeat counts is meaningless", hint=True)
    for letter, what in (
        ("f", "number of fields to skip"),
        ("s", "number of bytes to skip"),
        ("w", "number of bytes to compare"),
    ):
        if letter in options and not options.value(letter).isdecimal():
            raise Failure(f"{options.value(letter)}: invalid {what}")


class _Groups:
    """The empty lines of --group and --all-repeated."""

    def __init__(self, options: Options, end: bytes) -> None:
        method = (options.value("group") or "separate") if "group" in options else options.value("D")
        self._first = method in ("prepend", "both")
        self._between, self._last = (
            method in ("prepend", "append", "separate", "both"),
            method in ("append", "both"),
        )
        self._end, self._count = end, 0

    def shown(self, lines: list[bytes]) -> list[bytes]:
        """A group with what separates it from the one before."""
        if not lines:
            return lines
        self._count += 1
        return [self._end, *lines] if (self._between if self._count > 1 else self._first) else lines

    def after(self) -> list[bytes]:
        """What comes behind the last group."""
        return [self._end] if self._last and self._count else []


def _compared(line: bytes, options: Options) -> bytes:
    if "f" in options:
        for _ in range(min(100, int(options.value("f")[:3] or "0"))):
            line = line.lstrip(b" \t").lstrip(bytes(byte for byte in range(256) if byte not in b" \t"))
    if "s" in options:
        line = line[int(options.value("s")[:6] or "0") :]
    if "w" in options:
        line = line[: int(options.value("w")[:6] or "0")]
    return line.upper() if "i" in options else line


@tool
def shuf(process: Process) -> Running:
    """Lines in a random order."""
    options = parse(process, "ei:n:o:rz", "echo=e input-range=i head-count=n output=o repeat=r zero-terminated=z random-source:")  # fmt: skip
    most = options.value("n")
    if most and not most.isdecimal():
        raise Failure(f"invalid line count: {quoted(process, most)}")
    failed: list[str] = []
    if "i" in options:
        low, dash, high = options.value("i").partition("-")
        if not (dash and low.isdecimal() and high.isdecimal() and int(low[:19]) <= int(high[:19]) + 1):
            raise Failure(f"invalid input range: {quoted(process, options.value('i'))}")
        numbers = range(int(low), int(high) + 1)
        count = min(len(numbers), int(most[:9]) if most else len(numbers))
        if count > MOST_LINES:
            raise Failure("memory exhausted")
        if "r" in options and most and numbers:
            chosen = [Random().choice(numbers) for _ in range(min(int(most[:9]), MOST_LINES))]
        else:
            chosen = list(numbers)[:count] if "random-source" in options else Random().sample(numbers, count)
        lines = [b"%d" % number for number in chosen]
    else:
        if "e" not in options and len(options.operands) > 1:
            raise Failure(f"extra operand {quoted(process, options.operands[1])}", hint=True)
        lines = [bytes_of(word) for word in options.operands] if "e" in options else []
        for _, data in inputs(process, options.operands, failed) if "e" not in options else ():
            lines += split_lines(data)
        if "r" in options and lines and most:
            lines = [Random().choice(lines) for _ in range(min(int(most[:9]), MOST_LINES))]
        elif "random-source" not in options:
            Random().shuffle(lines)
    process.spend(len(lines) * 5)
    lines = lines[: int(most[:9])] if most else lines
    yield from _print(process, options, [line + b"\n" for line in lines])
    return 1 if failed else 0


COMMANDS = {"sort": sort, "uniq": uniq, "shuf": shuf}
