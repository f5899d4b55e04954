"""The formats of `hexdump -e`: units `COUNT/BYTES "TEXT"`, applied to one block after the other.

Source: hexdump(1)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from .common import Failure

UNIT = re.compile(r'\s*(\d{1,4})?(?:/(\d{1,2}))?\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
PIECE = re.compile(r"%%|%([-+ #0]*)(\d{0,3})(?:\.(\d{1,3}))?(_[aA][dox]|_[cpu]|[cdiouxXeEfgGs])")
ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "\\": "\\",
    '"': '"',
}
CHARACTERS = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
CONTROLS = (
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "lf", "vt", "ff", "cr", "so", "si",
    "dle", "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us",
)  # fmt: skip
MOST_UNITS = 64


@dataclass
class _Unit:
    count: int
    size: int
    """Bytes of each conversion; 0: that of its letter."""
    pieces: list[str | re.Match[str]] = field(default_factory=list)
    repeats: bool = True
    """Whether the count was not given: the last unit of a format fills its block."""

    @property
    def width(self) -> int:
        """Bytes of one iteration."""
        return sum(size_of(piece, self.size) for piece in self.pieces if not isinstance(piece, str))


def size_of(piece: re.Match[str], given: int) -> int:
    """How many bytes a conversion takes."""
    kind = piece[4]
    if kind is None or kind[:2] in ("_a", "_A"):
        return 0
    if given:
        return given
    if kind == "s" and not piece[3]:
        raise Failure("%s needs precision or byte count")
    if kind == "s":
        return int(piece[3])
    return 1 if kind in ("c", "_c", "_p", "_u") else 8 if kind in "eEfgG" else 4


class Formats:
    """All formats of one command. `block`: bytes that each of them is given."""

    def __init__(self, texts: list[str]) -> None:
        self._formats = [_units(text) for text in texts]
        self.block = max(sum(unit.count * unit.width for unit in units) for units in self._formats)
        for units in self._formats:
            left = self.block - sum(unit.count * unit.width for unit in units)
            with_bytes = [unit for unit in units if unit.width]
            if with_bytes and with_bytes[-1].repeats and left > 0:
                with_bytes[-1].count += left // with_bytes[-1].width

    def shown(self, data: bytes, at: int) -> str:
        """One block, which begins at this place, as all formats show it."""
        return "".join("".join(_printed(units, data, at)) for units in self._formats)


def _units(text: str) -> list[_Unit]:
    units, at = list[_Unit](), 0
    while at < len(text):
        found = UNIT.match(text, at)
        if found is None or len(units) >= MOST_UNITS:
            raise Failure(f"bad format {{{text}}}")
        units.append(_Unit(int(found[1] or 1), int(found[2] or 0), _pieces(found[3]), found[1] is None))
        at = found.end()
    return units


def _pieces(text: str) -> list[str | re.Match[str]]:
    text = re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
    pieces, at = list[str | re.Match[str]](), 0
    for found in PIECE.finditer(text):
        pieces += [text[at : found.start()], found if found[4] else "%"]
        at = found.end()
    if "%" in text[at:]:
        raise Failure(f"bad conversion character %{text[at:].partition('%')[2][:1]}")
    return [*pieces, text[at:]]


def _printed(units: list[_Unit], data: bytes, at: int) -> Iterator[str]:
    place = 0
    for unit in units:
        for iteration in range(unit.count):
            is_last = unit.count > 1 and iteration == unit.count - 1
            for number, piece in enumerate(unit.pieces, 1):
                if isinstance(piece, str):
                    yield piece.rstrip(" ") if is_last and number == len(unit.pieces) else piece
                    continue
                size = size_of(piece, unit.size)
                yield _converted(piece, data[place : place + size], at + place, size)
                place += size


def _converted(piece: re.Match[str], part: bytes, at: int, size: int) -> str:
    kind, flags, width = piece[4], piece[1], piece[2]
    if kind[:2] in ("_a", "_A"):
        return f"%{flags}{width}{'.' + piece[3] if piece[3] else ''}{kind[2]}" % at
    if not part:
        return " " * int(width or 0)
    if kind in ("_c", "_p", "_u", "c", "s"):
        return f"%{'-' if '-' in flags else ''}{width}s" % _character(kind, part)
    part = part.ljust(size, b"\0")
    shown = f"%{flags}{width}{'.' + piece[3] if piece[3] else ''}"
    if kind in "eEfgG":
        return (
            shown % ()
            if size not in (4, 8)
            else (shown + kind) % struct.unpack("<f" if size == 4 else "<d", part)
        )
    return (shown + ("d" if kind in "iu" else kind)) % int.from_bytes(part, "little", signed=kind in "di")


def _character(kind: str, part: bytes) -> str:
    byte = part[0]
    if kind == "s":
        return part.split(b"\0")[0].decode("latin-1")
    if kind == "c":
        return chr(byte)
    if 32 <= byte < 127:
        return chr(byte)
    if kind == "_p":
        return "."
    if kind == "_c":
        return CHARACTERS.get(byte) or f"{byte:03o}"
    return CONTROLS[byte] if byte < 32 else "del" if byte == 127 else f"{byte:02x}"
