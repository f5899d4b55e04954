# ruff: noqa: E501 (facts in rows)
"""The files and packages of a release, as its archive has them (host/data, made by packaging/trees/pack.py).

The data is one block of bytes, and what is asked for is read from it: a machine has ten thousand files, and Python's objects
for all of them would take more memory than the decoy has."""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from .archive import DATA

SUMS = (("md5", 0, 16), ("sha1", 16, 36), ("sha256", 36, 68))
HEAD = 64


@dataclass(frozen=True, slots=True)
class Row:
    """One package of the archive. `versions`: those of the release's lifetime with their times, oldest first."""

    name: str
    architecture: str
    version: str
    made: int
    installed_size: int
    section: str
    priority: str
    service: str
    versions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder. `kind`: d, f or l; `age`: seconds by which it is older than its package;
    `reference`: where its content or sums are, "" for none; `split`: it is packaged without /usr."""

    kind: str
    mode: int
    owner: str
    group: str
    package: int
    size: int
    target: str
    age: int
    reference: str
    split: bool


class ReleaseData:
    """The data of one release."""

    def __init__(self, tree: bytes, texts: bytes) -> None:
        sections, at = [], 0
        for _ in range(6):
            (length,) = struct.unpack_from("<I", tree, at)
            sections.append(tree[at + 4 : at + 4 + length])
            at += 4 + length
        kinds, packages, self._blocks, self._heads, self._sums, self._short = sections
        self._kinds = [line.split(" ") for line in kinds.decode().splitlines()]
        self.packages = [_row(line) for line in packages.decode().splitlines()]
        self._starts = array("I", _starts(self._blocks))
        self._texts = texts
        (self._count,) = struct.unpack_from("<I", texts, 0)
        first = 4 + 4 * self._count
        self._ends = array("I", accumulate(array("I", texts[4:first]), initial=first))

    def folder(self, path: str) -> list[tuple[str, Entry]]:
        """The entries of a folder by their names, [] if there is no such folder."""
        low, high = 0, len(self._starts)
        while low < high:
            middle = (low + high) // 2
            if self._path(middle) < path:
                low = middle + 1
            else:
                high = middle
        if low == len(self._starts) or self._path(low) != path:
            return []
        return [self._entry(line) for line in self._lines(low)]

    def folders(self) -> list[str]:
        """The paths of all folders, sorted."""
        return [self._path(number) for number in range(len(self._starts))]

    def head(self, number: int) -> bytes:
        """The first bytes of an executable file."""
        return self._heads[number * HEAD : (number + 1) * HEAD]

    def sums(self, number: int) -> tuple[tuple[str, str], ...]:
        """The sums of a program."""
        raw = self._sums[number * 68 : (number + 1) * 68]
        return tuple((name, raw[start:end].hex()) for name, start, end in SUMS)

    def short_sum(self, number: int) -> tuple[tuple[str, str], ...]:
        """The sum of a library."""
        return (("md5", self._short[number * 16 : (number + 1) * 16].hex()),)

    def control(self, number: int) -> tuple[str, list[str], list[tuple[str, str]]]:
        """A package's fields as text, the names of its control files, its configuration files with their sums."""
        fields, scripts, conffiles = self._text(number).decode().split("\0")
        pairs = [line.split(" ") for line in conffiles.splitlines()]
        return fields, scripts.split(), [(path, digest) for path, digest in pairs]

    def text(self, number: int) -> bytes:
        """The content of a file."""
        return self._text(len(self.packages) + number)

    def _text(self, number: int) -> bytes:
        return self._texts[self._ends[number] : self._ends[number + 1]]

    def _path(self, number: int) -> str:
        start = self._starts[number]
        return self._blocks[start : self._blocks.index(b"\n", start)].decode()

    def _lines(self, number: int) -> list[str]:
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self._blocks)
        return self._blocks[self._starts[number] : end].decode().splitlines()[1:]

    def _entry(self, line: str) -> tuple[str, Entry]:
        name, code, package, *rest = line.split("\t")
        size, age, reference = [*rest, "", "", ""][:3]
        kind, mode, owner, group = self._kinds[int(code)]
        is_link = kind == "l"
        return name.removeprefix("~"), Entry(
            kind, int(mode, 8), owner, group, int(package), 0 if is_link or not size else int(size),
            size if is_link else "", int(age or "0"), reference, name.startswith("~"),
        )  # fmt: skip


def _row(line: str) -> Row:
    name, architecture, version, made, size, section, priority, service, versions = line.split("\t")
    pairs = (each.rpartition("@") for each in versions.split(" "))
    history = tuple((known, int(when)) for known, _, when in pairs)
    return Row(name, architecture, version, int(made), int(size), section, priority, service, history)


def _starts(blocks: bytes) -> list[int]:
    found, at = [0], blocks.find(b"\n/")
    while at >= 0:
        found.append(at + 1)
        at = blocks.find(b"\n/", at + 1)
    return found


@cache
def release_data(release: str) -> ReleaseData:
    """The data of a release that has some."""
    import lzma

    tree, texts = (
        lzma.decompress(DATA.joinpath(f"{release}.{kind}.xz").read_bytes()) for kind in ("tree", "texts")
    )
    return ReleaseData(tree, texts)
