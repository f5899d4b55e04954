"""A decky's files as one user and one visitor see them: the machine's tree with that visitor's changes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from .host.accounts import Accounts
from .host.node import Node
from .host.origins import origin, remember
from .host.tree import Tree
from .limits import OutOfWork
from .visitors import BEGINNING, LONGEST_PATH, MOST_FILE, VisitorFiles

MOST_READ = 4 * 1024 * 1024
"""Bytes that a command reads from files, which must not delay the other visitors."""
MOST_LINKS = 40
"""As in Linux (path_resolution(7)): a path with more symbolic links is ELOOP."""
MOST_STEPS = 4096
"""Folders and links on the way to a file; a path of Linux has no more without links."""
FULL, TOO_LONG = "No space left on device", "File name too long"
LONGEST_SETTING = 200
LONGEST_NAME = 255
"""Characters."""
CHANGING = ("/proc/self", "/proc/thread-self", "/dev/fd")
"""What is behind these links depends on who looks at them."""
READ_ONLY = "Read-only file system"


class Machine(Protocol):
    """A machine as it is before a visitor changes it."""

    accounts: Accounts

    @property
    def nodes(self) -> Tree:
        """Its files."""

    def is_read_only(self, path: str) -> bool:
        """Whether a path without links is on a file system that is mounted `ro`."""


class View:
    """Paths to nodes. All paths are absolute; `absolute` makes them so."""

    world: Machine
    user: str
    files: VisitorFiles
    cwd: str
    _folder: tuple[tuple[str, int, int, int], str] | None = None

    def absolute(self, path: str) -> str:
        """A normalized absolute path."""
        return plain(path if path.startswith("/") else f"{self.cwd}/{path}")

    def node(self, path: str) -> Node | None:
        """The node at an absolute path; links are followed."""
        return self._found(path)[1]

    def real(self, path: str) -> str:
        """The path that links lead to; the rest of a path that does not exist is left as it is."""
        return self._found(path)[0]

    def lstat(self, path: str) -> Node | None:
        """The node at an absolute path; a link itself, not what it leads to."""
        folder, _, name = path.rpartition("/")
        return self.lstat_in(self._real_folder(folder or "/"), name) if name else self._own("/")

    def _real_folder(self, folder: str) -> str:
        """As `real`; the last answer is kept, because programs look at all files of a folder in a row."""
        key = folder, id(self.files), self.files.edits, id(self.world.nodes)
        if folder.startswith(CHANGING) or self._folder is None or self._folder[0] != key:
            self._folder = key, self.real(folder)
        return self._folder[1]

    def lstat_in(self, folder: str, name: str) -> Node | None:
        """As `lstat`, of a name in a folder whose path has no links."""
        return self._own(f"{folder.rstrip('/')}/{name}")

    def passed(self, path: str) -> tuple[list[Node], Node | None]:
        """The nodes on the way to an absolute path without those of links, the root first; and its own."""
        passed: list[Node] = []
        return passed, self._found(path, passed)[1]

    def _found(self, path: str, passed: list[Node] | None = None) -> tuple[str, Node | None]:
        """The path without links, and its node. The time for it is bounded."""
        if len(path) > LONGEST_PATH:
            return path, None
        done, links, steps = "", 0, 0
        rest = path.split("/")[::-1]
        node = self._own("/")
        while rest:
            name = rest.pop()
            if not name:
                continue
            if passed is not None and node is not None:
                passed.append(node)
            where = f"{done}/{name}"
            node, steps = self._own(where), steps + 1
            if node is None:
                return "/".join([where, *reversed(rest)]), None
            if node.target:
                links += 1
                if links > MOST_LINKS or steps > MOST_STEPS:
                    return "/".join([where, *reversed(rest)]), None
                target = node.target if node.target.startswith("/") else f"{done}/{node.target}"
                rest += plain(target).strip("/").split("/")[::-1]
                done, node = "", self._own("/")
                continue
            done = where
        return done or "/", node

    def _own(self, path: str) -> Node | None:
        """What is at exactly this path."""
        writer = self.files.writers.get(path)
        if writer is not None:
            writer.flush()
        changes = self.files.changes
        node = changes[path] if path in changes else self.node_before(path)
        when = self.files.folders.get(path, 0)
        return (
            replace(node, changed=when) if node is not None and node.folder and when > node.changed else node
        )

    def node_before(self, path: str) -> Node | None:
        """What was at exactly this path before the visitor changed anything."""
        return self.world.nodes.get(path)

    def names_before(self, folder: str) -> list[str]:
        """The names in a folder before the visitor changed anything."""
        return self.world.nodes.names(folder)

    def entries(self, path: str) -> list[str]:
        """The names in a folder, sorted as `ls` does without a locale."""
        path = self.real(path)
        prefix = path.rstrip("/") + "/"
        names = set(self.names_before(path))
        for name, node in self.files.changes.items():
            if name.startswith(prefix) and "/" not in name[len(prefix) :] and name != "/":
                (names.discard if node is None else names.add)(name[len(prefix) :])
        return sorted(names)

    def below(self, folder: str, most: int) -> list[tuple[str, Node]] | None:
        """All that is below a folder whose path has no links: the paths from it on, and the nodes, each
        folder before what is in it; None if these are more than `most`."""
        changed: dict[str, set[str]] = {}
        for path in self.files.changes:
            above, _, name = path.rpartition("/")
            changed.setdefault(above, set()).add(name)
        found: list[tuple[str, Node]] = []
        folders = [folder]
        while folders:
            where = folders.pop()
            for name in sorted(changed.get(where, set()).union(self.names_before(where))):
                node = self._own(f"{where}/{name}")
                if node is not None:
                    found.append((f"{where}/{name}"[len(folder) :], node))
                    if len(found) > most:
                        return None
                    if node.folder:
                        folders.append(f"{where}/{name}")
        return found

    def allowed(self, path: str, want: int) -> bool:
        """Whether this user may read (4), write (2) or enter (1) that path."""
        if self.user == "root":
            return True
        path, node = self._found(path)
        return node is None or (
            self._may(node, want) and all(self._may(each, 1) for each in self._above(path))
        )

    def _above(self, path: str) -> Iterator[Node]:
        """The folders in which a path without links is."""
        while path != "/":
            path = path.rpartition("/")[0] or "/"
            node = self._own(path)
            if node is not None:
                yield node

    def may_enter(self, folder: Node) -> bool:
        """Whether this user may go through a folder, apart from those above it."""
        return self.user == "root" or self._may(folder, 1)

    def _may(self, node: Node, want: int) -> bool:
        if node.owner == self.user:
            return bool(node.mode >> 6 & want)
        if any(each.name == node.group_name for each in self.world.accounts.groups_of(self.user)):
            return bool(node.mode >> 3 & want)
        return bool(node.mode & want)

    def read(self, path: str) -> str | None:
        """A file's text, None where there is no file. Raises OutOfWork."""
        content = self.content(path)
        return None if content is None else content.decode("utf-8", "surrogateescape")

    def content(self, path: str) -> bytes | None:
        """A file's bytes, None where there is no file. Raises OutOfWork."""
        node = self.node(path)
        if node is None or node.folder:
            return None
        content = node.data
        if node.size > len(content):
            remember(node, content)
        self.files.read += len(content)
        if self.files.read > MOST_READ:
            raise OutOfWork
        return content

    def loops(self, path: str) -> bool:
        """Whether a path is a link that leads back to itself (ELOOP)."""
        seen = set[str]()
        while path not in seen and len(seen) <= MOST_LINKS:
            seen.add(path)
            node = self.lstat(path)
            if node is None or not node.target:
                return False
            folder = path.rpartition("/")[0]
            path = plain(node.target if node.target.startswith("/") else f"{folder}/{node.target}")
        return True

    def refusal(self, path: str) -> str:
        """Why this user cannot write there; "" if he can."""
        folder = path.rsplit("/", 1)[0] or "/"
        parent = self.node(folder)
        if parent is None:
            return "No such file or directory"
        if not parent.folder:
            return "Not a directory"
        there = self.node(path)
        if there is not None and there.folder:
            return "Is a directory"
        if there is None and self.loops(path):
            return "Too many levels of symbolic links"
        if self.world.is_read_only(self.real(path)) and (there is None or not there.kind):
            return READ_ONLY
        if not self.allowed(path, 2) or (there is None and not self.allowed(folder, 2)):
            return "Permission denied"
        if path.startswith(("/proc/", "/sys/")) and not (there and is_setting(path, there)):
            missing = "Permission denied" if path.startswith("/sys/") else "No such file or directory"
            return "Permission denied" if there else missing
        return ""

    def put(self, path: str, content: bytes, size: int, mode: int = 0o644) -> str:
        """Store a file's content without recording it; `size` is what it has in all."""
        path = self.real(path)
        changes = self.files.changes
        there = changes[path] if path in changes else self.world.nodes.get(path)
        if there is not None and is_setting(path, there):
            content = setting(there.data, content)
            return self.change(path, replace(there, live=None, content=content, size=there.size))
        owner, group = (there.owner, there.group) if there else (self.user, "")
        mode = there.mode if there else mode
        node = Node(mode, owner=owner, group=group, changed=int(time.time()), size=size)
        names = self._names_of(path, there)
        if names:
            node = replace(node, inode=there.inode if there and there.inode else path)
        copied = origin(content) if size == len(content) else None
        if copied is not None:
            node, size = replace(node, size=copied.size, digests=copied.sums), copied.size
        whole = replace(node, content=content[: MOST_FILE if size <= MOST_FILE else BEGINNING])
        for each in (path, *names):
            failed = self.change(each, whole) and self.change(
                each, replace(node, content=content[:BEGINNING])
            )
            if failed:
                return failed
        return ""

    def _names_of(self, path: str, node: Node | None) -> list[str]:
        """The other names (hard links) of the file at a path."""
        first, changes = node.inode if node is not None and node.inode else path, self.files.changes
        others = [
            name
            for name, each in changes.items()
            if each is not None and each.inode == first and name != path
        ]
        if others or (node is not None and node.inode and path in changes):
            there = changes[first] if first in changes else self.node_before(first)
            others += [first] if first not in (path, *others) and there is not None else []
        return others

    def change(self, path: str, node: Node | None) -> str:
        """Set or remove the node at a path, or the link itself; the amount kept is bounded."""
        folder, _, name = path.rpartition("/")
        path = f"{self.real(folder or '/').rstrip('/')}/{name}"
        if len(path) > LONGEST_PATH or len(name) > LONGEST_NAME:
            return TOO_LONG
        if self.world.is_read_only(path):
            return READ_ONLY
        return "" if self.files.put(path, node, hides=path in self.world.nodes) else FULL


@dataclass
class UserView(View):
    """The same without a shell, for a file server or a login."""

    world: Machine
    user: str
    files: VisitorFiles = field(default_factory=VisitorFiles)
    cwd: str = "/"


def is_setting(path: str, node: Node) -> bool:
    """Whether a file is a setting of the kernel that can be written."""
    return path.startswith(("/proc/sys/", "/sys/")) and not node.folder and bool(node.mode & 0o200)


def setting(before: bytes, written: bytes) -> bytes:
    """What a setting of the kernel has after a text was written to it: one line, or its words with the chosen
    one in brackets."""
    line = written.strip().split(b"\n")[0][:LONGEST_SETTING]
    words = before.replace(b"[", b"").replace(b"]", b"").split()
    if b"[" in before:
        return (
            before if line not in words else b" ".join(b"[%b]" % w if w == line else w for w in words) + b"\n"
        )
    return b"\t".join(line.split()) + b"\n"


def plain(path: str) -> str:
    """The path without `.`, `..` and repeated slashes."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
