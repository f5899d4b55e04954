# ruff: noqa: E501 (a table)
"""What the programs of a release print with --help, with --version, or without an argument.

From the archives RELEASE.printed.zip (packaging/trees/printed.py). Releases without one have the texts of
another release with their own versions in them."""

from __future__ import annotations

import zipfile
from functools import cache
from importlib.resources import files
from io import BytesIO

from .packages import Packages

SOURCES = {
    ("debian", "11"): "ubuntu-22.04", ("debian", "12"): "debian-12", ("ubuntu", "20.04"): "ubuntu-22.04",
    ("ubuntu", "22.04"): "ubuntu-22.04", ("ubuntu", "24.04"): "debian-12",
}  # fmt: skip
"""By system and version, whose archive is read."""
VERSIONS = {
    "debian-12": {"coreutils": "9.1", "util-linux": "2.38.1", "procps": "4.0.2", "tar": "1.34", "grep": "3.8", "sed": "4.9",
                  "gzip": "1.12", "findutils": "4.9.0", "diffutils": "3.8"},
    "ubuntu-22.04": {"coreutils": "8.32", "util-linux": "2.37.2", "procps": "3.3.17", "tar": "1.34", "grep": "3.7", "sed": "4.8",
                     "gzip": "1.10", "findutils": "4.8.0", "diffutils": "3.8"},
}  # fmt: skip
"""By archive and package, the version in its texts."""


class _Archive:
    """Texts by their keys: blocks of many answers, and where each one is."""

    def __init__(self, name: str) -> None:
        data = files(__package__).joinpath("data", f"{name}.zip").read_bytes()
        self._zip = zipfile.ZipFile(BytesIO(data))
        self._last = "", b""

    def get(self, key: str) -> bytes | None:
        """The answer of one call, None if it is not there."""
        begin = f"\n{key}\t".encode()
        index = self._zip.read("index")
        at = index.find(begin)
        if at < 0:
            return None
        row = index[at + len(begin) : index.index(b"\n", at + 1)].decode()
        block, start, length = row.split("\t")
        if self._last[0] != block:
            self._last = block, self._zip.read(block)
        return self._last[1][int(start) : int(start) + int(length)]


archive = cache(_Archive)


def printed(system: tuple[str, str], packages: Packages, words: list[str]) -> tuple[int, bytes, bytes] | None:
    """Status, output and errors of a program called with these words; None if that is not known. `system`: its
    name and version."""
    release = SOURCES.get(system)
    if release is None or len(words) > 2:
        return None
    data = archive(f"{release}.printed").get(" ".join(words))
    if data is None:
        return None
    head, _, rest = data.partition(b"\n")
    status, length = map(int, head.split())
    if release != "-".join(system):
        for name, version in VERSIONS[release].items():
            package = packages.get(name)
            own = (
                package.version.rpartition("-")[0].partition("+")[0].rpartition(":")[2]
                if package
                else version
            )
            rest, before = rest.replace(version.encode(), own.encode()), len(rest)
            length += len(rest) - before if length == before else 0
    return status, rest[:length], rest[length:]
