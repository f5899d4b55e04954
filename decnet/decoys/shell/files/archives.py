# ruff: noqa: E501 (options and messages)
"""tar, gzip, gunzip and zcat."""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Generator
from typing import Any

from ...host.node import Node
from ..process import Command, Process, Running
from ..text.common import Failure, Options, content, parse, tool
from . import facts
from .compressing import FORMS, converted
from .making import make_folder, refused

MOST_MEMBERS, MOST_UNPACKED = 150, 1024 * 1024
VERSION = """\
gzip 1.12
Copyright (C) 2018 Free Software Foundation, Inc.
Copyright (C) 1993 Jean-loup Gailly.
This is free software.  You may redistribute copies of it under the terms of
the GNU General Public License <https://www.gnu.org/licenses/gpl.html>.
There is NO WARRANTY, to the extent permitted by law.

Written by Jean-loup Gailly.
"""
GZIP = "cdfhklLnNqrS:tvV123456789"


def unzipped(data: bytes) -> bytes | None:
    """The content of a gzip file, bounded; None if it is not one."""
    if data[:2] != b"\x1f\x8b":
        return None
    try:
        return zlib.decompressobj(31).decompress(data, MOST_UNPACKED)
    except zlib.error:
        return None


EFFORTS = {1: b"\4", 9: b"\2"}
"""The head's byte about the level (RFC 1952, XFL)."""


def zipped(data: bytes, when: int, name: str = "", level: int = 6) -> bytes:
    """A gzip file, with the name of what it was made from."""
    stored = name.encode("utf-8", "surrogateescape") + b"\0" if name else b""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    body = packer.compress(data) + packer.flush()
    trailer = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFFFFFF).to_bytes(4, "little")
    flags = b"\x08" if name else b"\0"
    return (
        b"\x1f\x8b\x08"
        + flags
        + when.to_bytes(4, "little")
        + EFFORTS.get(level, b"\0")
        + b"\x03"
        + stored
        + body
        + trailer
    )


@tool
def gzip(process: Process) -> Running:
    """Pack or unpack files, or the standard input."""
    options = parse(
        process,
        GZIP,
        "stdout=c to-stdout=c decompress=d uncompress=d force=f keep=k list=l no-name=n name=N quiet=q recursive=r suffix=S test=t verbose=v fast=1 best=9 version=V license=L",
    )
    if "V" in options:
        is_old = process.shell.world.system.version in ("11", "20.04", "22.04")
        process.out(VERSION.replace("1.12", "1.10") if is_old else VERSION)
        return 0
    unpacks = bool(options.last("dtl")) or process.name in ("gunzip", "zcat")
    to_output = "c" in options or process.name == "zcat"
    status = 0
    for path in options.operands or ["-"]:
        if path == "-":
            data = process.given
            made = unzipped(data) if unpacks or "t" in options else zipped(data, 0, level=_level(options))
            if made is None and to_output and "f" in options:
                made = data
            if made is None and not data and process.applet and process.name == "zcat":
                process.err("zcat: short read\n")
                status = 1
            elif made is None:
                process.err("\ngzip: stdin: not in gzip format\n")
                status = 1
            else:
                process.out(made if "t" not in options else b"")
        else:
            status = max(status, _file(process, options, path, unpacks=unpacks, to_output=to_output))
        process.spend(20_000)
        yield 0.0
    return status


def _level(options: Options) -> int:
    return int(options.last("123456789") or "6")


def _named(data: bytes, node: Node, path: str, options: Options) -> bytes:
    """A file packed with its name and time, unless `-n` leaves them out."""
    if options.last("nN") == "n":
        return zipped(data, 0, level=_level(options))
    return zipped(data, node.changed, path.rpartition("/")[2], _level(options))


def _file(process: Process, options: Options, path: str, *, unpacks: bool, to_output: bool) -> int:
    shell = process.shell
    reads = bool(options.last("tl"))
    if unpacks and not path.endswith(".gz") and not to_output:
        if shell.node(shell.absolute(path)) is None and shell.node(shell.absolute(path + ".gz")) is not None:
            path += ".gz"
        elif shell.node(shell.absolute(path)) is not None and not reads:
            process.err(f"gzip: {path}: unknown suffix -- ignored\n")
            return 2
    reason = facts.why_missing(shell, path)
    node = shell.node(shell.absolute(path))
    if reason or node is None:
        shown = f"{path}.gz" if unpacks and not path.endswith(".gz") else path
        process.err(f"gzip: {shown}: {reason}\n")
        return 1
    if node.folder:
        process.err(f"gzip: {path} is a directory -- ignored\n")
        return 2
    try:
        data = content(process, path)
    except Failure as failure:
        process.err(f"gzip: {path}: {failure.message}\n")
        return 1
    if not unpacks and path.endswith(".gz") and not to_output:
        process.err(f"gzip: {path} already has .gz suffix -- unchanged\n")
        return 2
    made = unzipped(data) if unpacks else _named(data, node, path, options)
    if made is None and to_output and "f" in options:
        made = data
    if made is None:
        process.err(f"\ngzip: {path}: not in gzip format\n")
        return 1
    if "l" in options:
        process.out(_row(path, data, made, first=not process.chunks))
        return 0
    if to_output or "t" in options:
        process.out(made if to_output else b"")
        process.err(f"{path}:\t OK\n" if {"t", "v"} <= {name for name, _ in options.given} else "")
        return 0
    target = path.removesuffix(".gz") if unpacks else path + ".gz"
    where = shell.absolute(target)
    if shell.node(where) is not None and "f" not in options:
        process.err(f"gzip: {target} already exists;\tnot overwritten\n")
        return 2
    failed = refused(shell, where) or shell.put(where, made, len(made), node.mode)
    if failed:
        process.err(f"gzip: {target}: {failed}\n")
        return 1
    if "k" not in options:
        shell.change(shell.absolute(path), None)
    return 0


def _row(path: str, data: bytes, made: bytes, *, first: bool) -> str:
    """A line of `gzip -l`; the ratio is that of the packed bytes without the head and the end."""
    size = len(made)
    body = len(data) - 18 - (data.find(b"\0", 10) - 9 if data[3:4] == b"\x08" else 0)
    ratio = (size - body) * 100 / size if size else 0.0
    head = "         compressed        uncompressed  ratio uncompressed_name\n" if first else ""
    return head + f"{len(data):>19} {size:>19} {max(-100.0, ratio):5.1f}% {path.removesuffix('.gz')}\n"


TAR = "compress:: auto-compress=a bzip2=j create=c directory=C exclude: extract=x get=x file=f gzip=z gunzip=z list=t verbose=v xz=J preserve-permissions=p strip-components: append=r update=u no-same-owner no-same-permissions overwrite keep-old-files=k to-stdout=O absolute-names=P wildcards rmt-command: rsh-command: same-owner totals numeric-owner owner: group: mode: transform: exclude-from=X files-from=T dereference=h one-file-system version help"


@tool
def tar(process: Process) -> Running:
    """List, unpack and make archives, packed with gzip or not."""
    words = process.args
    if words and not words[0].startswith("-") and not set(words[0]) - set("cxtruvzjJfpkOPChaAS"):
        process.args = _old_style(words)
    options = parse(process, "acC:df:hjJkmOpPrStT:uvwxX:zZ", TAR, status=64)
    action = options.last("cxtru")
    yield 0.0
    if not action:
        process.err(
            "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\nTry 'tar --help' or 'tar --usage' for more information.\n"
        )
        return 2
    if action in ("c", "r", "u"):
        return (yield from _create(process, options))
    return (yield from _read(process, options, unpack=action == "x"))


def _old_style(words: list[str]) -> list[str]:
    """`tar xzf FILE` as `tar -x -z -f FILE`."""
    rest, made = list(words[1:]), []
    for letter in words[0]:
        made.append(f"-{letter}")
        if letter in "fC":
            if not rest:
                raise Failure(f"Old option '{letter}' requires an argument.", 64, hint=True)
            made.append(rest.pop(0))
    return [*made, *rest]


def _fatal(process: Process, text: str) -> int:
    process.err(f"tar: {text}\ntar: Error is not recoverable: exiting now\n")
    return 2


def _read(process: Process, options: Options, *, unpack: bool) -> Running:
    path = options.value("f", "-")
    try:
        data = content(process, path)
    except Failure as failure:
        return _fatal(process, f"{path}: Cannot open: {failure.message}")
    plain = yield from _plain(process, options, data)
    if plain is None:
        return 2
    base = options.value("C")
    folder = process.shell.node(process.shell.absolute(base)) if base else None
    if base and (folder is None or not folder.folder):
        what = "Cannot change directory" if process.applet else "Cannot open"
        return _fatal(process, f"{base}: {what}: No such file or directory")
    try:
        archive = tarfile.open(fileobj=io.BytesIO(plain), mode="r:")  # noqa: SIM115 (closed below)
    except tarfile.TarError:
        process.err("tar: This does not look like a tar archive\n")
        process.err("tar: Skipping to next header\n" if len(plain) >= 512 and any(plain[:512]) else "")
        process.err("tar: Exiting with failure status due to previous errors\n")
        return 2
    status, seen, wanted = 0, set(), options.operands
    with archive:
        for number, member in enumerate(archive):
            name = member.name + ("/" if member.isdir() else "")
            if number >= MOST_MEMBERS or (wanted and not any(_selects(each, member.name) for each in wanted)):
                continue
            seen |= {each for each in wanted if _selects(each, member.name)}
            if unpack and "O" in options:
                data_of = archive.extractfile(member) if member.isreg() else None
                process.out(data_of.read(MOST_UNPACKED) if data_of is not None else b"")
            elif not unpack:
                process.out((long_line(member, name) if "v" in options else name) + "\n")
            else:
                if "v" in options:
                    process.out(f"{name}\n")
                status |= _unpack(process, options, base, archive, member)
            process.spend(2_000)
            if process.tired:
                yield 0.0
    for each in wanted:
        if each not in seen:
            process.err(f"tar: {each}: Not found in archive\n")
            status = 2
    if status:
        process.err("tar: Exiting with failure status due to previous errors\n")
    return status


def _plain(process: Process, options: Options, data: bytes) -> Generator[Any, Any, bytes | None]:
    """An archive without its packing; None after an error, which is reported."""
    form = next((form for form in FORMS.values() if data.startswith(form.magic)), None)
    wanted = FORMS.get({"j": "bz", "J": "xz"}.get(options.last("zjJ"), ""))
    plain: bytes | None = data
    if data[:2] == b"\x1f\x8b":
        plain = unzipped(data)
    elif form is not None:
        plain = yield from converted(process, form, data, unpacks=True)
    elif options.last("zjJ"):
        plain = None
    if plain is not None:
        return plain
    if wanted is None:
        process.err("\ngzip: stdin: not in gzip format\n")
    elif wanted.xz:
        process.err("xz: (stdin): File format not recognized\n")
    else:
        process.err("bzip2: (stdin) is not a bzip2 file.\n")
    status = 2 if wanted is not None and not wanted.xz else 1
    process.err(f"tar: Child returned status {status}\n")
    process.err("tar: Error is not recoverable: exiting now\n")
    return None


def _packed(process: Process, options: Options, path: str, data: bytes) -> Generator[Any, Any, bytes]:
    """An archive as -z, -j and -J pack it, or -a by its name."""
    letter, suffix = options.last("zjJ"), path.rpartition(".")[2]
    if not letter and "a" in options:
        letter = {"gz": "z", "tgz": "z", "bz2": "j", "tbz2": "j", "xz": "J", "txz": "J"}.get(suffix, "")
    if not letter:
        return data
    if letter == "z":
        return zipped(data, 0)
    made = yield from converted(process, FORMS["bz" if letter == "j" else "xz"], data, unpacks=False)
    return made or b""


def _selects(wanted: str, name: str) -> bool:
    wanted = wanted.rstrip("/")
    return name == wanted or name.startswith(wanted + "/")


def long_line(member: tarfile.TarInfo, name: str) -> str:
    """One member as `tar -tv` shows it."""
    import time

    mode = Node(member.mode, member.isdir(), target=member.linkname if member.issym() else "")
    owner = f"{member.uname or member.uid}/{member.gname or member.gid}"
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(member.mtime))
    link = (
        f" -> {member.linkname}"
        if member.issym()
        else f" link to {member.linkname}"
        if member.islnk()
        else ""
    )
    return f"{facts.mode_text(mode)} {owner} {str(member.size).rjust(max(0, 18 - len(owner)))} {when} {name}{link}"


def _unpack(
    process: Process, options: Options, base: str, archive: tarfile.TarFile, member: tarfile.TarInfo
) -> int:
    shell = process.shell
    strip = options.value("strip-components", "0")
    parts = [part for part in member.name.split("/") if part not in ("", ".", "..")]
    parts = parts[int(strip) if strip.isdecimal() and len(strip) < 4 else 0 :]
    if not parts:
        return 0
    where = shell.absolute("/".join([base or ".", *parts]))
    above = facts.parent_of(where)
    steps = above.strip("/").split("/")
    for count in range(1, len(steps) + 1):
        step = "/" + "/".join(steps[:count])
        if shell.node(step) is None and not (refused(shell, step) or make_folder(shell, step, 0o755)):
            continue
    reason = refused(shell, where)
    if not reason and member.isdir():
        reason = "" if shell.node(where) is not None else make_folder(shell, where, member.mode & 0o7777)
    elif not reason and member.issym():
        made = Node(
            0o777,
            target=member.linkname,
            owner=shell.user,
            group=facts.own_group(shell),
            changed=int(member.mtime),
        )
        reason = shell.change(where, made)
    elif not reason and member.isreg():
        data = archive.extractfile(member)
        reason = shell.write(
            where, data.read(MOST_UNPACKED) if data is not None else b"", member.mode & 0o777
        )
    if reason:
        process.err(f"tar: {member.name}: Cannot open: {reason}\n")
        return 2
    return 0


def _create(process: Process, options: Options) -> Running:
    shell, path = process.shell, options.value("f", "-")
    if not options.operands:
        process.err(
            "tar: Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.\n"
        )
        return 2
    buffer, status, warned = io.BytesIO(), 0, False
    base = options.value("C", ".")
    with tarfile.open(fileobj=buffer, mode="w:", format=tarfile.GNU_FORMAT) as archive:
        stack = list(reversed(options.operands))
        count = 0
        while stack and count < MOST_MEMBERS * 10 and buffer.tell() < MOST_UNPACKED:
            shown = stack.pop()
            where = shell.absolute(shown if shown.startswith("/") else f"{base}/{shown}")
            node = shell.lstat(where)
            count += 1
            if node is None:
                process.err(f"tar: {shown}: Cannot stat: No such file or directory\n")
                status = 2
                continue
            if shown.startswith("/") and not warned:
                process.err("tar: Removing leading `/' from member names\n")
                warned = True
            if "v" in options:
                listed = shown.lstrip("/") if process.applet else shown
                line = f"{listed}{'/' if node.folder and not shown.endswith('/') else ''}\n"
                (process.err if path == "-" else process.out)(line)
            _add(process, archive, shown, where, node)
            if node.folder:
                stack += [f"{shown.rstrip('/')}/{name}" for name in reversed(shell.entries(where))]
            process.spend(2_000)
            if process.tired:
                yield 0.0
    data = buffer.getvalue()
    data = yield from _packed(process, options, path, data)
    if path == "-":
        process.out(data)
    else:
        where = shell.absolute(path)
        reason = (
            facts.MISSING
            if shell.node(facts.parent_of(where)) is None
            else refused(shell, where) or shell.put(where, data, len(data), 0o666 & ~shell.umask)
        )
        if reason:
            return _fatal(process, f"{path}: Cannot open: {reason}")
    if status:
        process.err("tar: Exiting with failure status due to previous errors\n")
    return status


def _add(process: Process, archive: tarfile.TarFile, shown: str, where: str, node: Node) -> None:
    shell = process.shell
    member = tarfile.TarInfo(shown.lstrip("/") or ".")
    member.mode, member.mtime, member.uname, member.gname = (
        node.mode,
        node.changed,
        node.owner,
        node.group_name,
    )
    member.uid, member.gid = facts.uid_of(shell, node), facts.gid_of(shell, node)
    if node.folder:
        member.type = tarfile.DIRTYPE
        archive.addfile(member)
    elif node.target:
        member.type, member.linkname = tarfile.SYMTYPE, node.target
        archive.addfile(member)
    elif not node.kind:
        data = node.data
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))


COMMANDS: dict[str, Command] = {"gzip": gzip, "gunzip": gzip, "zcat": gzip, "tar": tar}
