# ruff: noqa: E501 (facts in rows)
"""The files that packages have brought, read from the data of the release when they are asked for."""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from .node import Node
from .packages import Package, Packages
from .readable import readable
from .release_data import Entry, ReleaseData

MOST_NODES = 1_500
"""Nodes of the folders that were used last, in memory."""
SECONDS = 2.0
"""How long nodes are kept that may change, as logs do."""
MOST_CONTENT = 16 * 1024
"""Bytes of a file whose content is not in the data."""
INTERPRETER_AT = 0x318
"""Where programs have the path of their interpreter, in position-independent executables of x86-64."""
INTERPRETER = b"/lib64/ld-linux-x86-64.so.2\0"
TEXTS = ("/etc/", "/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/usr/lib/", "/lib/")
"""Folders of files with a known text, of which no begin is in the data."""
GZIP = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03"


class PackagedFiles:
    """Folders with the entries that the installed packages have."""

    def __init__(self, packages: Packages, logged: Callable[[], int] = lambda: 0) -> None:
        """`logged`: how many lines visitors have caused."""
        self.packages = packages
        self._logged = logged
        self._folders: OrderedDict[str, tuple[float, dict[str, Node]]] = OrderedDict()
        self._seen: dict[str, int] = {}
        """By folder, how many lines its logs have."""
        self.made: dict[str, Callable[[], dict[str, Node]]] = {}
        """By folder, what makes the nodes in it that no package has brought."""
        self._kept = 0

    def get(self, path: str) -> Node | None:
        """The node at a path."""
        folder, _, name = path.rpartition("/")
        return self.folder(folder or "/").get(name)

    def folder(self, path: str) -> dict[str, Node]:
        """The nodes of a folder by their names, {} if there is none."""
        kept = self._folders.get(path)
        if kept is not None and not self._is_old(path, kept[0]):
            self._folders.move_to_end(path)
            return kept[1]
        found: dict[str, Node] = {}
        alike: dict[tuple[int, int, int], list[tuple[str, Entry]]] = {}
        for name, entry in self.packages.data.folder(path):
            node = self._node(f"{path.rstrip('/')}/{name}", entry)
            if node is not None:
                found[name] = node
                if entry.kind == "f" and entry.reference[:1] in ("p", "t") and entry.mode & 0o111:
                    alike.setdefault((entry.package, entry.age, entry.size), []).append((name, entry))
        _link(path, found, [names for group in alike.values() for names in self._same(group)])
        made = self.made.get(path)
        if made is not None:
            self._seen[path] = self._logged()
            found |= made()
        self._keep(path, found, time.monotonic() + SECONDS if made is not None else inf)
        return found

    def _is_old(self, path: str, until: float) -> bool:
        """Whether the nodes of a folder, which are kept until that time, are to be made again."""
        has_news = path.startswith("/var/log") and self._seen.get(path, 0) != self._logged()
        return has_news or until <= time.monotonic()

    def _same(self, alike: list[tuple[str, Entry]]) -> list[list[str]]:
        """The names of files of the same size that have the same content."""
        if len(alike) == 1:
            return []
        found: dict[str, list[str]] = {}
        for name, entry in alike:
            found.setdefault(self._content(entry), []).append(name)
        return list(found.values())

    def _content(self, entry: Entry) -> str:
        """What the contents of two files are compared by."""
        if entry.reference[0] == "t":
            return entry.reference
        return self.packages.data.sums(int(entry.reference.partition(",")[2]))[0][1]

    def _keep(self, path: str, nodes: dict[str, Node], until: float) -> None:
        dropped = self._folders.pop(path, (0.0, {}))[1]
        self._kept += len(nodes) - len(dropped)
        self._folders[path] = until, nodes
        while self._kept > MOST_NODES and len(self._folders) > 1:
            _, (_, dropped) = self._folders.popitem(last=False)
            self._kept -= len(dropped)

    def _node(self, path: str, entry: Entry) -> Node | None:
        if entry.kind == "d":
            unpacked = self._last_unpacked(path)
            if unpacked is None:
                package = self.packages.numbered(entry.package)
                unpacked = package.unpacked if package else None
            return None if unpacked is None else Node(entry.mode, True, owner=entry.owner, group=entry.group, changed=unpacked)  # fmt: skip
        package = self.packages.numbered(entry.package)
        if package is None:
            return None
        made = package.made - entry.age
        if entry.kind == "l":
            return Node(0o777, owner=entry.owner, group=entry.group, changed=made, target=entry.target)
        return self._file(path, entry, package, made)

    def _last_unpacked(self, folder: str) -> int | None:
        """When a package last put something into a folder, None if none did."""
        numbers = self.packages.data.brought_by(folder)
        times = [each.unpacked for number in numbers if (each := self.packages.numbered(number)) is not None]
        return max(times, default=None)

    def _file(self, path: str, entry: Entry, package: Package, made: int) -> Node:
        data = self.packages.data
        if entry.reference[:1] == "t":
            content = data.text(int(entry.reference[1:]))
            return Node(entry.mode, content=content, owner=entry.owner, group=entry.group, changed=made)
        live = Unknown(data, path, package.version, entry.size, entry.reference, package.is_recorded)
        return Node(entry.mode, owner=entry.owner, group=entry.group, changed=made, size=entry.size, live=live if entry.size else None)  # fmt: skip


def _link(folder: str, nodes: dict[str, Node], same: list[list[str]]) -> None:
    """Programs of one package and folder with the same content are names of one file."""
    for names in same:
        for name in names if len(names) > 1 else []:
            nodes[name] = replace(nodes[name], inode=f"{folder}/{names[0]}", links=len(names))


@dataclass(frozen=True, slots=True)
class Unknown:
    """Makes what stands for the content of a file. `reference`: where its begin and its sums are."""

    data: ReleaseData
    path: str
    version: str
    size: int
    reference: str
    is_recorded: bool
    """Whether the sums are those of this version."""

    def __call__(self) -> bytes:
        return unknown_content(self.path, self.version, self.head(), self.size)

    @property
    def digests(self) -> tuple[tuple[str, str], ...]:
        """The known sums of the content."""
        kind, number = self.reference[:1], self.reference.partition(",")[2]
        if kind not in ("p", "s") or not self.is_recorded:
            return ()
        return self.data.sums(int(number)) if kind == "p" else self.data.short_sum(int(number))

    def head(self) -> bytes:
        """Its first bytes, b"" if they are not known."""
        return self.data.head(int(self.reference[1:].partition(",")[0])) if self.reference else b""


def is_unknown(node: Node) -> bool:
    """Whether the content of a node stands for one that is not known."""
    live = node.live
    return isinstance(live, Unknown) or (isinstance(live, partial) and live.func is unknown_content)


def unknown_content(path: str, version: str, head: bytes, size: int) -> bytes:
    """What stands for the content of a file of which only the begin is known: the same on all machines that
    have this version of it, and no text that could be read."""
    if head[:2] in (b"", b"#!") and path.startswith(TEXTS) and (text := readable(path, size, version)):
        if not text.startswith(b"#!"):
            return text
        head = text
    length = min(size, MOST_CONTENT)
    noise = random.Random(f"{path} {version}").randbytes(length)
    if head[:2] == b"#!":
        first = head.rstrip(b"\0").partition(b"\n")[0] + b"\n"
        return (first + _lines(noise, length))[: length - 1] + b"\n"
    if head:
        front = head.ljust(INTERPRETER_AT, b"\0") + INTERPRETER
        return (front + noise[len(front) :])[:length]
    if path.endswith(".gz"):
        return (GZIP + noise[len(GZIP) :])[:length]
    if path.rpartition("/")[2] == "copyright":
        return _copyright(path.split("/")[-2], length)
    return _lines(noise, length)


def _copyright(package: str, length: int) -> bytes:
    text = (
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        f"Upstream-Name: {package}\n\nFiles: *\nCopyright: {package} authors\nLicense: GPL-2+\n\nLicense: GPL-2+\n"
        " On Debian systems, the full text of the license is in the file\n `/usr/share/common-licenses/GPL-2'.\n"
    )
    return (text.encode() * (length // len(text) + 1))[:length]


def _lines(noise: bytes, length: int) -> bytes:
    lines = (noise[at : at + 24].hex() for at in range(0, length, 24))
    return "\n".join(lines).encode()[: length - 1] + b"\n" if length else b""
