# ruff: noqa: E501 (formats)
"""stat."""

from __future__ import annotations

from collections.abc import Callable

from ...host.hardware import blocks
from ...host.node import Node
from ..process import Command, Process, Running
from ..state import Shell
from ..text.common import Failure, parse, tool
from ..text.dates import stamp
from ..text.zones import zone_of
from . import facts

KINDS = {"c": "character special file", "b": "block special file", "p": "fifo", "s": "socket"}
IN_MEMORY = {"proc": 22, "sys": 21, "dev": 5, "run": 25}
"""Minor numbers of the file systems without a disk, in the order in which they are mounted at boot."""
FILE_SYSTEM = (
    '  File: "%n"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\n'
    "Blocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d\n"
)


@tool
def stat(process: Process) -> Running:
    """What stat(2) gives, in GNU's formats."""
    options = parse(process, "c:fLt", "dereference=L file-system=f cached: format=c printf: terse=t")
    if not options.operands:
        raise Failure("missing operand", hint=True)
    shell, status = process.shell, 0
    for path in options.operands:
        reason = facts.why_missing(shell, path, follow="L" in options)
        where = shell.absolute(path)
        node = shell.node(where) if "L" in options else shell.lstat(where)
        if reason or node is None:
            what = "read file system information for" if "f" in options else "statx"
            process.err(f"stat: cannot {what} {facts.quoted_name(path)}: {reason}\n")
            status = 1
            continue
        where = shell.real(where) if "L" in options else where
        template, escapes = _template(shell, options, node)
        reading = _FileSystem(shell, path, where) if "f" in options else Reading(shell, path, where, node)
        if options.last("c") or "printf" in options:
            reading.quotes = facts.quoted_name
        process.out(_expanded(template, reading, escapes=escapes))
        yield 0.0
    return status


def _template(shell: Shell, options, node: Node) -> tuple[str, bool]:  # type: ignore[no-untyped-def]
    if "printf" in options:
        return options.value("printf"), True
    if "c" in options:
        return options.value("c") + "\n", False
    if "t" in options:
        return (
            "%n %i %l %t %s %S %b %f %a %c %d\n"
            if "f" in options
            else "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %o\n"
            if shell.world.system.busybox
            else "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n"
        ), False
    if "f" in options:
        return FILE_SYSTEM, False
    device = (
        "Inode: %-10i  Links: %-5h Device type: %t,%T\n"
        if node.kind in ("c", "b")
        else "Inode: %-10i  Links: %h\n"
    )
    busybox = shell.world.system.busybox
    if shell.world.system.version in ("11", "20.04", "22.04") or busybox:
        front = "Device: %Dh/%dd\tInode: %-10i  Links: "
        device = front + ("%-5h Device type: %t,%T\n" if node.kind in ("c", "b") else "%h\n")
        return "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n" + device + (
            TIMES.removesuffix(" Birth: %w\n") if busybox else TIMES
        ), False
    return (
        "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Hd,%Ld\t" + device + TIMES,
        False,
    )


TIMES = "Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n"


class Reading:
    """The values of a file by their letters. `quotes`: how %N shows a name."""

    def __init__(self, shell: Shell, path: str, where: str, node: Node) -> None:
        self.shell, self.path, self.where, self.node = shell, path, where, node
        self.quotes: Callable[[str], str] = facts.shell_name

    def value(self, letter: str, part: str = "") -> str | None:
        """One of them, None if there is no such letter."""
        node, where = self.node, self.where
        match letter:
            case "d" if part:
                return str(self._device() >> 8) if part == "H" else str(self._device() & 255)
            case "A":
                return facts.mode_text(node)
            case "a":
                return f"{node.permissions:o}"
            case "F":
                return self.kind()
            case "N":
                return self.quotes(self.path) + (f" -> {self.quotes(node.target)}" if node.target else "")
            case "h":
                return str(facts.links_of(self.shell, where, node))
            case "m":
                return "/proc" if where.startswith("/proc") else "/sys" if where.startswith("/sys") else "/"
            case "x" | "y" | "z" | "w":
                return self._time(letter)
            case "X" | "Y" | "Z" | "W":
                return str(self._seconds(letter.lower()))
            case "t" | "T":
                return f"{node.device[letter == 'T']:x}" if node.kind in ("c", "b") else "0"
        simple = {
            "n": self.path, "s": facts.size_of(where, node), "b": facts.blocks_of(self.shell, where, node), "B": 512,
            "o": 1024 if facts.is_in_memory(where) else 4096, "i": facts.inode_number(where, node), "f": f"{node.type_and_mode:x}",
            "u": facts.uid_of(self.shell, node), "U": node.owner, "g": facts.gid_of(self.shell, node), "G": node.group_name,
            "D": f"{self._device():x}", "d": self._device(), "C": "?", "%": "%",
        }  # fmt: skip
        return str(simple[letter]) if letter in simple else None

    def kind(self) -> str:
        """The type in words."""
        node = self.node
        if node.folder:
            return "directory"
        if node.target:
            return "symbolic link"
        return KINDS.get(node.kind) or (
            "regular file" if facts.size_of(self.where, node) else "regular empty file"
        )

    def _device(self) -> int:
        """The number of the device that the file is on."""
        minor = IN_MEMORY.get(self.where.split("/")[1]) if self.where else None
        if minor is not None:
            return minor
        root = (block.number for block in blocks(self.shell.world.machine) if block.mounted == "/")
        major, minor = next(root, (8, 1))
        return major << 8 | minor

    def _seconds(self, letter: str) -> int:
        """Access, modification, change and birth: a package's file was written when it was unpacked."""
        node, world = self.node, self.shell.world
        unpacked = (
            max(node.changed, world.installed) if self.where not in self.shell.files.changes else node.changed
        )
        return node.changed if letter == "y" else unpacked

    def _time(self, letter: str) -> str:
        seconds = self._seconds(letter)
        if letter == "w" and facts.is_in_memory(self.where):
            return "-"
        fraction = (facts.inode_of(self.where) * 7919 % 240_000_000 + (0 if letter == "w" else 4_000_000)) * 4
        if seconds == self.node.changed and letter == "y" and seconds < self.shell.world.installed:
            fraction = 0
        zone = zone_of(self.shell)
        return stamp("%Y-%m-%d %H:%M:%S", seconds, zone) + f".{fraction:09} {stamp('%z', seconds, zone)}"


class _FileSystem(Reading):
    """The values of a file system (-f) by their letters."""

    def __init__(self, shell: Shell, path: str, where: str) -> None:
        from ...host.disk import filesystem_of

        super().__init__(shell, path, where, shell.node(where) or Node())
        self.disk = filesystem_of(shell.mounts(), where)

    def value(self, letter: str, part: str = "") -> str | None:
        """One of them."""
        disk = self.disk
        identifier = self.shell.world.persona.bytes_for("file system", 8).hex()
        simple = {
            "n": self.path, "i": identifier, "l": 255, "T": {"ext4": "ext2/ext3"}.get(disk.kind, disk.kind), "t": "ef53",
            "s": 4096, "S": 4096, "b": disk.size // 4, "f": (disk.size - disk.used) // 4, "a": disk.available // 4,
            "c": disk.inodes, "d": disk.inodes - disk.inodes_used, "%": "%",
        }  # fmt: skip
        return str(simple[letter]) if letter in simple else None


def _expanded(template: str, reading: Reading, *, escapes: bool) -> str:
    out, at = "", 0
    while at < len(template):
        char = template[at]
        if escapes and char == "\\" and at + 1 < len(template):
            letter = template[at + 1]
            out += {
                "n": "\n",
                "t": "\t",
                "\\": "\\",
                "a": "\a",
                "e": "\x1b",
                "r": "\r",
                "0": "\0",
                '"': '"',
            }.get(letter, letter)
            at += 2
            continue
        if char != "%":
            out += char
            at += 1
            continue
        end = at + 1
        while end < len(template) and template[end] in "-+ #0123456789.":
            end += 1
        flags = template[at + 1 : end]
        part = (
            template[end]
            if template[end : end + 1] in ("H", "L") and template[end + 1 : end + 2] in ("d", "r")
            else ""
        )
        end += bool(part)
        letter = template[end : end + 1]
        value = reading.value(letter, part) if letter else "%"
        out += "?" if value is None else _padded(value, flags)
        at = end + 1
    return out


def _padded(value: str, flags: str) -> str:
    left, zero = "-" in flags, flags.lstrip("-+ #").startswith("0")
    width, _, most = flags.lstrip("-+ #0").partition(".")
    if most.isdecimal():
        value = value[: int(most[:4])]
    number = int(width[:4]) if width.isdecimal() else 0
    if left:
        return value.ljust(number)
    return value.rjust(number, "0" if zero else " ")


COMMANDS: dict[str, Command] = {"stat": stat}
