# ruff: noqa: E501 (tables)
"""od, xxd, hexdump, strings."""

import re
import struct

from ..process import Process, Running
from .common import Failure, Options, content, inputs, parse, quoted, save, size_of, tool, why_not

CONTROLS = """nul soh stx etx eot enq ack bel bs ht nl vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em
sub esc fs gs rs us sp"""
NAMES = CONTROLS.split()
ESCAPES = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
OLD = {
    "b": "o1", "c": "c", "d": "u2", "o": "o2", "s": "d2", "x": "x2", "h": "x2", "i": "d4", "l": "d8", "a": "a",
    "f": "f4", "B": "o2", "D": "u4", "X": "x4", "H": "x4", "O": "o4",
}  # fmt: skip
WIDTHS = {
    ("o", 1): 3, ("o", 2): 6, ("o", 4): 11, ("o", 8): 22, ("x", 1): 2, ("x", 2): 4, ("x", 4): 8, ("x", 8): 16,
    ("d", 1): 4, ("d", 2): 6, ("d", 4): 11, ("d", 8): 20, ("u", 1): 3, ("u", 2): 5, ("u", 4): 10, ("u", 8): 20,
    ("f", 4): 15, ("f", 8): 24, ("a", 1): 3, ("c", 1): 3,
}  # fmt: skip
SIZES = {"C": 1, "S": 2, "I": 4, "L": 8, "F": 4, "D": 8}


@tool
def od(process: Process) -> Running:
    """Bytes as octal, hexadecimal or decimal numbers, or characters."""
    long = "address-radix=A skip-bytes=j read-bytes=N format=t output-duplicates=v width=w strings=S endian:"
    options = parse(process, "A:j:N:S:t:vw::abcdDefFhHiIlLoOsxXB", long)
    radix = options.value("A", "o")
    if radix[:1] not in ("d", "o", "x", "n") or len(radix) != 1:
        raise Failure(f"invalid output address radix '{radix}'; it must be one character from [doxn]")
    kinds = [
        kind for option, value in options.given for kind in _types(option, value, applet=process.applet)
    ] or [("o", 2, False)]
    failed: list[str] = []
    data = b"".join(part for _, part in inputs(process, options.operands, failed))
    skip, most = _size(process, options, "j"), _size(process, options, "N")
    start = skip or 0
    if start > len(data):
        raise Failure("cannot skip past end of combined input")
    end = len(data) if most is None else min(len(data), start + most)
    width = max(1, min(4096, int(options.value("w")[:5] or "32"))) if "w" in options else 16
    before, starred = b"", False
    for at in range(start, end, width):
        row = data[at : min(end, at + width)]
        process.spend(10 + 4 * len(row))
        if process.tired:
            yield 0.0
        if row == before and "v" not in options and len(row) == width:
            process.out("" if starred else "*\n")
            starred = True
            continue
        before, starred = row, False
        process.out(_rows(row, at, width, radix, kinds))
    if radix != "n" and not (failed and not data):
        process.out(_address(end, radix) + "\n")
    return 1 if failed else 0


def _size(process: Process, options: Options, letter: str) -> int | None:
    text = options.value(letter)
    if not text:
        return None
    number = int(text[2:10], 16) if text.startswith("0x") else size_of(text)
    if number is None:
        raise Failure(f"invalid -{letter} argument {quoted(process, text)}")
    return number


def _types(option: str, value: str, *, applet: bool = False) -> list[tuple[str, int, bool]]:
    if option != "t":
        old = OLD.get(option)
        return _types("t", old) if old else []
    found, at = [], 0
    while at < len(value):
        kind = value[at]
        if kind not in "acdfoux":
            raise Failure(f"invalid character '{kind}' in type string ‘{value}’")
        at += 1
        size = 1 if kind in "ac" else 8 if kind == "f" else 4
        digits = ""
        while at < len(value) and value[at].isdecimal():
            digits += value[at]
            at += 1
        if digits:
            size = int(digits[:3])
        elif kind not in "ac" and value[at : at + 1] in SIZES and value[at : at + 1]:
            size = SIZES[value[at]]
            at += 1
        if (kind, size) not in WIDTHS:
            raise Failure(
                f"invalid type string '{value}'; {size}-byte integral type is not supported"
                if applet
                else f"invalid type string ‘{value}’;\nthis system doesn't provide a {size}-byte integral type"
            )
        shown = value[at : at + 1] == "z"
        at += shown
        found.append((kind, size, shown))
    return found


def _address(at: int, radix: str) -> str:
    return {"o": f"{at:07o}", "x": f"{at:06x}", "d": f"{at:07d}", "n": ""}[radix]


def _rows(row: bytes, at: int, width: int, radix: str, kinds: list[tuple[str, int, bool]]) -> str:
    """One row per format; the blocks of all of them are as wide as the widest."""
    biggest = max(size for _, size, _ in kinds)
    block = max((WIDTHS[kind, size] + 1) * (biggest // size) for kind, size, _ in kinds)
    out = ""
    for number, (kind, size, shown) in enumerate(kinds):
        text = _address(at, radix) if number == 0 else " " * len(_address(at, radix))
        parts = [row[place : place + size] for place in range(0, len(row), size)]
        per = max(1, biggest // size)
        extra = block - (WIDTHS[kind, size] + 1) * per
        for place, part in enumerate(parts):
            share = extra * (place % per + 1) // per - extra * (place % per) // per
            text += " " * share + " " + _value(part, kind, size).rjust(WIDTHS[kind, size])
        if shown:
            missing = (width - len(row)) // size
            plain = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            text += " " * (missing * (WIDTHS[kind, size] + 1)) + f"  >{plain}<"
        out += text + "\n"
    return out


def _value(part: bytes, kind: str, size: int) -> str:
    if kind == "c":
        byte = part[0]
        return ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}")
    if kind == "a":
        byte = part[0] & 127
        return NAMES[byte] if byte < 33 else "del" if byte == 127 else chr(byte)
    part = part.ljust(size, b"\0")
    if kind == "f":
        number = struct.unpack("<f" if size == 4 else "<d", part)[0]
        return f"{number:.8g}" if size == 4 else f"{number:.17g}"
    whole = int.from_bytes(part, "little", signed=kind == "d")
    return (
        {"o": f"{whole:0{WIDTHS['o', size]}o}", "x": f"{whole:0{2 * size}x}"}.get(kind, str(whole))
        if kind in "ox"
        else str(whole)
    )


@tool
def xxd(process: Process) -> Running:
    """A hexadecimal dump, or back with -r."""
    long = "plain=p revert=r include=i bits=b uppercase=u cols=c len=l seek=s group=g"
    process.args = [f"-{word[1]}" if word in ("-ps", "-plain", "-postscript", "-revert", "-bits", "-include") else word for word in process.args]  # fmt: skip # noqa: E501
    options = parse(process, "apribuec:l:s:g:o:EdvC", long)
    path = options.operands[0] if options.operands else "-"
    try:
        data = content(process, path)
    except Failure as failure:
        process.err(f"xxd: {path}: {failure.message}\n")
        return 2
    if "r" in options:
        yield from _reverted(process, data, plain="p" in options, target=options.operands[1:2])
        return 0
    data = _window(options, data)
    if len(options.operands) > 1:
        process.shell.write(
            process.shell.absolute(options.operands[1]), _dump(process, options, data).encode()
        )
        return 0
    step = 16 * 200
    width = _xxd_width(options)
    step -= step % width
    if "i" in options:
        process.out(_included(path, data, ",\n" if process.applet else "\n"))
        return 0
    for at in range(0, len(data), step):
        process.out(_dump(process, options, data[at : at + step], at))
        if process.tired:
            yield 0.0
    return 0


def _as_in_c(text: str) -> int:
    """A number as strtol(3) reads it, 0 for none."""
    found = re.match(r"([-+]?)(0[xX][0-9a-fA-F]{1,9}|0[0-7]{0,9}|\d{1,9})", text)
    if found is None:
        return 0
    base = 16 if found[2][:2] in ("0x", "0X") else 8 if found[2].startswith("0") else 10
    return int(found[1] + found[2], base)


def _window(options: Options, data: bytes) -> bytes:
    start = options.value("s", "0")
    begin = _as_in_c(start)
    data = data[begin:]
    most = options.value("l")
    return data[: _as_in_c(most)] if most else data


def _xxd_width(options: Options) -> int:
    default = "30" if "p" in options else "6" if "b" in options else "16"
    text = options.value("c", default)
    return max(1, min(256, int(text[:4]) if text.isdecimal() else 16)) or 16


def _dump(process: Process, options: Options, data: bytes, base: int = 0) -> str:
    width = _xxd_width(options)
    group = options.value("g")
    per = int(group[:3]) if group.isdecimal() else 1 if "b" in options else 2
    form = "08b" if "b" in options else "02X" if "u" in options else "02x"
    start = options.value("s", "0")
    offset = base + (max(0, _as_in_c(start)))
    rows = []
    for at in range(0, len(data), width):
        row = data[at : at + width]
        process.spend(4 * len(row))
        digits = [format(byte, form) for byte in row]
        if "p" in options:
            rows.append("".join(digits))
            continue
        per_group = per or width
        cells = "".join(cell + (" " if (n + 1) % per_group == 0 else "") for n, cell in enumerate(digits))
        full = width * len(format(0, form)) + -(-width // per_group)
        plain = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        rows.append(f"{offset + at:08x}: {cells.ljust(full)} {plain}")
    return "".join(row + "\n" for row in rows)


def _included(path: str, data: bytes, end: str = "\n") -> str:
    """The bytes as an array of C; `end`: behind the last one, where BusyBox has another comma."""
    rows = [
        "  " + ", ".join(f"0x{byte:02x}" for byte in data[at : at + 12]) for at in range(0, len(data), 12)
    ]
    body = ",\n".join(rows) + end
    if path == "-":
        return body
    name = "".join(char if char.isalnum() else "_" for char in path)
    return f"unsigned char {name}[] = {{\n{body}}};\nunsigned int {name}_len = {len(data)};\n"


def _reverted(process: Process, data: bytes, *, plain: bool, target: list[str]) -> Running:
    out = bytearray()
    for line in data.split(b"\n"):
        process.spend(4 + len(line) // 8)
        if process.tired:
            yield 0.0
        if not plain:
            line = line.partition(b":")[2].lstrip(b" ").partition(b"  ")[0]
        digits = bytes(byte for byte in line if byte in b"0123456789abcdefABCDEF")
        out += bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
    if target:
        save(process, target[0], bytes(out))
    else:
        process.out(bytes(out))
    return 0


@tool
def hexdump(process: Process) -> Running:
    """Words of two bytes; `-C` for bytes and text. `hd` is `hexdump -C`."""
    options = parse(process, "bcCdoxvn:s:e:f:", "canonical=C no-squeezing=v length=n skip=s")
    if process.applet:
        _check_applet(process, options)
    failed: list[str] = []
    data = b"".join(part for _, part in inputs(process, options.operands, failed))
    start = size_of(options.value("s", "0")) or 0
    most = size_of(options.value("n")) if "n" in options else None
    data = data[: start + most] if most is not None else data
    canonical = "C" in options or process.name.endswith("hd")
    formats = None
    if "e" in options:
        from .hexdump_formats import Formats

        formats = Formats(options.values("e"))
    size = formats.block if formats else 16
    before, starred = b"", False
    for at in range(start, len(data), size or len(data)):
        row = data[at : at + size]
        process.spend(60)
        if process.tired:
            yield 0.0
        if row == before and len(row) == size and "v" not in options:
            process.out("" if starred else "*\n")
            starred = True
            continue
        before, starred = row, False
        if formats:
            process.out(formats.shown(row, at).encode("latin-1", "replace"))
        else:
            process.out(_canonical(row, at) if canonical else _words(row, at, options))
    if data and formats is None:
        process.out(f"{len(data):08x}\n" if canonical else f"{len(data):07x}\n")
    return 1 if failed else 0


def _check_applet(process: Process, options: Options) -> None:
    """Refuse as BusyBox's hexdump refuses. Raises Failure."""
    for name in options.values("f"):
        if (reason := why_not(process, name)) and process.shell.content(process.shell.absolute(name)) is None:
            raise Failure(f"can't open '{name}': {reason}")
    for letter in "ns":
        text = options.value(letter)
        if letter in options and (size_of(text, "bkm") is None or text.startswith("-")):
            raise Failure(f"invalid number '{text}'")
    if options.value("s", "0") != "0" and not options.operands and not process.from_terminal:
        raise Failure("stdin: Illegal seek")


def _canonical(row: bytes, at: int) -> str:
    cells = "".join(f"{byte:02x} " + (" " if n == 7 else "") for n, byte in enumerate(row))
    plain = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{at:08x}  {cells.ljust(49)} |{plain}|\n"


def _words(row: bytes, at: int, options: Options) -> str:
    if "b" in options or "c" in options:
        shown = [_value(bytes([byte]), "c", 1) if "c" in options else f"{byte:03o}" for byte in row]
        return f"{at:07x}" + "".join(" " + cell.rjust(3) for cell in shown).ljust(64) + "\n"
    pairs = [int.from_bytes(row[n : n + 2], "little") for n in range(0, len(row), 2)]
    kind = options.last("dox")
    if not kind:
        return f"{at:07x}" + "".join(f" {pair:04x}" for pair in pairs).ljust(40) + "\n"
    form = {"d": "   {:05d}", "o": "  {:06o}", "x": "    {:04x}"}[kind]
    return f"{at:07x}" + "".join(form.format(pair) for pair in pairs).ljust(64) + "\n"


@tool
def strings(process: Process) -> Running:
    """Runs of printable characters."""
    words = process.args
    if words and words[0][:1] == "-" and words[0][1:].isdecimal():
        process.args = ["-n", words[0][1:], *words[1:]]
    options = parse(process, "an:t:fe:o", "all=a bytes=n radix=t print-file-name=f encoding=e")
    least = max(1, int(options.value("n", "4")[:5])) if options.value("n", "4").isdecimal() else 4
    status = 0
    for path in options.operands or ["-"]:
        try:
            data = content(process, path)
        except Failure as failure:
            missing = failure.message == "No such file or directory"
            text = (
                f"'{path}': No such file"
                if missing
                else f"Warning: '{path}' is a directory"
                if failure.message == "Is a directory"
                else f"{path}: {failure.message}"
            )
            process.err(f"strings: {text}\n")
            status = 1
            continue
        yield from _runs(process, options, path, data, least)
    return status


def _runs(process: Process, options: Options, path: str, data: bytes, least: int) -> Running:
    import re

    for found in re.finditer(rb"[\t\x20-\x7e]++", data):
        process.spend(3)
        if process.tired:
            yield 0.0
        if len(found[0]) < least:
            continue
        radix = options.value("t", "o" if "o" in options else "")
        place = {"d": f"{found.start():7d} ", "x": f"{found.start():7x} ", "o": f"{found.start():7o} "}.get(
            radix, ""
        )
        name = f"{path}: " if "f" in options else ""
        process.out((name + place).encode() + found[0] + b"\n")
    return 0


COMMANDS = {"od": od, "xxd": xxd, "hexdump": hexdump, "hd": hexdump, "strings": strings}
