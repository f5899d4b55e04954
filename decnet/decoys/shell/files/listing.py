# ruff: noqa: E501 (formats)
"""How ls shows names: columns, long lines, colours, sizes, times."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from ...host.node import Node
from ..process import Process
from ..state import Shell
from ..text.common import Failure, Options, quoted
from ..text.dates import stamp
from ..text.zones import UTC, Zone, zone_of
from . import colors, facts

HALF_A_YEAR = 31_556_952 // 2
UNITS = "KMGTPEZY"
UNITS_OF_BUSYBOX = "KMGTPE"
FIRST = "\0"
"""Stands before what is coloured."""
Named = tuple[str, str, Node | None]
Cell = tuple[str, int]
"""A name as it is printed, and its width."""


@dataclass
class Style:
    """What the options ask for."""

    format: str = ""
    """l, C, x, m, 1; "" as the output's kind wants it."""
    width: int = 80
    end: str = "\n"
    quotes: str = ""
    """"" literal, "s" as for a shell, "c" as for C."""
    control: bool = True
    """Whether control characters are printed as they are."""
    color: bool = False
    reset: str = ""
    """What BusyBox prints after a name in its colour; other systems have ESC[0m."""
    human: int = 0
    """1024 or 1000 for sizes with a unit."""
    block: int = 1024
    size_block: int = 1
    inode: bool = False
    size: bool = False
    indicators: str = ""
    numeric: bool = False
    owner: bool = True
    group: bool = True
    author: bool = False
    context: bool = False
    time_style: str = "locale"
    zone: Zone = UTC
    colors: dict[str, str] = field(default_factory=dict)
    aligned: bool = False
    tab: int = 8
    is_painting: bool = False
    """Whether a colour was printed: the first one begins with a reset."""
    padded: bool = False
    """Whether a blank stands before names without quotes, since others have them."""

    @property
    def long(self) -> bool:
        """Whether it is `ls -l`."""
        return self.format == "l"

    @classmethod
    def of(cls, process: Process, options: Options) -> Style:
        """All but the format, which depends on the order of the options."""
        style = cls(width=process.columns, inode="i" in options, size="s" in options, context="Z" in options)
        style.numeric, style.owner = "n" in options, "g" not in options
        style.group, style.author = not ("o" in options or "G" in options), "author" in options
        style.human = 1024 if options.last("h") else 1000 if "si" in options else 0
        style.quotes = "s" if process.to_terminal and not process.applet else ""
        style.control = not process.to_terminal
        style.aligned = process.to_terminal
        style.reset = colors.reset_of_busybox(process) if process.applet else ""
        style.color = bool(style.reset) and process.to_terminal and process.shell.world.build.colours
        style.zone = zone_of(process.shell)
        for option, value in options.given:
            style._take(process, option, value)
        if options.last("w"):
            width = options.value("w")
            if not width.isdecimal():
                raise Failure(f"invalid line width: {quoted(process, width)}", 2)
            style.width = int(width[:6]) or 1_000_000
        if style.color and not style.reset and not colors.is_colored(process):
            style.color = False
        if style.color:
            style.tab = 0  # No tab follows a colour.
            style.colors = colors.of(process)
        return style

    def _take(self, process: Process, option: str, value: str) -> None:
        if option == "N" or (option == "quoting-style" and value == "literal"):
            self.quotes, self.aligned = "", False
        elif option in ("Q", "b") or (option == "quoting-style" and value in ("c", "escape")):
            self.quotes, self.aligned = ("b" if option == "b" or value == "escape" else "c"), False
        elif option == "quoting-style":
            self.quotes = "S" if value.endswith("always") else "s"
        elif option == "color":
            self.color = value in ("", "always", "yes", "force") or (
                value in ("auto", "tty", "if-tty") and process.to_terminal
            )
        elif option in ("F", "classify"):
            self.indicators = "*/=>@|"
        elif option == "p" or (option == "indicator-style" and value == "slash"):
            self.indicators = "/"
        elif option == "file-type" or (option == "indicator-style" and value == "file-type"):
            self.indicators = "/=>@|"
        elif option == "full-time":
            self.time_style = "full-iso"
        elif option == "time-style":
            self.time_style = value.removeprefix("posix-")
        elif option == "T" and value.isdecimal():
            self.tab = int(value[:4])
        elif option == "k":
            self.block = 1024
        elif option == "block-size":
            self._take_block(process, value)

    def _take_block(self, process: Process, value: str) -> None:
        from ..text.common import size_of

        number = size_of(value if value[:1].isdigit() else "1" + value, "kKMGTPEZY")
        if not number:
            raise Failure(f"invalid --block-size argument {quoted(process, value)}", 2)
        self.block = self.size_block = number

    def blocks(self, blocks: int) -> str:
        """Blocks of 512 bytes as they are counted."""
        if self.human:
            return human(blocks * 512, self.human)
        return str(-(-blocks * 512 // self.block))

    def bytes(self, size: int) -> str:
        """A size in bytes as it is shown."""
        if self.human:
            return human(size, self.human)
        return str(-(-size // self.size_block))

    def named(self, name: str) -> str:
        """A name as this style writes it."""
        if self.quotes == "c":
            return '"' + _c_escaped(name, '"') + '"'
        if self.quotes == "b":
            return _c_escaped(name, " ")
        if self.quotes:
            return facts.quoted_name(name) if self.quotes == "S" else facts.shell_name(name)
        if self.control:
            return name
        return "".join(char if char.isprintable() or ord(char) > 0xDC00 else "?" for char in name)

    def front(self, shell: Shell, where: str, node: Node | None) -> list[str]:
        """The inode and the size, if they are asked for."""
        number = [str(facts.inode_number(where, node)) if node else "?"] if self.inode else []
        size = [self.blocks(facts.blocks_of(shell, where, node)) if node else "?"] if self.size else []
        return number + size + (["?"] if self.context and not self.long else [])

    def cell(self, shell: Shell, name: str, where: str, node: Node | None, widths: list[int]) -> Cell:
        """A name with its inode, size, colour and sign."""
        text, sign = self.named(name), self.sign(node)
        pairs = zip(self.front(shell, where, node), widths, strict=True)
        front = "".join(part.rjust(width) + " " for part, width in pairs) + self.pad(text)
        start = len(self.pad(text))
        return front + self.painted(shell, text, where, node, start) + sign, len(front) + width_of(
            text
        ) + len(sign)

    def pad(self, text: str) -> str:
        """The blank before a name as it is written."""
        return " " if self.padded and text[:1] not in ("'", '"') else ""

    def sign(self, node: Node | None) -> str:
        """The indicator of -F."""
        if node is None or not self.indicators:
            return ""
        sign = {"d": "/", "l": "@", "p": "|", "s": "="}.get(facts.letter_of(node), "")
        if not sign and not node.kind and node.mode & 0o111:
            sign = "*"
        return sign if sign and sign in self.indicators else ""

    def painted(self, shell: Shell, text: str, where: str, node: Node | None, column: int = 0) -> str:
        """A name in its colour. `column` of the terminal is where it begins: the rest of a line is cleared if
        it goes on there."""
        if self.reset and self.color and node is not None:
            return f"\x1b[{colors.code_of_busybox(node)}m{text}{self.reset}"
        code = colors.code_of(self.colors, shell, where, node) if self.color and node is not None else ""
        if not code:
            return text
        end = column + len(text.encode("utf-8", "surrogateescape")) - 1
        is_wrapped = column // self.width != end // self.width
        return f"{FIRST}\x1b[{code}m{text}\x1b[0m" + "\x1b[K" * is_wrapped

    def shown(self, text: str) -> str:
        """Lines as they are printed: before the first colour of all is a reset."""
        if FIRST in text and self.color and not self.is_painting:
            self.is_painting, text = True, text.replace(FIRST, "\x1b[0m", 1)
        return text.replace(FIRST, "") if self.color else text


def human(size: int, base: int) -> str:
    """A size with one digit after the point below ten, rounded up."""
    if size < base:
        return str(size)
    power, unit = 0, 1
    while size >= unit * base and power < len(UNITS):
        unit *= base
        power += 1
    tenths = -(-size * 10 // unit)
    if tenths < 100:
        text = f"{tenths // 10}.{tenths % 10}"
    else:
        whole = -(-size // unit)
        if whole >= base and power < len(UNITS):
            return f"1.0{UNITS[power]}"
        text = str(whole)
    return text + ("k" if base == 1000 and power == 1 else UNITS[power - 1])


def in_units(kib: int) -> str:
    """A size as BusyBox shows it with -h: "11.8G", "64.0K", "0"."""
    if not kib:
        return "0"
    size, unit = float(kib), 0
    while size >= 1024 and unit < len(UNITS_OF_BUSYBOX) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.1f}{UNITS_OF_BUSYBOX[unit]}"


def _c_escaped(text: str, more: str) -> str:
    out = ""
    for char in text:
        if ord(char) in facts.SHORT:
            out += "\\" + facts.SHORT[ord(char)]
        elif ord(char) < 32 or ord(char) == 127:
            out += f"\\{ord(char):03o}"
        else:
            out += "\\" + char if char in more or char == "\\" else char
    return out


def width_of(text: str) -> int:
    """Columns of a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def in_columns(cells: list[Cell], width: int, tab: int = 8) -> str:
    """Down the columns, in as few lines as fit."""
    if not cells:
        return ""
    rows, widths = _fit(cells, width, by_rows=False)
    return "".join(_line(cells[row::rows], widths, tab) for row in range(rows))


def in_rows(cells: list[Cell], width: int, tab: int = 8) -> str:
    """Across the lines (-x)."""
    if not cells:
        return ""
    _, widths = _fit(cells, width, by_rows=True)
    across = len(widths)
    return "".join(_line(cells[at : at + across], widths, tab) for at in range(0, len(cells), across))


def in_even_columns(cells: list[Cell], width: int, *, by_rows: bool) -> str:
    """As BusyBox does: all columns have the width of the longest name and two blanks."""
    if not cells:
        return ""
    stride = max(length for _, length in cells) + 2
    across = max(1, width // stride)
    rows = -(-len(cells) // across)
    lines = [cells[at : at + across] for at in range(0, len(cells), across)]
    if not by_rows:
        lines = [cells[row::rows] for row in range(rows)]
    filled = ("".join(text + " " * (stride - length) for text, length in line[:-1]) for line in lines)
    return "".join(f"{most}{line[-1][0]}\n" for most, line in zip(filled, lines, strict=True))


def _line(cells: list[Cell], widths: list[int], tab: int) -> str:
    """One line: what fills a column are tabs where they fit."""
    line, start, used = "", 0, 0
    for (text, length), width in zip(cells, widths, strict=False):
        while used < start:
            if tab and start // tab > (used + 1) // tab:
                line += "\t"
                used += tab - used % tab
            else:
                line += " "
                used += 1
        line += text
        used += length
        start += width
    return line + "\n"


def in_lines(cells: list[Cell], width: int) -> str:
    """With commas (-m)."""
    out, used = "", 0
    for at, (text, length) in enumerate(cells):
        length += 1 if at < len(cells) - 1 else 0
        if at and used + 1 + length >= width:
            out += "\n"
            used = 0
        elif at:
            out += " "
            used += 1
        out += text + ("," if at < len(cells) - 1 else "")
        used += length
    return out + "\n" if cells else ""


def _fit(cells: list[Cell], width: int, *, by_rows: bool) -> tuple[int, list[int]]:
    """The number of lines, and the width of each column with the two blanks after it."""
    count = len(cells)
    for columns in range(min(count, max(1, width // 3)), 0, -1):
        rows = -(-count // columns)
        widths = [0] * columns
        for at, (_, length) in enumerate(cells):
            column = at % columns if by_rows else at // rows
            last = columns - 1
            widths[column] = max(widths[column], length + (0 if column == last else 2))
        if sum(widths) < width or columns == 1:
            return rows, widths[: columns if by_rows else -(-count // rows)]
    return count, [0]


def long_rows(
    process: Process, style: Style, rows: list[Named], now: float, others: list[Named]
) -> Generator[float | str, None, None]:
    """The lines of `ls -l`, and 0.0 for a pause before them. `others` count for the widths only."""
    shell = process.shell
    measured = []
    for name, where, node in rows + others:
        measured.append((yield from _fields(process, style, name, where, node, now)))
    table = measured[: len(rows)]
    widths = [max((len(row[at]) for row in measured), default=0) for at in range(8)]
    has_devices = any(node is not None and node.kind in ("c", "b") for _, _, node in rows)
    style.padded = style.aligned and any(style.named(name)[:1] in ("'", '"') for name, _, _ in rows)
    if has_devices:
        major = max(
            (len(str(node.device[0])) for _, _, node in rows if node and node.kind in ("c", "b")), default=0
        )
        minor = max(
            (len(str(node.device[1])) for _, _, node in rows if node and node.kind in ("c", "b")), default=0
        )
        widths[6] = max(
            widths[6] if any(node and not node.kind for _, _, node in rows) else 0, major + 2 + minor
        )
        for row, (_, _, node) in zip(table, rows, strict=True):
            if node is not None and node.kind in ("c", "b"):
                row[6] = f"{node.device[0]:>{max(major, widths[6] - 2 - minor)}}, {node.device[1]:>{minor}}"
    if shell.world.system.busybox:
        yield from _device_rows(shell, style, rows, table)
        return
    for row, (name, where, node) in zip(table, rows, strict=True):
        inode, blocks, mode, links, owner, group, size, when = row
        parts = [inode.rjust(widths[0])] if style.inode else []
        parts += [blocks.rjust(widths[1])] if style.size else []
        parts += [mode, links.rjust(widths[3])]
        left = str.rjust if style.numeric else str.ljust
        parts += [left(owner, widths[4])] if style.owner else []
        parts += [left(group, widths[5])] if style.group else []
        parts += [owner.ljust(widths[4])] if style.author else []
        parts += ["?"] if style.context else []
        parts += [size.rjust(widths[6]), when.rjust(widths[7])]
        front = " ".join(parts) + " "
        yield front + _shown(shell, style, name, where, node, len(front))


def _device_rows(shell: Shell, style: Style, rows: list[Named], table: list[list[str]]) -> Iterator[str]:
    """The lines of BusyBox, whose widths are fixed."""
    for row, (name, where, node) in zip(table, rows, strict=True):
        inode, blocks, mode, links, owner, group, size, when = row
        front = (f"{inode:>7} " if style.inode else "") + (f"{blocks:>6} " if style.size else "")
        if node is not None and node.kind in ("c", "b"):
            size = f"{node.device[0]:>4}, {node.device[1]:>3}"
        shown = _shown(shell, style, name, where, node, 0)
        yield f"{front}{mode} {links:>4} {owner:<8.8} {group:<8.8} {size:>9} {when} {shown}"


def _shown(shell: Shell, style: Style, name: str, where: str, node: Node | None, column: int) -> str:
    text = style.named(name)
    pad = style.pad(text)
    shown = pad + style.painted(shell, text, where, node, column + len(pad))
    if node is None or not node.target:
        return shown + style.sign(node)
    folder = where.rpartition("/")[0]
    place = shell.absolute(node.target if node.target.startswith("/") else f"{folder}/{node.target}")
    there, column = shell.node(place), column + len(pad) + width_of(text) + len(" -> ")
    target = style.painted(shell, style.named(node.target), shell.real(place), there, column)
    return f"{shown} -> {target}{style.sign(there)}"


def _fields(
    process: Process, style: Style, name: str, where: str, node: Node | None, now: float
) -> Generator[float, None, list[str]]:
    if node is None:
        return ["?", "?", "-?????????", "?", "?", "?", "?", "?"]
    shell = process.shell
    links = yield from facts.links_in_steps(process, where, node)
    owner = str(facts.uid_of(shell, node)) if style.numeric else node.owner
    group = str(facts.gid_of(shell, node)) if style.numeric else node.group_name
    return [str(facts.inode_number(where, node)), style.blocks(facts.blocks_of(shell, where, node)), facts.mode_text(node),
            str(links), owner, group,
            style.bytes(facts.size_of(where, node)), when_of(style.time_style, node.changed, now, style.zone)]  # fmt: skip


def when_of(style: str, changed: int, now: float, zone: Zone = UTC) -> str:
    """A time as ls shows it; the style of `--time-style`."""
    parts = time.gmtime(changed + zone.at(changed)[0])
    recent = now - HALF_A_YEAR < changed <= now
    match style:
        case "full-iso":
            return stamp("%Y-%m-%d %H:%M:%S.000000000 %z", changed, zone)
        case "long-iso":
            return time.strftime("%Y-%m-%d %H:%M", parts)
        case "iso":
            return time.strftime("%m-%d %H:%M" if recent else "%Y-%m-%d ", parts)
    if style.startswith("+"):
        return stamp(style[1:200], changed, zone)
    return time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", parts)
