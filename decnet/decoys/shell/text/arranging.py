"""numfmt, tsort, csplit, look."""

from __future__ import annotations

from ..process import Command, Process, Running
from .common import Failure, content, inputs, parse, quoted, save, split_lines, text_of, tool

UNITS = "KMGTPEZY"
BASES = {"iec": 1024, "iec-i": 1024, "si": 1000, "auto": 1000}


def _scaled(value: float, base: int, suffix: str) -> str:
    """A number with a unit, rounded away from zero as numfmt does by default."""
    power = 0
    while abs(value) >= base and power < len(UNITS):
        value, power = value / base, power + 1
    if not power:
        return f"{value:g}"
    if abs(value) < 10:
        tenths = -(-abs(value) * 10 // 1) * (1 if value >= 0 else -1)
        shown = f"{tenths / 10:.1f}" if abs(tenths) < 100 else f"{tenths / 10:.0f}"
    else:
        shown = f"{-(-abs(value) // 1) * (1 if value >= 0 else -1):.0f}"
    return f"{shown}{UNITS[power - 1]}{suffix}"


def _number(process: Process, text: str, unit: str) -> float:
    digits = text.rstrip("i")
    base = 1024 if unit in ("iec", "iec-i") or (unit == "auto" and text.endswith("i")) else 1000
    power = UNITS.find(digits[-1:].upper()) + 1 if digits[-1:].isalpha() else 0
    number = digits[:-1] if power else digits
    try:
        value = float(number)
    except ValueError:
        raise Failure(f"invalid number: {quoted(process, text)}", 2) from None
    if power and unit == "none":
        message = f"rejecting suffix in input: {quoted(process, text)} (consider using --from)"
        raise Failure(message, 2)
    return float(value * float(base) ** power)


@tool
def numfmt(process: Process) -> Running:
    """Numbers with units."""
    options = parse(
        process, "d:z", "from: to: field: padding: suffix: header:: grouping delimiter=d round: invalid:"
    )
    for name in ("from", "to"):
        given = options.value(name, "none")
        if given not in (*BASES, "none"):
            raise Failure(
                f"invalid argument {quoted(process, given)} for {quoted(process, '--' + name)}", hint=True
            )
    lines = options.operands or [text_of(each) for each in split_lines(process.given)]
    field = options.value("field", "1")
    place = int(field) - 1 if field.isdecimal() and len(field) < 5 else 0
    for line in lines:
        words = line.split(options.value("d")) if "d" in options else line.split()
        if 0 <= place < len(words):
            value, to = (
                _number(process, words[place], options.value("from", "none")),
                options.value("to", "none"),
            )
            suffix = "i" if to == "iec-i" else ""
            shown = f"{value:.0f}" if to == "none" else _scaled(value, BASES[to], suffix)
            padding = options.value("padding", "0")
            width = int(padding) if padding.lstrip("-").isdecimal() and len(padding) < 5 else 0
            shown += options.value("suffix")
            words[place] = shown.rjust(width) if width >= 0 else shown.ljust(-width)
        process.out((options.value("d") or " ").join(words) + "\n")
        if process.tired:
            yield 0.0
    return 0


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
def csplit(process: Process) -> Running:
    """A file in pieces that begin at lines of given numbers."""
    options = parse(
        process, "f:n:kszb:", "prefix=f digits=n keep-files=k quiet=s silent=s elide-empty-files=z"
    )
    if not options.operands:
        raise Failure("missing operand", hint=True)
    path, places = options.operands[0], options.operands[1:]
    if not places:
        raise Failure(f"missing operand after {quoted(process, path)}", hint=True)
    try:
        lines = content(process, path).splitlines(keepends=True)
    except Failure as failure:
        raise Failure(f"cannot open {quoted(process, path)} for reading: {failure.message}") from None
    at, pieces = 0, []
    for place in places:
        if not place.isdecimal():
            raise Failure(f"{quoted(process, place)}: invalid pattern")
        end = int(place[:9]) - 1
        if end >= len(lines):
            raise Failure(f"{quoted(process, place)}: line number out of range")
        pieces.append(b"".join(lines[at:end]))
        at = end
    for number, piece in enumerate([*pieces, b"".join(lines[at:])]):
        save(process, f"{options.value('f', 'xx')}{number:02d}", piece)
        process.out("" if "s" in options else f"{len(piece)}\n")
        yield 0.0
    return 0


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


COMMANDS: dict[str, Command] = {"numfmt": numfmt, "tsort": tsort, "csplit": csplit, "look": look}
