# ruff: noqa: E501 (facts in rows)
"""The files and packages of a release, as its archive has them (host/data, made by packaging/trees/pack.py).

What is asked for is read from the file: a machine has ten thousand files, and Python's objects for all of them would take
more memory than the decoy has."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from .archive import entry
from .pieces import Pieces

SUMS = (("md5", 0, 16), ("sha1", 16, 36), ("sha256", 36, 68))
SUMS_LENGTH, SHORT_LENGTH, HEAD = 68, 16, 64


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
    """The data of one release, which are in an archive."""

    def __init__(self, archive: str) -> None:
        self._archive = archive
        self._kinds = [line.split(" ") for line in self._whole("kinds").decode().splitlines()]
        self._folders = self._whole("folders")
        lines = self._folders.splitlines(keepends=True)
        self._places = array("I", accumulate(map(len, lines)))
        """Where the path of each folder begins, and the end."""
        self._starts = array("I", self._whole("starts"))
        self._ends = array("I", self._whole("ends"))
        self._blocks, self._heads, self._sums, self._short, self._texts = (
            Pieces(archive, name) for name in ("blocks", "heads", "sums", "short", "texts")
        )
        self.count = self._whole("packages").count(b"\n")
        """How many packages it has."""

    def packages(self) -> Iterator[Row]:
        """All of them, in the order of their numbers."""
        return map(_row, self._whole("packages").decode().splitlines())

    def folder(self, path: str) -> list[tuple[str, Entry]]:
        """The entries of a folder by their names, [] if there is no such folder."""
        return [self._entry(line) for line in self._lines(path)]

    def brought_by(self, path: str) -> set[int]:
        """The numbers of the packages that have something in a folder."""
        return {int(line.split("\t", 3)[2]) for line in self._lines(path)}

    def folders(self) -> list[str]:
        """The paths of all folders, sorted."""
        return self._folders.decode().split("\n")[1:-1]

    def head(self, number: int) -> bytes:
        """The first bytes of an executable file."""
        return self._heads.read(number * HEAD, (number + 1) * HEAD)

    def sums(self, number: int) -> tuple[tuple[str, str], ...]:
        """The sums of a program."""
        raw = self._sums.read(number * SUMS_LENGTH, (number + 1) * SUMS_LENGTH)
        return tuple((name, raw[start:end].hex()) for name, start, end in SUMS)

    def short_sum(self, number: int) -> tuple[tuple[str, str], ...]:
        """The sum of a library."""
        return (("md5", self._short.read(number * SHORT_LENGTH, (number + 1) * SHORT_LENGTH).hex()),)

    def control(self, number: int) -> tuple[str, list[str], list[tuple[str, str]]]:
        """A package's fields as text, the names of its control files, its configuration files with their sums."""
        fields, scripts, conffiles = self._text(number).decode().split("\0")
        pairs = [line.split(" ") for line in conffiles.splitlines()]
        return fields, scripts.split(), [(path, digest) for path, digest in pairs]

    def text(self, number: int) -> bytes:
        """The content of a file."""
        return self._text(self.count + number)

    def _lines(self, path: str) -> list[str]:
        wanted, places = path.encode(), self._places
        number = bisect_left(
            range(len(places) - 1), wanted, key=lambda at: self._folders[places[at] : places[at + 1] - 1]
        )
        if number >= len(places) - 1 or self._folders[places[number] : places[number + 1] - 1] != wanted:
            return []
        block = self._blocks.read(self._starts[number], self._starts[number + 1])
        return block.decode().splitlines()

    def _text(self, number: int) -> bytes:
        return self._texts.read(self._ends[number], self._ends[number + 1])

    def _whole(self, name: str) -> bytes:
        return entry(self._archive, name) or b""

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


@cache
def release_data(release: str) -> ReleaseData:
    """The data of a release that has some."""
    return ReleaseData(f"{release}.tree.zip")
