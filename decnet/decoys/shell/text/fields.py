"""cut, paste, join, comm."""

from itertools import zip_longest

from ..process import Process, Running
from .common import Failure, Options, bytes_of, content, inputs, parse, quoted, split_lines, text_of, tool

MOST_RANGES = 500


def _ranges(process: Process, text: str, kind: str) -> list[tuple[int, int]]:
    """The positions of a list such as `1,3-5,7-`, from 0, the end excluded."""
    found: list[tuple[int, int]] = []
    numbered = "fields are numbered from 1" if kind == "f" else "byte/character positions are numbered from 1"
    what = "field" if kind == "f" else "byte or character"
    for part in text.replace(" ", ",").split(",")[:MOST_RANGES]:
        low, dash, high = part.partition("-")
        if not all(not number or number.isdecimal() for number in (low, high)):
            label = "field value" if kind == "f" else "byte/character position"
            bad = part if not dash else part
            raise Failure(f"invalid {label} {quoted(process, bad)}", hint=True)
        if not low and not high:
            if dash:
                raise Failure("invalid range with no endpoint: -", hint=True)
            raise Failure(numbered, hint=True)
        first, last = int(low[:9] or "1"), int(high[:9]) if high else 0
        if first == 0 or (high and last == 0):
            raise Failure(numbered, hint=True)
        if high and last < first:
            raise Failure(f"invalid decreasing {'range' if what else ''}", hint=True)
        found.append((first - 1, last if high else first if not dash else 10**9))
    return sorted(found)


def _merged(ranges: list[tuple[int, int]], inverted: bool) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for low, high in ranges:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    if not inverted:
        return merged
    gaps, at = [], 0
    for low, high in merged:
        if low > at:
            gaps.append((at, low))
        at = high
    return [*gaps, (at, 10**9)] if at < 10**9 else gaps


@tool
def cut(process: Process) -> Running:
    """Parts of lines."""
    long = "bytes=b characters=c fields=f delimiter=d only-delimited=s complement output-delimiter: zero-terminated=z"  # fmt: skip # noqa: E501
    options = parse(process, "b:c:f:d:nsz", long)
    kinds = [option for option, _ in options.given if option in "bcf"]
    if not kinds:
        raise Failure("you must specify a list of bytes, characters, or fields", hint=True)
    if len(kinds) > 1:
        raise Failure("only one list may be specified", hint=True)
    kind = kinds[0]
    delimiter = bytes_of(options.value("d", "\t")) or b"\0"
    if len(delimiter) > 1:
        raise Failure("the delimiter must be a single character", hint=True)
    if kind != "f" and "d" in options:
        raise Failure("an input delimiter may be specified only when operating on fields", hint=True)
    if kind != "f" and "s" in options:
        raise Failure(
            "suppressing non-delimited lines makes sense\n\tonly when operating on fields", hint=True
        )
    ranges = _merged(_ranges(process, options.value(kind), kind), "complement" in options)
    between = bytes_of(options.value("output-delimiter", text_of(delimiter) if kind == "f" else ""))
    end = b"\0" if "z" in options else b"\n"
    failed: list[str] = []
    for _, data in inputs(process, options.operands, failed):
        for line in split_lines(data, end):
            process.spend(5 + len(line) // 64)
            if process.tired:
                yield 0.0
            if kind != "f":
                process.out(between.join(line[low:high] for low, high in ranges if low < len(line)) + end)
            elif delimiter in line:
                parts = line.split(delimiter)
                process.out(between.join(part for low, high in ranges for part in parts[low:high]) + end)
            elif "s" not in options:
                process.out(line + end)
    return 1 if failed else 0


@tool
def paste(process: Process) -> Running:
    """Lines of files next to each other."""
    options = parse(process, "d:sz", "delimiters=d serial=s zero-terminated=z")
    text = options.value("d", "\t").replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0")
    signs = [b"" if sign == "\0" else bytes_of(sign) for sign in text] or [b""]
    columns: list[list[bytes]] = []
    dashes = options.operands.count("-") or (not options.operands)
    given = split_lines(process.given) if dashes else []
    used = 0
    for path in options.operands or ["-"]:
        if path == "-":
            columns.append(given if "s" in options else given[used :: max(1, int(dashes))])
            used += 1
            continue
        try:
            columns.append(split_lines(content(process, path)))
        except Failure as failure:
            raise Failure(f"{path}: {failure.message}") from None
    if "s" in options:
        rows: list[list[bytes]] = columns
    else:
        rows = [list(row) for row in zip_longest(*columns, fillvalue=b"")]
    for row in rows:
        process.spend(4 + len(row) * 2)
        if process.tired:
            yield 0.0
        line = b"".join(part + signs[at % len(signs)] for at, part in enumerate(row[:-1]))
        process.out(line + (row[-1] if row else b"") + b"\n")
    return 0


def _two(process: Process, operands: list[str]) -> tuple[list[bytes], list[bytes]]:
    if not operands:
        raise Failure("missing operand", hint=True)
    if len(operands) == 1:
        raise Failure(f"missing operand after {quoted(process, operands[0])}", hint=True)
    if len(operands) > 2:
        raise Failure(f"extra operand {quoted(process, operands[2])}", hint=True)
    found = []
    for path in operands:
        try:
            found.append(split_lines(content(process, path)))
        except Failure as failure:
            raise Failure(f"{path}: {failure.message}") from None
    return found[0], found[1]


@tool
def comm(process: Process) -> Running:
    """Lines of two sorted files: only in one of them, or in both."""
    options = parse(process, "123z", "check-order nocheck-order output-delimiter: total")
    left, right = _two(process, options.operands)
    between = bytes_of(options.value("output-delimiter", "\t"))
    one, two = 0, 0
    lead = [b"", b"" if "1" in options else between]
    lead.append(lead[1] + (b"" if "2" in options else between))
    counts, unsorted = [0, 0, 0], _Disorder(process, options)
    while one < len(left) or two < len(right):
        process.spend(5)
        if process.tired:
            yield 0.0
        if two >= len(right) or (one < len(left) and left[one] < right[two]):
            column, line = 0, left[one]
            one += 1
        elif one >= len(left) or right[two] < left[one]:
            column, line = 1, right[two]
            two += 1
        else:
            column, line = 2, left[one]
            one, two = one + 1, two + 1
        counts[column] += 1
        if str(column + 1) not in options:
            process.out(lead[column] + line + b"\n")
        unsorted.look(left, one, 1)
        unsorted.look(right, two, 2)
    if "total" in options:
        sums = [bytes_of(str(count)) for count in counts]
        process.out(between.join([*sums, b"total"]) + b"\n")
    return unsorted.report()


class _Disorder:
    """Whether a file was not in its order, which comm and join report once for each file."""

    def __init__(self, process: Process, options: Options) -> None:
        self._process, self._silent = process, "nocheck-order" in options
        self._fatal, self._seen = "check-order" in options, set[int]()

    def look(self, lines: list[bytes], at: int, number: int) -> None:
        """Look at the line that is next. Raises Failure with --check-order."""
        if self._silent or number in self._seen or not 0 < at < len(lines) or lines[at - 1] <= lines[at]:
            return
        self._seen.add(number)
        text = f"file {number} is not in sorted order"
        if self._fatal:
            raise Failure(text)
        self._process.err(f"{self._process.name}: {text}\n")

    def report(self) -> int:
        """The status, after the last message."""
        if self._seen:
            self._process.err(f"{self._process.name}: input is not in sorted order\n")
        return int(bool(self._seen))


@tool
def join(process: Process) -> Running:
    """Lines of two sorted files with the same field."""
    options = parse(process, "1:2:j:t:a:v:o:e:i", "ignore-case=i header check-order nocheck-order")
    left, right = _two(process, options.operands)
    sign = bytes_of(options.value("t")) if "t" in options else None
    fields = [int((options.value(name) or options.value("j") or "1")[:6]) for name in "12"]
    between = sign or b" "
    sides = []
    for lines, number in ((left, fields[0]), (right, fields[1])):
        rows = []
        for line in lines:
            parts = line.split(sign) if sign else line.split()
            key = parts[number - 1] if number <= len(parts) else b""
            rows.append(
                (key.lower() if "i" in options else key, key, parts[: number - 1] + parts[number:], parts)
            )
        sides.append(rows)
        process.spend(15 * len(rows))
    by_key: dict[bytes, list[int]] = {}
    for at, row in enumerate(sides[1]):
        by_key.setdefault(row[0], []).append(at)
    shown = options.values("a") + options.values("v")
    seen: set[int] = set()
    out: list[tuple[bytes, bytes]] = []
    for low, key, rest, parts in sides[0]:
        matches = by_key.get(low, [])
        seen.update(matches)
        process.spend(5 + 15 * len(matches))
        if process.tired:
            yield 0.0
        if not matches and "1" in shown:
            out.append((low, _joined(options, between, key, rest, [], parts, [])))
        for at in matches if "v" not in options else ():
            _, _, others, whole = sides[1][at]
            out.append((low, _joined(options, between, key, rest, others, parts, whole)))
    for at, (low, key, rest, parts) in enumerate(sides[1]):
        if at not in seen and "2" in shown:
            out.append((low, _joined(options, between, key, [], rest, [], parts)))
    for _, line in sorted(out, key=lambda pair: pair[0]):
        process.out(line + b"\n")
    return 0


def _joined(
    options: Options,
    between: bytes,
    key: bytes,
    left: list[bytes],
    right: list[bytes],
    one: list[bytes],
    two: list[bytes],
) -> bytes:
    form, empty = " ".join(options.values("o")), bytes_of(options.value("e"))
    if not form or form == "auto":
        return between.join([key, *left, *right])
    parts = []
    for item in form.replace(",", " ").split():
        side, _, number = item.partition(".")
        source = one if side == "1" else two
        at = int(number[:6]) - 1 if number.isdecimal() else 0
        parts.append(
            (key or empty) if side == "0" else (source[at] if 0 <= at < len(source) else b"") or empty
        )
    return between.join(parts)


COMMANDS = {"cut": cut, "paste": paste, "comm": comm, "join": join}
