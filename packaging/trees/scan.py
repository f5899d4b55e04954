"""What a package contains: its control fields, its files with their sums, and the versions in its changelog."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import re
import subprocess
import tarfile
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path

MOST_TEXT = 64 * 1024
HEAD = 64
"""Bytes of an ELF header."""


@dataclass
class Entry:
    """One file, folder or link of a package."""

    path: str
    kind: str
    """d, f or l."""
    mode: int
    owner: str
    group: str
    size: int
    changed: int
    target: str = ""
    sums: tuple[str, ...] = ()
    """md5, sha1 and sha256 of a file."""
    build_id: str = ""
    head: bytes = b""
    text: bytes | None = None


@dataclass
class Package:
    """One package as the archive has it."""

    control: dict[str, str]
    entries: list[Entry] = field(default_factory=list)
    conffiles: list[str] = field(default_factory=list)
    scripts: dict[str, int] = field(default_factory=dict)
    """The control archive's other files with their sizes (postinst, triggers...)."""
    history: list[tuple[str, int]] = field(default_factory=list)
    """Versions with the times of their changelog entries, the newest first."""


def package_in(path: Path) -> Package:
    """Read a .deb file; the result is kept next to it."""
    kept = path.with_suffix(".scan")
    if kept.exists():
        found: Package = pickle.loads(kept.read_bytes())
        return found
    made = _read(path)
    kept.write_bytes(pickle.dumps(made))
    return made


def _read(path: Path) -> Package:
    control = _run("dpkg-deb", "--ctrl-tarfile", path)
    package = Package({})
    with tarfile.open(fileobj=control, mode="r|") as archive:
        for member in archive:
            name = member.name.removeprefix("./")
            data = archive.extractfile(member)
            if data is None:
                continue
            text = data.read().decode("utf-8", "replace")
            if name == "control":
                package.control = _fields(text)
            elif name == "conffiles":
                package.conffiles = text.split("\n")
            if name != "control":
                package.scripts[name] = member.size
    package.conffiles = [line.strip() for line in package.conffiles if line.startswith("/")]
    with tarfile.open(fileobj=_run("dpkg-deb", "--fsys-tarfile", path), mode="r|") as archive:
        for member in archive:
            _add(package, archive, member)
    return package


def _run(*words: str | Path):  # type: ignore[no-untyped-def]
    return subprocess.Popen(list(words), stdout=subprocess.PIPE).stdout


def _fields(text: str) -> dict[str, str]:
    from .archive import stanzas

    return next(iter(stanzas(text)))


def _add(package: Package, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    path = "/" + member.name.removeprefix("./").strip("/")
    kind = "d" if member.isdir() else "l" if member.issym() else "f"
    entry = Entry(path, kind, member.mode, member.uname or str(member.uid), member.gname or str(member.gid),
                  member.size, int(member.mtime), member.linkname if member.issym() else "")  # fmt: skip
    if member.islnk():
        entry.target = "/" + member.linkname.removeprefix("./")
        entry.kind = "h"
    if member.isreg():
        data = archive.extractfile(member)
        assert data is not None
        _content(package, entry, data.read())
    package.entries.append(entry)


def _content(package: Package, entry: Entry, data: bytes) -> None:
    entry.sums = tuple(hashlib.new(name, data).hexdigest() for name in ("md5", "sha1", "sha256"))
    if data[:4] == b"\x7fELF":
        entry.head = data[:HEAD]
        found = re.search(rb"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0(.{20})", data[:8192], re.S)
        entry.build_id = found[1].hex() if found else ""
    elif len(data) <= MOST_TEXT and b"\0" not in data:
        entry.text = data
    if re.match(r"/usr/share/doc/[^/]+/changelog(\.Debian(\.amd64)?)?\.gz$", entry.path):
        package.history += _history(gzip.decompress(data).decode("utf-8", "replace"))
        package.history.sort(key=lambda each: -each[1])


def _history(text: str) -> list[tuple[str, int]]:
    found = []
    for head in re.finditer(r"^\S+ \(([^)]+)\) [^\n]*\n.*?^ -- [^\n]*>  ([^\n]+)$", text, re.M | re.S):
        try:
            found.append((head[1], int(parsedate_to_datetime(head[2].strip()).timestamp())))
        except (ValueError, TypeError):
            continue
        if len(found) > 40:
            break
    return found
