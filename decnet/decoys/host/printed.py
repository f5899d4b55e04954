# ruff: noqa: E501 (a table)
"""What the programs of a release print with --help, with --version, or without an argument.

From the archives RELEASE.printed.zip (packaging/trees/printed.py). Releases without one have the texts of
another release with their own versions in them."""

from __future__ import annotations

import re
import time
from functools import cache

from .archive import entry
from .packages import Packages
from .printed_versions import OPENSSL, with_own_versions

SOURCES = {
    ("debian", "11"): "ubuntu-22.04", ("debian", "12"): "debian-12", ("ubuntu", "20.04"): "ubuntu-22.04",
    ("ubuntu", "22.04"): "ubuntu-22.04", ("ubuntu", "24.04"): "debian-12",
}  # fmt: skip
"""By system and version, whose archive is read."""
FOLDERS = ("/usr/bin", "/usr/sbin", "/bin", "/sbin")
BY_LINK = {"nc": "netcat-openbsd", "netcat": "netcat-openbsd"} | dict.fromkeys(
    ("ex", "rview", "vi", "view", "vim"), "vim-common"
)
"""The packages of programs whose names are alternatives."""
MOST_PLAIN = 3
"""Characters of a revision that could be a number of anything."""
SERVED = {
    ("debian", "11"): ("debian-11", "debian-12"), ("debian", "12"): ("debian-12",), ("ubuntu", "20.04"): ("ubuntu-20.04", "ubuntu-22.04", "debian-12"),
    ("ubuntu", "22.04"): ("ubuntu-22.04", "debian-12"), ("ubuntu", "24.04"): ("ubuntu-24.04", "ubuntu-22.04", "debian-12"),
}  # fmt: skip
"""By system and version, the archives RELEASE.served.zip that are read, the best one first."""


class _Archive:
    """Texts by their keys: blocks of many answers, and where each one is."""

    def __init__(self, name: str) -> None:
        self._name = f"{name}.zip"
        self._index = entry(self._name, "index") or b""
        self._last = "", b""

    def get(self, key: str) -> bytes | None:
        """The answer of one call, None if it is not there."""
        begin = f"\n{key}\t".encode()
        index = self._index
        at = index.find(begin)
        if at < 0:
            return None
        row = index[at + len(begin) : index.index(b"\n", at + 1)].decode()
        block, start, length = row.split("\t")
        if self._last[0] != block:
            self._last = block, entry(self._name, block) or b""
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
    out, error = (
        _with_own_versions(text, release, system[1], packages, words[0])
        for text in (rest[:length], rest[length:])
    )
    return status, out, error


def _with_own_versions(text: bytes, release: str, version: str, packages: Packages, command: str) -> bytes:
    if not text:
        return text
    found = (packages.of_path(f"{folder}/{command}") for folder in FOLDERS)
    names = next((each for each in found if each), [BY_LINK.get(command, "")])
    rows = archive(f"{release}.printed").get("versions") or b""
    bare = names[0].removesuffix("-static")
    recorded = re.search(rf"(?m)^{re.escape(bare)}(?:-static)? (\S+)$".encode(), rows)
    if recorded is None:
        return text
    return with_own_versions(text, names[0], recorded[1].decode(), packages, version)


def served(system: tuple[str, str], packages: Packages, words: list[str]) -> tuple[int, bytes, bytes] | None:
    """The same for the programs and scripts of services (packaging/trees/served.py), with the version of this
    machine's package."""
    key = " ".join(words)
    for release in SERVED.get(system, ()):
        data = archive(f"{release}.served").get(key)
        if data is None:
            continue
        head, _, rest = data.partition(b"\n")
        status, length, name, version = head.decode().split()
        out, error = rest[: int(length)], rest[int(length) :]
        folder = "" if words[0].startswith("/") else "/usr/sbin/"
        names = packages.of_path(folder + words[0]) or packages.of_path(f"/usr/bin/{words[0]}")
        own = packages.get(names[0] if names else name)
        if own is None:
            return None
        for before, after in _versions(version, own.version):
            out, error = out.replace(before, after), error.replace(before, after)
        openssl = OPENSSL.get(system[1], "").encode()
        if openssl:
            out, error = (
                re.sub(rb"(?<=OpenSSL )\d\.\d\.\d+\w? +\d+ \w{3} \d{4}", openssl, text)
                for text in (out, error)
            )
        return int(status), _dated(out, own.made), _dated(error, own.made)
    return None


def built_as_proftpd(made: int) -> str:
    """When ProFTPD was built, as it prints it."""
    when = time.gmtime(made)
    return f"{time.strftime('%a %b', when)} {when.tm_mday} {time.strftime('%Y %H:%M:%S', when)} UTC"


def _dated(text: bytes, made: int) -> bytes:
    """A text with the time at which this machine's package was built, in the forms of Apache, Exim, ProFTPD and
    MySQL."""
    when = time.gmtime(made)
    for pattern, value in (
        (rb"(?<=Server built:   )[\d-]{10}T[\d:]{8}", time.strftime("%Y-%m-%dT%H:%M:%S", when)),
        (rb"(?<= built )\d{1,2}-\w{3}-\d{4} [\d:]{8}", time.strftime("%d-%b-%Y %H:%M:%S", when)),
        (rb"(?<=Built: )\w{3} \w{3} +\d+ \d{4} [\d:]{8} UTC", built_as_proftpd(made)),
        (rb"(?<=Copyright \(c\) 2000, )20\d\d(?=, Oracle and)", str(when.tm_year)),
    ):
        text = re.sub(pattern, value.encode(), text)
    return text


def _versions(recorded: str, own: str) -> list[tuple[bytes, bytes]]:
    """What of a version is in texts: all of it, without its epoch, without what the distribution adds, and that
    alone."""
    pairs = []
    for each in (recorded, own):
        bare = each.rpartition(":")[2]
        front, _, revision = bare.rpartition("-")
        upstream = front.partition("+")[0] or bare
        alone = f"-{revision}" if len(revision) > MOST_PLAIN else bare
        pairs.append((bare.encode(), upstream.encode(), alone.encode()))
    return list(zip(*pairs, strict=True))
