"""Adds packages to the data of one release: `python -m trees.add RELEASE PACKAGE...` in packaging/, by hand. The
packages after a word `GROUP=` belong to that group of a service ("redis:redis-server=").

The rest of the data stays as it is. The packages are also in the lists of releases.py, for the next whole pack."""

from __future__ import annotations

import lzma
import struct
import sys

from .archive import Archive
from .pack import CACHE, DATA, FILTERS, Packer, Release
from .releases import COMPONENTS, SUITES


def main() -> None:
    """Rewrite the two files of the release."""
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
    for kind, data in zip(("tree", "texts"), packer.pack(), strict=True):
        packed = lzma.compress(data, lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=FILTERS)
        (DATA / f"{name}.{kind}.xz").write_bytes(packed)


def _read(packer: Packer, name: str) -> set[str]:
    """Take what the release's files have; the names of its packages."""
    tree, texts = (lzma.decompress((DATA / f"{name}.{kind}.xz").read_bytes()) for kind in ("tree", "texts"))
    sections, at = [], 0
    for _ in range(6):
        (length,) = struct.unpack_from("<I", tree, at)
        sections.append(tree[at + 4 : at + 4 + length])
        at += 4 + length
    kinds, rows, blocks, heads, sums, short = sections
    packer.kinds = {each: number for number, each in enumerate(kinds.decode().splitlines())}
    packer.rows = [f"{row}\n" for row in rows.decode().splitlines()]
    path = ""
    for line in blocks.decode().splitlines():
        if line.startswith("/"):
            path = line
            packer.folders[path] = {}
        else:
            packer.folders[path][line.partition("\t")[0].removeprefix("~")] = line
    packer.heads, packer.sums, packer.short = _cut(heads, 64), _cut(sums, 68), _cut(short, 16)
    (count,) = struct.unpack_from("<I", texts, 0)
    contents, at = [], 4 + 4 * count
    for length in struct.unpack_from(f"<{count}I", texts, 4):
        contents.append(texts[at : at + length])
        at += length
    packer.controls = contents[: len(packer.rows)]
    packer.texts = {}
    for number, text in enumerate(contents[len(packer.rows) :]):
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
