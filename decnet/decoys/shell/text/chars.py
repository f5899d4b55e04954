"""tr, fold, expand, unexpand, column, fmt."""

from ..process import Process, Running
from ..regex_syntax import CLASSES, in_class
from .common import Failure, bytes_of, inputs, parse, quoted, split_lines, text_of, tool

ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92}


class Set:
    """One operand of tr: its bytes in order; `fill` is where `[x*]` may grow."""

    def __init__(self, process: Process, text: str) -> None:
        self.bytes: list[int] = []
        self.fill: tuple[int, int] | None = None
        self._process = process
        data = self._unescaped(bytes_of(text))
        at = 0
        while at < len(data):
            at = self._element(data, at)

    def _unescaped(self, data: bytes) -> list[tuple[int, bool]]:
        """The bytes, and whether each was escaped."""
        out: list[tuple[int, bool]] = []
        at = 0
        while at < len(data):
            if data[at] == 92 and at + 1 < len(data):
                end = at + 1
                while end < at + 4 and data[end : end + 1] in (
                    b"0",
                    b"1",
                    b"2",
                    b"3",
                    b"4",
                    b"5",
                    b"6",
                    b"7",
                ):
                    end += 1
                if end > at + 1:
                    out.append((int(data[at + 1 : end], 8) & 255, True))
                    at = end
                    continue
                out.append((ESCAPES.get(chr(data[at + 1]), data[at + 1]), True))
                at += 2
            else:
                out.append((data[at], False))
                at += 1
        return out

    def _element(self, data: list[tuple[int, bool]], at: int) -> int:
        plain = "".join("\0" if escaped else chr(byte) for byte, escaped in data[at : at + 40])
        if plain.startswith("[:") and ":]" in plain[2:]:
            name = plain[2 : plain.index(":]", 2)]
            if name not in CLASSES and self._process.applet:
                self.bytes.append(data[at][0])
                return at + 1
            if name not in CLASSES:
                raise Failure(f"invalid character class {quoted(self._process, name)}")
            self.bytes += [byte for byte in range(128) if in_class(name, chr(byte))]
            return at + len(name) + 4
        if plain.startswith("[=") and plain[3:5] == "=]":
            self.bytes.append(data[at + 2][0])
            return at + 5
        if plain[:1] == "[" and plain[2:3] == "*" and "]" in plain[3:]:
            digits = plain[3 : plain.index("]", 3)]
            if all(digit in "0123456789" for digit in digits):
                count = int(digits[:6] or "0", 8 if digits.startswith("0") else 10)
                if count == 0:
                    self.fill = len(self.bytes), data[at + 1][0]
                self.bytes += [data[at + 1][0]] * min(count, 4096)
                return at + 4 + len(digits)
        if at + 2 < len(data) and data[at + 1] == (45, False):
            low, high = data[at][0], data[at + 2][0]
            if low > high:
                shown = f"{chr(low)}-{chr(high)}"
                raise Failure(f"range-endpoints of '{shown}' are in reverse collating sequence order")
            self.bytes += range(low, high + 1)
            return at + 3
        self.bytes.append(data[at][0])
        return at + 1


@tool
def tr(process: Process) -> Running:
    """Translate, delete or squeeze bytes."""
    options = parse(process, "cCdst", "complement=c delete=d squeeze-repeats=s truncate-set1=t", stop=True)
    words, delete, squeeze = options.operands, "d" in options, "s" in options
    if not words:
        raise Failure("missing operand", hint=True)
    if process.applet:
        words = words[: 1 + (squeeze or not delete)]
        words += words[:1] * (len(words) == 1 and not delete and not squeeze)
    if len(words) == 1 and not delete and not squeeze:
        _missing(process, words[0], "Two strings must be given when translating.")
    if len(words) == 1 and delete and squeeze:
        _missing(process, words[0], "Two strings must be given when both deleting and squeezing repeats.")
    most = 1 if delete and not squeeze else 2
    if len(words) > most:
        process.err(f"{process.name}: extra operand {quoted(process, words[most])}\n")
        if most == 1 and len(words) == 2:
            process.err("Only one string may be given when deleting without squeezing repeats.\n")
        raise Failure("", hint=True)
    first = Set(process, words[0]).bytes
    if options.last("cC"):
        inside = set(first)
        first = [byte for byte in range(256) if byte not in inside]
    data = process.given
    process.spend(len(data) // 32)
    second = Set(process, words[1]) if len(words) > 1 else None
    if delete:
        data = data.translate(None, bytes(first))
        last = set(second.bytes) if second else set()
    elif second is not None:
        data = data.translate(_table(first, second, truncate="t" in options))
        last = set(_filled(second, len(first)))
    else:
        last = set(first)
    yield 0.0
    for at in range(0, len(data), 16384):
        process.out(_squeezed(data, at, at + 16384, last, process) if squeeze else data[at : at + 16384])
        if process.tired:
            yield 0.0
    return 0


def _missing(process: Process, word: str, why: str) -> None:
    process.err(f"{process.name}: missing operand after {quoted(process, word)}\n{why}\n")
    raise Failure("", hint=True)


def _filled(second: Set, length: int) -> list[int]:
    if second.fill is None:
        return second.bytes
    at, byte = second.fill
    return second.bytes[:at] + [byte] * max(0, length - len(second.bytes)) + second.bytes[at:]


def _table(first: list[int], second: Set, *, truncate: bool) -> bytes:
    target = _filled(second, len(first))
    if not target and not truncate:
        raise Failure("when not truncating set1, string2 must be non-empty")
    table = list(range(256))
    for at, byte in enumerate(first):
        if at < len(target):
            table[byte] = target[at]
        elif not truncate:
            table[byte] = target[-1]
    return bytes(table)


def _squeezed(data: bytes, start: int, stop: int, last: set[int], process: Process) -> bytes:
    out = bytearray()
    before = data[start - 1] if start else -1
    part = data[start:stop]
    process.spend(len(part))
    for byte in part:
        if byte != before or byte not in last:
            out.append(byte)
        before = byte
    return bytes(out)


def _count(process: Process, text: str, what: str) -> int:
    if not text.isdecimal():
        raise Failure(f"invalid {what}: {quoted(process, text)}")
    if int(text[:9]) == 0:
        raise Failure(f"invalid {what}: {quoted(process, text)}: Numerical result out of range")
    return int(text[:9])


@tool
def fold(process: Process) -> Running:
    """Break long lines."""
    words = process.args
    if words and words[0][:1] == "-" and words[0][1:].isdecimal():
        process.args = ["-w", words[0][1:], *words[1:]]
    options = parse(process, "bsw:", "bytes=b spaces=s width=w")
    width = _count(process, options.value("w", "80"), "number of columns")
    failed: list[str] = []
    for _, data in inputs(process, options.operands, failed):
        ended = data.endswith(b"\n")
        lines = split_lines(data)
        for number, line in enumerate(lines):
            process.spend(3 + len(line) // 16)
            if process.tired:
                yield 0.0
            end = b"\n" if ended or number < len(lines) - 1 else b""
            start = 0
            while len(line) - start > width:
                at = line.rfind(b" ", start, start + width) + 1 if "s" in options else 0
                cut = at if at > start else start + width
                process.out(line[start:cut] + b"\n")
                process.spend(20)
                start = cut
                if process.tired:
                    yield 0.0
            process.out(line[start:] + end)
    return 1 if failed else 0


@tool
def expand(process: Process) -> Running:
    """Tabs as spaces."""
    if process.args and process.args[0][:1] == "-" and process.args[0][1:2].isdecimal():
        process.args = ["-t", process.args[0][1:], *process.args[1:]]
    options = parse(process, "it:", "initial=i tabs=t")
    stops = _stops(process, options.value("t", "8"))
    failed: list[str] = []
    for _, data in inputs(process, options.operands, failed):
        for line in data.splitlines(keepends=True):
            process.spend(3 + len(line) // 16)
            body = line.lstrip(b" \t") if "i" in options else b""
            process.out(_with_blanks(line[: len(line) - len(body)], stops) + body)
        if process.tired:
            yield 0.0
    return 1 if failed else 0


def _stops(process: Process, text: str) -> list[int]:
    """The tab stops of `-t`: one width, or a list of places."""
    words = text.replace(",", " ").split()
    bad = next((word for word in words if not word.isdecimal()), None)
    if bad is not None:
        raise Failure(f"tab size contains invalid character(s): {quoted(process, bad)}")
    found = [int(word[:6]) for word in words] or [8]
    if 0 in found:
        raise Failure("tab size cannot be 0")
    if any(one >= other for one, other in zip(found, found[1:], strict=False)):
        raise Failure("tab sizes must be ascending")
    return found


def _with_blanks(line: bytes, stops: list[int]) -> bytes:
    if len(stops) == 1:
        return line.expandtabs(min(1000, stops[0]))
    out, column = bytearray(), 0
    for byte in line:
        if byte == 9:
            end = next((stop for stop in stops if stop > column), column + 1)
            out += b" " * (end - column)
            column = end
        else:
            out.append(byte)
            column += 1
    return bytes(out)


@tool
def unexpand(process: Process) -> Running:
    """Leading spaces as tabs."""
    options = parse(process, "at:", "all=a tabs=t first-only")
    width = min(1000, _count(process, options.value("t", "8"), "tab size"))
    everywhere = bool(options.last("at")) and "first-only" not in options
    failed: list[str] = []
    for _, data in inputs(process, options.operands, failed):
        for line in data.splitlines(keepends=True):
            process.spend(4 + len(line) // 16)
            if process.tired:
                yield 0.0
            process.out(_with_tabs(line, width, everywhere=everywhere))
    return 1 if failed else 0


def _with_tabs(line: bytes, width: int, *, everywhere: bool) -> bytes:
    """A line whose blanks up to a tab stop are one tab; a single blank before a stop stays."""
    out, column, blanks, first = bytearray(), 0, 0, True
    for at, byte in enumerate(line):
        if byte in b" \t" and (everywhere or first):
            before = column
            column += 1 if byte == 32 else width - column % width
            blanks += 1
            if column % width == 0:
                is_single = byte == 32 and blanks == 1 and before % width and not first
                out += b" " if is_single and line[at + 1 : at + 2] not in (b" ", b"\t") else b"\t"
                blanks = 0
            continue
        first = False
        out += b" " * blanks
        blanks = 0
        out.append(byte)
        column += 1
    return bytes(out) + b" " * blanks


@tool
def column(process: Process) -> Running:
    """Columns: `-t` makes a table."""
    options = parse(process, "tc:s:o:nxN:R:J", "table=t separator=s output-separator=o output-width=c fillrows=x table-columns=N")  # fmt: skip # noqa: E501
    failed: list[str] = []
    lines: list[str] = []
    for _, data in inputs(process, options.operands, failed):
        lines += [text_of(line) for line in split_lines(data) if line.strip()]
        process.spend(5 * len(lines))
    if "t" in options:
        _table_of(process, lines, options.value("s"), options.value("o", "  "))
    elif lines:
        _columns(process, lines, int(options.value("c", str(process.columns))[:4] or "80"))
    yield 0.0
    return 1 if failed else 0


def _table_of(process: Process, lines: list[str], sign: str, between: str) -> None:
    rows = []
    for line in lines:
        for char in sign[1:]:
            line = line.replace(char, sign[0])
        rows.append(line.split(sign[0]) if sign else line.split())
    count = max((len(row) for row in rows), default=0)
    process.spend(sum(len(row) for row in rows) * 10)
    widths = [max(len(row[at]) if at < len(row) else 0 for row in rows) for at in range(count)]
    if count * len(rows) > 200_000:
        raise Failure("memory exhausted")
    for row in rows:
        cells = [row[at].ljust(widths[at]) if at < len(row) else " " * widths[at] for at in range(count - 1)]
        last = row[count - 1] if count and len(row) == count else ""
        process.out((between.join([*cells, last])) + "\n" if count else "\n")


def _columns(process: Process, lines: list[str], columns: int) -> None:
    longest = (max(len(line) for line in lines) // 8 + 1) * 8
    across = max(1, columns // longest)
    rows = -(-len(lines) // across)
    for row in range(rows):
        cells = lines[row::rows]
        text = ""
        for at, cell in enumerate(cells):
            text += cell
            if at < len(cells) - 1:
                text += "\t" * (-(-(longest - len(cell)) // 8))
        process.out(text + "\n")


COMMANDS = {"tr": tr, "fold": fold, "expand": expand, "unexpand": unexpand, "column": column}
