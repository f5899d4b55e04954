"""Reads and writes the data of one release, decnet/decoys/host/data/RELEASE.tree.zip."""

from __future__ import annotations

import sys
import zipfile
from array import array
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from decnet.decoys.host.pieces import LENGTH  # noqa: E402 (the folder is no package)

DATA = Path(__file__).resolve().parents[2] / "decnet" / "decoys" / "host" / "data"
IN_PIECES = ("blocks", "heads", "sums", "short", "texts")


@dataclass
class Stored:
    """What is in it. `blocks`: that of each folder by its path, without the path; `texts`: of the packages, then of
    files."""

    kinds: str
    packages: str
    blocks: dict[str, str]
    heads: bytes
    sums: bytes
    short: bytes
    texts: list[bytes]


def write(name: str, stored: Stored) -> None:
    """Write the file."""
    blocks = [each.encode() for _, each in sorted(stored.blocks.items())]
    pieces = b"".join(blocks), stored.heads, stored.sums, stored.short, b"".join(stored.texts)
    DATA.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(DATA / f"{name}.tree.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry, content in (
            ("kinds", stored.kinds.encode()),
            ("packages", stored.packages.encode()),
            ("folders", "".join(f"\n{path}" for path in sorted(stored.blocks)).encode() + b"\n"),
            ("starts", _ends(blocks)),
            ("ends", _ends(stored.texts)),
        ):
            archive.writestr(_member(entry), content)
        for entry, whole in zip(IN_PIECES, pieces, strict=True):
            for number, at in enumerate(range(0, len(whole), LENGTH)):
                archive.writestr(_member(f"{entry}.{number}"), whole[at : at + LENGTH])


def read(name: str) -> Stored:
    """Read the file."""
    with zipfile.ZipFile(DATA / f"{name}.tree.zip") as archive:
        names = archive.namelist()

        def whole(entry: str) -> bytes:
            count = sum(each.startswith(f"{entry}.") for each in names)
            return b"".join(archive.read(f"{entry}.{number}") for number in range(count))

        folders = archive.read("folders").decode().split("\n")[1:-1]
        blocks = _cut(whole("blocks"), archive.read("starts"))
        return Stored(
            archive.read("kinds").decode(), archive.read("packages").decode(),
            dict(zip(folders, (each.decode() for each in blocks), strict=True)),
            whole("heads"), whole("sums"), whole("short"), _cut(whole("texts"), archive.read("ends")),
        )  # fmt: skip


def _ends(parts: list[bytes]) -> bytes:
    return array("I", accumulate(map(len, parts), initial=0)).tobytes()


def _cut(whole: bytes, ends: bytes) -> list[bytes]:
    places = array("I", ends)
    return [whole[start:end] for start, end in zip(places, places[1:], strict=False)]


def _member(name: str) -> zipfile.ZipInfo:
    """With a fixed time, so that the same content makes the same file."""
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member
