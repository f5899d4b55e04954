"""awk's functions: text, numbers, time."""

import math
import time
from collections.abc import Callable

from .awk_machine import Machine
from .awk_values import Array, Input, Value, compare, formatted, number_of
from .common import Failure

UPPER = {ord(char): char.upper() for char in "abcdefghijklmnopqrstuvwxyz"}
LOWER = {ord(char): char.lower() for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
COUNTS: dict[str, tuple[int, int]] = {
    name: (least, most)
    for names, least, most in (
        ("index match atan2 lshift rshift", 2, 2),
        ("sin cos exp log sqrt int tolower toupper system mktime strtonum compl", 1, 1),
        ("substr split sub gsub", 2, 3),
        ("rand systime", 0, 0),
        ("srand length fflush", 0, 1),
        ("sprintf", 1, 255),
        ("close asort asorti", 1, 2),
        ("strftime", 0, 3),
        ("gensub", 3, 4),
        ("and or xor", 2, 9),
    )
    for name in names.split()
}
"""The least and the most arguments."""


def substr(machine: Machine, values: list[Value]) -> Value:
    text = machine.text(values[0])
    start = number_of(values[1])
    length = number_of(values[2]) if len(values) > 2 else math.inf
    if machine.process.applet:
        start = max(1.0, start)  # BusyBox keeps the length.
    if not machine.extended:
        return _mawk_substr(text, start, length)
    if start != start or length != length or length <= 0:
        return ""
    start = _rounded(start)
    end = start + (_rounded(length) if length != math.inf else math.inf)
    first = int(max(start, 1.0)) if start != math.inf else len(text) + 1
    last = len(text) + 1 if end > len(text) else int(max(end, 1.0))
    return text[first - 1 : max(first, last) - 1]


def _mawk_substr(text: str, start: float, length: float) -> str:
    """As mawk 1.3.4-20200120 counts: places before the text make the result longer."""
    if start != start or length != length:
        return ""
    first = int(max(-1e9, min(1e9, start)))
    count = int(max(-1e9, min(1e9, length))) + max(0, -first)
    begin = max(first, 1) - 1
    return text[begin : begin + max(0, count)]


def _rounded(number: float) -> float:
    return float(round(number)) if abs(number) < 1e15 else number


def index(machine: Machine, values: list[Value]) -> Value:
    return float(machine.text(values[0]).find(machine.text(values[1])) + 1)


def match(machine: Machine, text: str, pattern: str) -> Value:
    """match(): sets RSTART and RLENGTH."""
    found = machine.regex(pattern).search(text)
    begin, end = found[0] if found else (-1, -1)
    machine.variables["RSTART"] = float(begin + 1)
    machine.variables["RLENGTH"] = float(end - begin) if found else -1.0
    return float(begin + 1)


def split(machine: Machine, text: str, array: Array, separator: Value, pattern: str | None) -> Value:
    """split(): by a pattern, or as FS does."""
    parts = machine.split_by(pattern, text) if pattern is not None else machine.split(text, separator)
    machine.held -= sum(held_by(value) for value in array.values())
    array.clear()
    machine.hold(len(text) + 100 * len(parts))
    machine.process.spend(4 * len(parts))
    array.update((str(at), Input(part)) for at, part in enumerate(parts, 1))
    return float(len(parts))


def held_by(value: Value) -> int:
    """What an element of an array counts for."""
    return 100 + (len(value) if isinstance(value, str) else 0)


def substitute(machine: Machine, pattern: str, target: str, text: str, *, every: bool) -> tuple[str, int]:
    """sub() and gsub(): the new text, and how many matches were replaced."""
    regex = machine.regex(pattern)
    parts = _replacement(target)
    out: list[str] = []
    at, last, count, size = 0, -1, 0, 0
    while at <= len(text):
        found = regex.search(text, at)
        machine.process.spend(6)
        if found is None:
            break
        start, end = found[0]
        if start == end == last:
            out.append(text[at : start + 1])
            at, last = start + 1, -1
            continue
        matched = text[start:end]
        out += [text[at:start], *(matched if part is None else part for part in parts)]
        size += sum(len(part) for part in out[-len(parts) - 1 :])
        if size > 256 * 1024:
            raise Failure("out of memory", 2)
        count += 1
        at = last = end
        if start == end:
            out.append(text[at : at + 1])
            at, last = at + 1, -1
        if not every:
            break
    return machine.checked("".join(out) + text[at:]), count


def _replacement(target: str) -> list[str | None]:
    """The parts of a replacement; None for the match."""
    parts: list[str | None] = [""]
    at = 0
    while at < len(target):
        char, following = target[at], target[at + 1 : at + 2]
        if char == "\\" and following in ("&", "\\") and following:
            parts.append(following)
            at += 2
            continue
        parts.append(None if char == "&" else char)
        at += 1
    return parts


def gensub(machine: Machine, values: list[Value]) -> Value:
    """gawk's gensub(pattern, replacement, how, text)."""
    pattern, target, how = (machine.text(value) for value in values[:3])
    text = machine.text(values[3]) if len(values) > 3 else machine.record()
    regex = machine.regex(pattern)
    wanted = 0 if how[:1] in ("g", "G") else max(1, int(number_of(how)))
    out, last, count = "", 0, 0
    for start, end in regex.matches(text):
        count += 1
        if wanted and count != wanted:
            continue
        spans = regex.search(text, start, groups=True) or [(start, end)]
        out += text[last:start] + _with_groups(target, text, spans)
        machine.checked(out)
        last = end
    return out + text[last:]


def _with_groups(target: str, text: str, spans: list[tuple[int, int]]) -> str:
    out, at = "", 0
    while at < len(target):
        char, following = target[at], target[at + 1 : at + 2]
        number = 0 if char == "&" else int(following) if char == "\\" and following.isdecimal() else -1
        if number >= 0:
            out += text[slice(*spans[number])] if number < len(spans) and spans[number][0] >= 0 else ""
            at += 1 if char == "&" else 2
        elif char == "\\" and following:
            out += following
            at += 2
        else:
            out += char
            at += 1
    return out


def srand(machine: Machine, values: list[Value]) -> Value:
    before, machine.seed = machine.seed, number_of(values[0]) if values else float(int(time.time()))
    machine.process.spend(150)
    machine.random.seed(machine.seed)
    return before


def strftime(machine: Machine, values: list[Value]) -> Value:
    template = machine.text(values[0]) if values else "%c"
    when = number_of(values[1]) if len(values) > 1 else time.time()
    return machine.checked(time.strftime(template[:1000], time.gmtime(max(-(2**31), min(2**33, when)))))


def mktime(machine: Machine, values: list[Value]) -> Value:
    import calendar

    words = machine.text(values[0]).split()[:6]
    try:
        year, month, day, hour, minute, second = (int(word[:6]) for word in words)
        return float(calendar.timegm((year, month, day, hour, minute, second)))
    except (ValueError, OverflowError):
        return -1.0


def strtonum(machine: Machine, values: list[Value]) -> Value:
    text = machine.text(values[0]).strip()
    try:
        if text[:2].lower() == "0x":
            return float(int(text[:40], 16))
        return float(int(text[:40], 8)) if text[:1] == "0" and text[1:].isdecimal() else number_of(text)
    except ValueError:
        return number_of(text)


def _bits(operate: Callable[[int, int], int]) -> Callable[[Machine, list[Value]], Value]:
    def function(machine: Machine, values: list[Value]) -> Value:
        numbers = [int(max(0.0, min(2.0**53, number_of(value)))) for value in values]
        result = numbers[0]
        for number in numbers[1:]:
            result = operate(result, number)
        return float(result & (2**53 - 1))

    return function


def mawk_order(keys: list[str]) -> list[str]:
    """The order in which mawk's loops find the keys of an array: that of its hash table (FNV-1a)."""
    size = 64
    while len(keys) > size * 12:
        size *= 2
    places: list[tuple[int, int, str]] = []
    for at, key in enumerate(keys):
        number = 0x811C9DC5
        for byte in key.encode("latin-1", "replace"):
            number = ((number ^ byte) * 16777619) & 0xFFFFFFFF
        places.append((number & (size - 1), -at, key))
    return [key for _, _, key in sorted(places)]


def _number(operate: Callable[[float], float]) -> Callable[[Machine, list[Value]], Value]:
    def function(machine: Machine, values: list[Value]) -> Value:
        number = number_of(values[0])
        try:
            return operate(number)
        except OverflowError:
            return math.inf
        except ValueError:
            return -math.inf if operate is math.log and number == 0 else math.nan

    return function


def sort(machine: Machine, source: Array, target: Array, *, keys: bool) -> Value:
    """gawk's asort() and asorti()."""
    from functools import cmp_to_key

    values: list[Value] = list(source) if keys else list(source.values())
    machine.process.spend(20 * len(values))

    def order(left: Value, right: Value) -> int:
        if compare(left, right, machine.text, "<"):
            return -1
        return 1 if compare(left, right, machine.text, ">") else 0

    values.sort(key=cmp_to_key(order))
    target.clear()
    target.update((str(at), value) for at, value in enumerate(values, 1))
    return float(len(values))


FUNCTIONS: dict[str, Callable[[Machine, list[Value]], Value]] = {
    "substr": substr,
    "index": index,
    "sprintf": lambda machine, values: machine.checked(
        formatted(machine.text(values[0]), values[1:], wide=machine.extended)
    ),
    "sin": _number(math.sin),
    "cos": _number(math.cos),
    "exp": _number(math.exp),
    "log": _number(math.log),
    "sqrt": _number(math.sqrt),
    "int": _number(lambda number: float(int(number)) if abs(number) < 1e300 else number),
    "atan2": lambda machine, values: math.atan2(number_of(values[0]), number_of(values[1])),
    "rand": lambda machine, values: machine.random.random(),
    "srand": srand,
    "tolower": lambda machine, values: _cased(machine, values, LOWER),
    "toupper": lambda machine, values: _cased(machine, values, UPPER),
    "systime": lambda machine, values: float(int(time.time())),
    "strftime": strftime,
    "mktime": mktime,
    "gensub": gensub,
    "strtonum": strtonum,
    "and": _bits(lambda left, right: left & right),
    "or": _bits(lambda left, right: left | right),
    "xor": _bits(lambda left, right: left ^ right),
    "lshift": _bits(lambda left, right: left << min(right, 64)),
    "rshift": _bits(lambda left, right: left >> min(right, 64)),
    "compl": lambda machine, values: float(2**53 - 1 - int(number_of(values[0]))),
}


def _cased(machine: Machine, values: list[Value], table: dict[int, str]) -> str:
    text = machine.checked(machine.text(values[0]))
    if machine.extended and not text.isascii():
        return text.upper() if table is UPPER else text.lower()
    return text.translate(table)
