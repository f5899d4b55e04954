"""Adds packages to the data of one release: `python -m trees.add RELEASE PACKAGE...` in packaging/, by hand. The
packages after a word `GROUP=` belong to that group of a service ("redis:redis-server=").

The rest of the data stays as it is. The packages are also in the lists of releases.py, for the next whole pack."""

from __future__ import annotations

import sys

from .archive import Archive
from .pack import CACHE, Packer, Release
from .releases import COMPONENTS, SUITES
from .stored import read, write


def main() -> None:
    """Rewrite the file of the release."""
    name, wanted = sys.argv[1], sys.argv[2:]
    release = Release.__new__(Release)
    release.name, release.archive, release.packages = name, Archive(SUITES[name], CACHE, COMPONENTS[name]), []
    release.index = release.archive.index()
    packer = Packer(release)
    known = _read(packer, name)
    group = ""
    for word in wanted:
        if word.endswith("="):
            group = word[:-1]
        elif word in release.index and word not in known:
            release._add([word], group)
    for number, (package, found, service) in enumerate(release.packages, len(packer.rows)):
        packer._package(package, found, service)
        for entry in found.entries:
            packer._entry(number, entry, found)
        print(package, found.control["Version"])
    release.packages = []
    write(name, packer.pack())


def _read(packer: Packer, name: str) -> set[str]:
    """Take what the release's file has; the names of its packages."""
    stored = read(name)
    packer.kinds = {each: number for number, each in enumerate(stored.kinds.splitlines())}
    packer.rows = stored.packages.splitlines(keepends=True)
    packer.folders = {
        path: {line.partition("\t")[0].removeprefix("~"): line for line in block.splitlines()}
        for path, block in stored.blocks.items()
    }
    packer.heads, packer.sums, packer.short = (
        _cut(whole, size) for whole, size in ((stored.heads, 64), (stored.sums, 68), (stored.short, 16))
    )
    packer.controls = stored.texts[: len(packer.rows)]
    packer.texts = {}
    for number, text in enumerate(stored.texts[len(packer.rows) :]):
        packer.texts[text if text not in packer.texts else _Again(text)] = number
    return {row.partition("\t")[0] for row in packer.rows}


class _Again(bytes):
    """A text that the data has already: it keeps its number."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


if __name__ == "__main__":
    main()
