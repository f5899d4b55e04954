# ruff: noqa: E501 (options and messages)
"""file, lsattr, chattr, getfattr, getcap and whereis."""

from __future__ import annotations

import uuid

from ...host.node import Node
from ..process import Command, Process, Running
from ..text.common import Failure, parse, tool
from . import facts

BUILD_ID = 40
SCRIPTS = {"sh": "POSIX shell script", "dash": "POSIX shell script", "bash": "Bourne-Again shell script", "python3": "Python script", "python": "Python script",
           "perl": "Perl script text executable"}  # fmt: skip
MACHINES = {
    62: "x86-64",
    3: "Intel 80386",
    40: "ARM",
    183: "ARM aarch64",
    8: "MIPS",
    20: "PowerPC or cisco 4500",
    243: "UCB RISC-V",
}


@tool
def file(process: Process) -> Running:
    """What kind of content files have."""
    options = parse(
        process,
        "bciLhikmpNnrsvzZ0f:F:m:e:",
        "brief=b mime=i mime-type mime-encoding dereference=L no-dereference=h version=v no-pad=N",
    )
    if not options.operands:
        process.err(
            "Usage: file [-bcCdEhikLlNnprsSvzZ0] [--apple] [--extension] [--mime-encoding]\n            [--mime-type] [-e <testname>] [-F <separator>]  [-f <namefile>]\n            [-m <magicfiles>] [-P <parameter=value>] [--exclude-quiet]\n            <file> ...\n       file -C [-m <magicfiles>]\n       file [--help]\n"
        )
        return 1
    width = max(len(path) for path in options.operands)
    for path in options.operands:
        front = "" if "b" in options else f"{path}: " + " " * (width - len(path) if "N" not in options else 0)
        process.out(
            f"{front}{_kind(process, path, follow='L' in options, mime='i' in options or 'mime-type' in options)}\n"
        )
        yield 0.0
    return 0


def _kind(process: Process, path: str, *, follow: bool, mime: bool) -> str:
    shell = process.shell
    where = shell.absolute(path)
    reason = facts.why_missing(shell, path, follow=follow)
    node = shell.node(where) if follow else shell.lstat(where)
    if reason or node is None:
        return f"cannot open `{path}' ({reason})"
    if node.folder:
        bits = "".join(
            f"{name}, "
            for bit, name in ((0o4000, "setuid"), (0o2000, "setgid"), (0o1000, "sticky"))
            if node.mode & bit
        )
        return "inode/directory" if mime else bits + "directory"
    if node.target:
        if mime:
            return "inode/symlink"
        return f"{'broken ' if shell.node(where) is None else ''}symbolic link to {node.target}"
    if node.kind:
        names = {"c": "character special", "b": "block special", "p": "fifo (named pipe)", "s": "socket"}
        number = f" ({node.device[0]}/{node.device[1]})" if node.kind in ("c", "b") else ""
        return names[node.kind] + number
    if not facts.may(shell, where, facts.READ, node):
        return "regular file, no read permission"
    text = _content(node)
    if mime:
        return {"e": "inode/x-empty", "E": "application/x-pie-executable", "g": "application/gzip"}.get(
            _short(node), "text/plain" if "text" in text else "application/octet-stream"
        )
    bits = "".join(
        f"{name}, "
        for bit, name in ((0o4000, "setuid"), (0o2000, "setgid"), (0o1000, "sticky"))
        if node.mode & bit
    )
    return bits + text


def _short(node: Node) -> str:
    data = node.data[:4]
    return "e" if not data else "E" if data == b"\x7fELF" else "g" if data[:2] == b"\x1f\x8b" else ""


def _content(node: Node) -> str:
    data = node.data
    if not data:
        return "empty"
    if data[:4] == b"\x7fELF":
        return _elf(node, data)
    if data[:2] == b"\x1f\x8b":
        return "gzip compressed data, max compression, from Unix, original size modulo 2^32 " + str(
            int.from_bytes(data[-4:], "little")
        )
    if data[:6] == b"\xfd7zXZ\0":
        return "XZ compressed data, checksum CRC64"
    if data[:4] == b"PK\x03\x04":
        return "Zip archive data, at least v2.0 to extract, compression method=deflate"
    if data[:8] == b"!<arch>\n":
        return "current ar archive"
    if data[1080:1082] == b"\x53\xef" and len(data) > 1160:
        return _ext(data)
    if data[4086:4096] == b"SWAPSPACE2":
        return _swap(data)
    if data[257:262] == b"ustar":
        return "POSIX tar archive (GNU)"
    return _text(data[:65_536])


def _ext(data: bytes) -> str:
    incompatible, read_only = (int.from_bytes(data[at : at + 4], "little") for at in (1120, 1124))
    kind = "ext4" if incompatible & 0x40 else "ext3" if data[1116] & 4 else "ext2"
    label = data[1144:1160].rstrip(b"\0").decode("latin-1")
    name = f', volume name "{label}"' if label else ""
    flags = "".join(text for text, on in ((" (extents)", incompatible & 0x40), (" (64bit)", incompatible & 0x80),
                                          (" (large files)", read_only & 2), (" (huge files)", read_only & 8)) if on)  # fmt: skip
    return f"Linux rev 1.0 {kind} filesystem data, UUID={uuid.UUID(bytes=data[1128:1144])}{name}{flags}"


def _swap(data: bytes) -> str:
    pages = int.from_bytes(data[1028:1032], "little")
    label = data[1052:1068].rstrip(b"\0").decode("latin-1")
    name = f"LABEL={label}" if label else "no label"
    return f"Linux swap file, 4k page size, little endian, version 1, size {pages} pages, 0 bad pages, {name}, UUID={uuid.UUID(bytes=data[1036:1052])}"


def _text(data: bytes) -> str:
    if any(byte < 7 or 14 <= byte < 27 or 28 <= byte < 32 for byte in data):
        return "data"
    try:
        data.decode("utf-8")
        encoding = "ASCII text" if data.isascii() else "Unicode text, UTF-8 text"
    except UnicodeDecodeError:
        encoding = "ISO-8859 text"
    first = data.split(b"\n", 1)[0]
    long = ", with very long lines" if max(map(len, data.split(b"\n"))) > 512 else ""
    end = (
        ", with CRLF line terminators"
        if b"\r\n" in data
        else ", with no line terminators"
        if b"\n" not in data
        else ""
    )
    if first.startswith(b"#!"):
        words = first[2:].decode("latin-1").split()
        name = words[0].rpartition("/")[2] if words else ""
        name = words[1] if name == "env" and len(words) > 1 else name
        kind = SCRIPTS.get(name) or "a " + (words[0] if words else "") + " script"
        return f"{kind}, {encoding} executable{long}{end}"
    return encoding + long + end


def _elf(node: Node, data: bytes) -> str:
    order: str = "little" if data[5] == 1 else "big"
    kind, machine = (int.from_bytes(data[at : at + 2], order) for at in (16, 18))  # type: ignore[arg-type]
    wide = "64" if data[4] == 2 else "32"
    front = f"ELF {wide}-bit {'LSB' if order == 'little' else 'MSB'}"
    is_library = kind == 3 and b"ld-linux" not in data[:1024]
    name = {2: "executable", 1: "relocatable"}.get(kind, "shared object" if is_library else "pie executable")
    build = dict(node.digests).get("sha1", "")[:BUILD_ID]
    system = f"{front} {name}, {MACHINES.get(machine, 'unknown')}, version 1 (SYSV)"
    if not build:
        return (
            f"{system}, dynamically linked, stripped"
            if is_library
            else f"{system}, statically linked, no section header"
            if kind == 2
            else f"{system}, dynamically linked, interpreter /lib64/ld-linux-x86-64.so.2, for GNU/Linux 3.2.0, stripped"
        )
    interpreter = "" if is_library else ", interpreter /lib64/ld-linux-x86-64.so.2"
    return f"{system}, dynamically linked{interpreter}, BuildID[sha1]={build}, for GNU/Linux 3.2.0, stripped"


@tool
def lsattr(process: Process) -> Running:
    """The attributes of an ext4 file system."""
    options = parse(process, "RVadlpv")
    shell, status = process.shell, 0
    for path in options.operands or ["."]:
        where = shell.absolute(path)
        node = shell.lstat(where)
        if node is None:
            process.err(f"lsattr: {facts.MISSING} while trying to stat {path}\n")
            status = 1
            continue
        names = [path]
        if node.folder and "d" not in options:
            names = [
                f"{path.rstrip('/')}/{name}"
                for name in shell.entries(where)
                if "a" in options or not name.startswith(".")
            ]
        for name in names:
            found = shell.lstat(shell.absolute(name))
            if found is not None and not found.target and not found.kind:
                immutable = "i" if shell.notes.get(f"immutable {shell.absolute(name)}") else "-"
                process.out(f"----{immutable}---------e------- {name}\n")
        yield 0.0
    return status


@tool
def chattr(process: Process) -> Running:
    """Set attributes; +i and -i are remembered for lsattr."""
    words = [word for word in process.args if word not in ("-R", "-V", "-f")]
    changes = [word for word in words if word[:1] in "+-=" and len(word) > 1]
    paths = [word for word in words if word not in changes]
    yield 0.0
    if not changes or not paths:
        process.err("Usage: chattr [-RVf] [-+=aAcCdDeijPsStTuFx] [-p project] [-v version] files...\n")
        return 1
    shell, status = process.shell, 0
    for path in paths:
        if shell.node(shell.absolute(path)) is None:
            process.err(f"chattr: {facts.MISSING} while trying to stat {path}\n")
            status = 1
        elif shell.user != "root":
            process.err(f"chattr: Operation not permitted while setting flags on {path}\n")
            status = 1
        else:
            for change in changes:
                if "i" in change and len(shell.notes) < 100:
                    shell.notes[f"immutable {shell.absolute(path)}"] = "" if change[0] == "-" else "i"
    return status


@tool
def whereis(process: Process) -> Running:
    """Programs, their sources and manual pages."""
    options = parse(process, "bmsulfB:M:S:")
    shell = process.shell
    for name in options.operands:
        found = [f"{folder}/{name}" for folder in ("/usr/bin", "/usr/sbin", "/usr/lib", "/etc", "/usr/games", "/usr/local/bin", "/usr/share")
                 if shell.node(f"{folder}/{name}") is not None] if not options.last("ms") or "b" in options else []  # fmt: skip
        if not options.last("bs") or "m" in options:
            found += [
                f"/usr/share/man/man{section}/{name}.{section}.gz"
                for section in range(1, 9)
                if shell.node(f"/usr/share/man/man{section}/{name}.{section}.gz") is not None
            ]
        process.out(f"{name}:" + "".join(f" {path}" for path in found) + "\n")
        yield 0.0
    return 0


@tool
def getfattr(process: Process) -> Running:
    """No file has extended attributes."""
    status = 0
    for path in (word for word in process.args if not word.startswith("-")):
        if process.shell.node(process.shell.absolute(path)) is None:
            process.err(f"getfattr: {path}: {facts.MISSING}\n")
            status = 1
    yield 0.0
    if not process.args:
        raise Failure("", 1)
    return status


COMMANDS: dict[str, Command] = {
    "file": file,
    "lsattr": lsattr,
    "chattr": chattr,
    "whereis": whereis,
    "getfattr": getfattr,
}
