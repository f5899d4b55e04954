# ruff: noqa: E501 (options and messages)
"""bzip2, xz, lzma, and what unpacks their files."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from ..process import Command, Process, Running
from ..text.common import Failure, Options, content, parse, tool
from . import facts
from .making import refused

MOST_UNPACKED = 1024 * 1024
STEP = 32 * 1024
"""Bytes between two pauses."""
MOST_MEMORY = 12 << 20
DICTIONARY = 256 * 1024
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": DICTIONARY}]
OLD_FILTERS = [{"id": lzma.FILTER_LZMA1, "preset": 0, "dict_size": DICTIONARY}]
XZ = "z compress=z decompress=d uncompress=d test=t list=l keep=k force=f stdout=c to-stdout=c quiet=q verbose=v extreme=e threads=T format=F check=C suffix=S no-warn=Q memlimit=M fast=0 best=9"
BZIP2 = "decompress=d compress=z keep=k force=f test=t stdout=c quiet=q verbose=v small=s fast=1 best=9"

BAD_MAGIC = """bad magic number (file not created by bzip2)

You can use the `bzip2recover' program to attempt to recover
data from undamaged sections of corrupted files.

"""


class Packer(Protocol):
    """A compressor of the standard library."""

    def compress(self, data: bytes, /) -> bytes:
        """What comes out for these bytes."""

    def flush(self) -> bytes:
        """The end."""


class _Bzip2:
    """Blocks of 100 kB, which take little memory, in a file that announces those of 900 kB as `bzip2` does."""

    def __init__(self) -> None:
        self._packer, self._is_begun = bz2.BZ2Compressor(1), False

    def compress(self, data: bytes, /) -> bytes:
        return self._headed(self._packer.compress(data))

    def flush(self) -> bytes:
        return self._headed(self._packer.flush())

    def _headed(self, data: bytes) -> bytes:
        if self._is_begun or not data:
            return data
        self._is_begun = True
        return b"BZh9" + data[4:]


@dataclass(frozen=True)
class Form:
    """One format: the suffix of its files, its first bytes, and whether it is xz's program."""

    suffix: str
    magic: bytes
    xz: bool

    def packer(self) -> Packer:
        """A new compressor."""
        if not self.xz:
            return _Bzip2()
        if self.suffix == ".lzma":
            return lzma.LZMACompressor(lzma.FORMAT_ALONE, filters=OLD_FILTERS)
        return lzma.LZMACompressor(lzma.FORMAT_XZ, filters=FILTERS)

    def unpacker(self) -> Any:
        """A new decompressor."""
        return lzma.LZMADecompressor(memlimit=MOST_MEMORY) if self.xz else bz2.BZ2Decompressor()


SUFFIXES = (".bz2", ".bz", ".tbz2", ".tbz", ".xz", ".txz", ".lzma", ".tlz")
FORMS = {
    "bz": Form(".bz2", b"BZh", False),
    "xz": Form(".xz", b"\xfd7zXZ\0", True),
    "lz": Form(".lzma", b"\x5d\0\0", True),
}


@tool
def compress(process: Process) -> Running:
    """Pack or unpack files, or the standard input."""
    name = process.name.rpartition("/")[2]
    form = FORMS["bz" if name[:1] == "b" else "lz" if "lzma" in name or name == "lzcat" else "xz"]
    options = parse(process, "cdfklqsStT:vz0123456789eF:C:QM:" if form.xz else "cdfkqstvz123456789L", XZ if form.xz else BZIP2)  # fmt: skip # noqa: E501
    unpacks = bool(options.last("dt")) or name.startswith(("un", "bun")) or "cat" in name
    status = 0
    for path in options.operands or ["-"]:
        if path == "-":
            data = process.given
            if not unpacks and process.to_terminal:
                return _terminal(process, form)
            made = yield from converted(process, form, data, unpacks=unpacks)
            if (
                made is None
                and {"c", "f"} <= {option for option, _ in options.given}
                and not data.startswith(form.magic)
            ):
                made = data
            failed = made is None and _foreign(process, form, "(stdin)", data, tests="t" in options)
            if made is not None and "t" not in options:
                process.out(made)
            status = max(status, int(failed))
        else:
            status = max(status, (yield from _file(process, options, form, path, unpacks=unpacks)))
    return status


def _terminal(process: Process, form: Form) -> int:
    if form.xz:
        process.err(f"{process.name}: Compressed data cannot be written to a terminal\n")
        process.err(f"{process.name}: Try '{process.name} --help' for more information.\n")
    else:
        process.err(
            f"{process.name}: I won't write compressed data to a terminal.\n"
            f"{process.name}: For help, type: `{process.name} --help'.\n"
        )
    return 1


def converted(
    process: Process, form: Form, data: bytes, *, unpacks: bool
) -> Generator[Any, Any, bytes | None]:
    """Packed or unpacked bytes, bounded; None for data of another format."""
    out = bytearray()
    if not unpacks:
        packer = form.packer()
        for at in range(0, len(data), STEP):
            out += packer.compress(data[at : at + STEP])
            process.spend(5_000)
            yield 0.0
        return bytes(out + packer.flush())
    if not data.startswith(form.magic):
        return None
    unpacker = form.unpacker()
    try:
        more = data
        while not unpacker.eof and len(out) < MOST_UNPACKED:
            piece = unpacker.decompress(more, STEP)
            if not piece and unpacker.needs_input:
                return None
            out += piece
            more = b""
            process.spend(5_000)
            yield 0.0
    except (OSError, ValueError, EOFError, lzma.LZMAError):
        return None
    return bytes(out)


def _foreign(process: Process, form: Form, path: str, data: bytes, *, tests: bool) -> int:
    name = process.name
    if form.xz:
        what = "Unexpected end of input" if data.startswith(form.magic) else "File format not recognized"
        process.err(f"{name}: {path}: {what}\n")
        return 1
    if data.startswith(form.magic):
        process.err(
            f"\n{name}: Compressed file ends unexpectedly;\n\tperhaps it is corrupted?  *Possible* reason follows.\n"
            f"{name}: Inappropriate ioctl for device\n\tInput file = {path}, output file = (stdout)\n\n"
        )
    elif tests:
        process.err(f"{name}: {path}: {BAD_MAGIC}")
    else:
        process.err(f"{name}: {path} is not a bzip2 file.\n")
    return 2


def _file(
    process: Process, options: Options, form: Form, path: str, *, unpacks: bool
) -> Generator[Any, Any, int]:
    shell, name = process.shell, process.name
    reason = facts.why_missing(shell, path)
    node = shell.node(shell.absolute(path))
    to_output = "c" in options or "cat" in name or "t" in options
    if reason or node is None:
        process.err(
            f"{name}: {path}: {reason}\n" if form.xz else f"{name}: Can't open input file {path}: {reason}.\n"
        )
        return 1
    problem = _problem(process, form, path, is_folder=node.folder, unpacks=unpacks, to_output=to_output)
    if problem:
        process.err(f"{name}: {problem}\n")
        return 2 if form.xz else 1
    try:
        data = content(process, path)
    except Failure as failure:
        process.err(f"{name}: {path}: {failure.message}\n")
        return 1
    if unpacks and not form.xz and not to_output and not path.endswith(SUFFIXES):
        process.err(f"{name}: Can't guess original name for {path} -- using {path}.out\n")
    made = yield from converted(process, form, data, unpacks=unpacks)
    if made is None and to_output and "f" in options and not data.startswith(form.magic):
        made = data
    if made is None:
        return _foreign(process, form, path, data, tests="t" in options)
    if to_output:
        process.out(made if "t" not in options else b"")
        return 0
    if unpacks and form.xz and not path.endswith(SUFFIXES):
        process.err(f"{name}: {path}: Filename has an unknown suffix, skipping\n")
        return 2
    target = _target(form, path, unpacks=unpacks)
    where = shell.absolute(target)
    if shell.node(where) is not None and "f" not in options:
        process.err(
            f"{name}: {target}: File exists\n"
            if form.xz
            else f"{name}: Output file {target} already exists.\n"
        )
        return 1
    failed = refused(shell, where) or shell.put(where, made, len(made), node.mode)
    if failed:
        process.err(f"{name}: {target}: {failed}\n")
        return 1
    if "k" not in options:
        shell.change(shell.absolute(path), None)
    return 0


def _problem(
    process: Process, form: Form, path: str, *, is_folder: bool, unpacks: bool, to_output: bool
) -> str:
    """Why a file is skipped."""
    if is_folder:
        return f"{path}: Is a directory, skipping" if form.xz else f"Input file {path} is a directory."
    if not unpacks and path.endswith(form.suffix) and not to_output:
        return (
            f"{path}: File already has `{form.suffix}' suffix, skipping"
            if form.xz
            else f"Input file {path} already has {form.suffix} suffix."
        )
    return ""


def _target(form: Form, path: str, *, unpacks: bool) -> str:
    if not unpacks:
        return path + form.suffix
    for suffix in (form.suffix, ".lzma", ".bz"):
        if path.endswith(suffix):
            return path.removesuffix(suffix)
    for short in (".tbz2", ".tbz", ".txz", ".tlz"):
        if path.endswith(short):
            return path.removesuffix(short) + ".tar"
    return path + ".out"


COMMANDS: dict[str, Command] = dict.fromkeys(
    ("bzip2", "bunzip2", "bzcat", "xz", "unxz", "xzcat", "lzma", "unlzma", "lzcat"), compress
)
