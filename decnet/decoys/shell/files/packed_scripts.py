# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The scripts of gzip, bzip2 and xz: zgrep, zdiff, zless and their like, which unpack for another program."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from ..process import Command, Process, Running
from ..text.common import why_not
from ..text.packaged import packaged

GREPS = {"z": "grep", "ze": "egrep", "zf": "fgrep"}
BEFORE_1_12 = ("11", "20.04", "22.04")
"""Systems with an older gzip."""
WITH_VALUE = ("-A", "-B", "-C", "-m", "-D", "-d")
Text = Generator[Any, Any, tuple[int, bytes]]


def _kind(process: Process) -> tuple[str, str]:
    """What unpacks, and how the name of a packed file ends."""
    name = process.name.rpartition("/")[2]
    return {"b": ("bzip2", ".bz2"), "x": ("xz", ".xz")}.get(name[0], ("gzip", ".gz"))


def _plain(process: Process, path: str) -> Text:
    """A file's text, unpacked if it is packed."""
    program, _ = _kind(process)
    return (yield from process.output_of([program, "-cdfq", path], b""))


@packaged(refuses=False)
def zgrep(process: Process) -> Running:
    """Search in files that may be packed."""
    words, options, names = list(process.args), [], []
    pattern: str | None = None
    while words:
        word = words.pop(0)
        if word in ("-e", "-f") and words:
            pattern = words.pop(0)
        elif word in WITH_VALUE and words:
            options += [word, words.pop(0)]
        elif word.startswith("-") and len(word) > 1 and word != "--":
            options.append(word)
        elif pattern is None and word != "--":
            pattern = word
        elif word != "--":
            names.append(word)
    name = process.name.rpartition("/")[2]
    program = "egrep" if "egrep" in name else "fgrep" if "fgrep" in name else "grep"
    program_words = {"egrep": ["grep", "-E"], "fgrep": ["grep", "-F"]}.get(program, ["grep"])
    call = [*program_words, *options, "-e", pattern or ""]
    if not names:
        status, data = yield from process.output_of([_kind(process)[0], "-cdfq"], process.given)
        return (yield from process.call(call, data))
    result = 1
    for path in names:
        unpacked, data = yield from _plain(process, path)
        if unpacked and not data:
            result = 2
            continue
        status, found = yield from process.output_of(call, data)
        shows = len(names) > 1 and not any("h" in each and each[:2] != "--" for each in options)
        process.out(_named(found, path) if shows else found)
        result = status if result != 2 and status != 1 else result
    return result


def _named(found: bytes, path: str) -> bytes:
    name = path.encode("utf-8", "surrogateescape")
    return b"".join(name + b":" + line + b"\n" for line in found.splitlines())


@packaged(refuses=False)
def zdiff(process: Process) -> Running:
    """Compare files that may be packed with cmp or diff."""
    name, end = process.name.rpartition("/")[2], _kind(process)[1]
    program = "cmp" if name.endswith("cmp") else "diff"
    options = [word for word in process.args if word.startswith("-") and len(word) > 1]
    names = [word for word in process.args if word not in options]
    if not names or len(names) > 2:
        return (yield from process.call([process.name, "--help"], b"")) or 2
    first, second = names[0], names[1] if len(names) > 1 else names[0].removesuffix(end)
    shell = process.shell
    for path in (first, second):
        if reason := why_not(process, path):
            process.err(f"{_kind(process)[0]}: {path}: {reason}\n")
            return 2
    if first == second:
        return 0
    status, data = yield from _plain(process, first)
    shown = second
    if second.endswith(end):
        status, other = yield from _plain(process, second)
        shown = f"/dev/fd/5 {second}"
        node = shell.node(shell.absolute(second))
        if status or node is None:
            return 2
        if data == other:
            return 0
        scratch = f"/tmp/{second.rpartition('/')[2]}.{process.pid}"
        shell.put(shell.absolute(scratch), other, len(other), 0o600)
        result: int = yield from process.call([program, *options, "-", scratch], data)
        shell.change(shell.absolute(scratch), None)
        return result
    return (yield from process.call([program, *options, "-", shown], data))


@packaged(refuses=False)
def zmore(process: Process) -> Running:
    """Page through files that may be packed."""
    name = process.name.rpartition("/")[2]
    names = [word for word in process.args if not word.startswith("-")]
    if not names:
        return (yield from process.call([name.lstrip("bxz") or "more"], process.given))
    pager = "less" if name.endswith("less") else "more"
    whole, result = b"", 0
    for path in names:
        if name == "bzmore":
            whole += b"------> " + path.encode("utf-8", "surrogateescape") + b" <------\n"
        status, data = yield from _plain(process, path)
        whole, result = whole + data, max(result, status)
    status = yield from process.call([pager], whole)
    return status or result


@packaged(refuses=False)
def tarcat(process: Process) -> Running:
    """Concatenate the parts of an archive of several volumes."""
    return (yield from process.call(["cat", *process.args]))


@packaged(refuses=False)
def uncompress(process: Process) -> Running:
    """gunzip under its old name."""
    return (yield from process.call(["gzip", "-d", *process.args]))


@packaged()
def lzmainfo(process: Process) -> Running:
    """What is in the header of a .lzma file."""
    status = 0
    for path in process.args:
        process.out("\n")
        if reason := why_not(process, path):
            process.err(f"lzmainfo: {path}: {reason}\n")
            status = 1
            continue
        data = process.shell.content(process.shell.absolute(path)) or b""
        if len(data) < 13 or data[0] >= 225:
            process.err(
                f"lzmainfo: {path}: {'File is too small to be a .lzma file' if len(data) < 13 else 'Not a .lzma file'}\n"
            )
            status = 1
            continue
        size = int.from_bytes(data[5:13], "little")
        known = f"{size // 1024 // 1024} MB ({size} bytes)" if size < 1 << 63 else "Unknown"
        dictionary = int.from_bytes(data[1:5], "little")
        power = dictionary.bit_length() - 1
        place, rest = data[0] // 45, data[0] % 45
        process.out(
            f"{path}\nUncompressed size:             {known}\nDictionary size:               {dictionary // 1024 // 1024} MB (2^{power} bytes)\n"
            f"Literal context bits (lc):     {rest % 9}\nLiteral pos bits (lp):         {rest // 9}\nNumber of pos bits (pb):       {place}\n"
        )
    yield 0.0
    return status


@packaged(refuses=False)
def bzip2recover(process: Process) -> Running:
    """The blocks of a damaged .bz2 file: there are none that could be saved."""
    path = process.args[0]
    yield 0.0
    process.err("bzip2recover 1.0.8: extracts blocks from damaged .bz2 files.\n")
    if why_not(process, path):
        process.err(f"bzip2recover: can't read `{path}'\n")
        return 1
    process.err("bzip2recover: searching for block boundaries ...\n")
    process.err("bzip2recover: sorry, I couldn't find any block boundaries.\n")
    return 1


@packaged(refuses=False)
def gzexe(process: Process) -> Running:
    """Pack programs in place, behind a script that unpacks them."""
    shell, status = process.shell, 0
    for path in process.args:
        where = shell.absolute(path)
        node = shell.node(where)
        if node is None or node.folder:
            process.err(
                f"gzexe: {path} is not a regular file\n"
                if node
                else f"gzexe: {path}: No such file or directory\n"
            )
            status = 1
            continue
        before = node.bytes
        code, packed = yield from process.output_of(["gzip", "-cv9"], node.data)
        script = SCRIPT.encode() + packed
        how = "" if process.shell.world.system.version in BEFORE_1_12 else " -- replaced with stdout"
        saved = (before - len(packed) + 18) * 100 / before if before else 0
        process.err(f"{path}:\t{saved:5.1f}%{how}\n")
        if reason := shell.write(f"{where}~", node.data, node.mode) or shell.write(where, script, node.mode):
            process.err(f"gzexe: {path}: {reason}\n")
            status = 1
    yield 0.0
    return status


SCRIPT = """#!/bin/sh
skip=49

tab='	'
nl='
'
IFS=" $tab$nl"

umask=`umask`
umask 77

gztmpdir=
trap 'res=$?
  test -n "$gztmpdir" && rm -fr "$gztmpdir"
  (exit $res); exit $res
' 0 1 2 3 5 10 13 15
"""
COMMANDS: dict[str, Command] = {
    **dict.fromkeys(
        ("zgrep", "zegrep", "zfgrep", "bzgrep", "bzegrep", "bzfgrep", "xzgrep", "xzegrep", "xzfgrep"), zgrep
    ),
    **dict.fromkeys(("zcmp", "zdiff", "bzcmp", "bzdiff", "xzcmp", "xzdiff"), zdiff),
    **dict.fromkeys(("zmore", "zless", "bzmore", "bzless", "xzmore", "xzless"), zmore),
    "tarcat": tarcat, "uncompress": uncompress, "lzmainfo": lzmainfo, "bzip2recover": bzip2recover, "gzexe": gzexe,
}  # fmt: skip
