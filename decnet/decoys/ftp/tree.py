"""The files that a user of the server sees and changes: those of the shell behind ssh and telnet."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, Self

from ..machine import Machine, is_known
from ..persona import Persona
from ..visitors import VisitorFiles
from ..wildcards import is_like

if TYPE_CHECKING:
    from ..host.node import Node as MadeNode
    from ..host.world import World
    from ..view import UserView

MOST_MOVED = 200
"""Files below a folder that is renamed."""
EXISTS, MISSING, NOT_EMPTY = "File exists", "No such file or directory", "Directory not empty"
IS_FOLDER, NO_FOLDER = "Is a directory", "Not a directory"
DENIED = "Permission denied"
INVALID = "Invalid argument"


class Node(Protocol):
    """One file, folder or link. `changed` is seconds since the epoch."""

    @property
    def mode(self) -> int: ...
    @property
    def folder(self) -> bool: ...
    @property
    def content(self) -> bytes: ...
    @property
    def owner(self) -> str: ...
    @property
    def changed(self) -> int: ...
    @property
    def target(self) -> str: ...
    @property
    def bytes(self) -> int: ...


class Kept:
    """The beginning of a file that arrives, as long as the visitor has room for it."""

    def __init__(self, files: VisitorFiles, most: int) -> None:
        self._files = files
        self._most = most
        self._content = bytearray()
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.hold(-self._held)

    def add(self, piece: bytes) -> None:
        """Take the next bytes."""
        piece = piece[: max(0, self._most - len(self._content))]
        if self._files.hold(len(piece)):
            self._held += len(piece)
            self._content += piece
        else:
            self._most = 0

    def taken(self) -> bytes:
        """What has arrived; its room can be used again."""
        self._files.hold(-self._held)
        self._held = 0
        return bytes(self._content)


class Tree:
    """Paths to nodes, as one user sees them. What changes something returns the reason why it cannot, ""
    on success."""

    def __init__(self, view: "UserView", home: str) -> None:
        self._view = view
        node = view.node(home)
        self.home = home if node is not None and node.folder else "/"
        self.user = view.user

    def absolute(self, path: str, cwd: str) -> str:
        """A normalized absolute path."""
        return self._view.absolute(path if path.startswith("/") else f"{cwd}/{path}")

    def node(self, path: str) -> Node | None:
        """The node at an absolute path; links are followed."""
        return self._view.node(path)

    def content(self, path: str) -> bytes | None:
        """A file that this user may read, None for anything else."""
        node = self._view.node(path)
        if node is None or node.folder or not self._view.allowed(path, 4):
            return None
        return node.data if node.live is not None or node.bytes == len(node.content) else None

    def is_folder(self, path: str) -> bool:
        """Whether this user may enter that folder."""
        node = self.node(path)
        return node is not None and node.folder and self._view.allowed(path, 1)

    def refusal(self, path: str) -> str:
        """Why this user cannot write a file there; "" if he can."""
        return self._view.refusal(path)

    def store(self, path: str, content: bytes, size: int) -> None:
        """Create or replace a file; `size` is what it has in all."""
        self._view.put(path, content, size)

    def has(self, path: str) -> bool:
        """Whether there is anything at that path, a link too."""
        return self._view.lstat(path) is not None

    def kept(self, most: int) -> Kept:
        """What will be stored of a file that arrives."""
        return Kept(self._view.files, most)

    def make(self, path: str) -> str:
        """Create a folder."""
        if self._view.lstat(path) is not None:
            return EXISTS
        reason = self._view.refusal(path)
        return reason or self._view.change(path, self._folder())

    def remove(self, path: str, *, folder: bool) -> str:
        """Remove a file, or an empty folder."""
        node = self._view.lstat(path)
        if node is None:
            return MISSING
        if node.folder != folder:
            return NO_FOLDER if folder else IS_FOLDER
        if path == "/" or not self._may_change(path):
            return DENIED
        return NOT_EMPTY if folder and self.names(path) else self._view.change(path, None)

    def allow(self, path: str, mode: int) -> str:
        """Set the permission bits of a file."""
        node = self._view.node(path)
        if node is None:
            return MISSING
        if self.user not in ("root", node.owner):
            return "Operation not permitted"
        return self._view.change(self._view.real(path), replace(node, mode=mode))

    def rename(self, source: str, target: str) -> str:
        """Move a file, or a folder with what is below it."""
        node, there = self._view.lstat(source), self._view.lstat(target)
        if node is None:
            return MISSING
        if not self._may_change(source) or not self._may_change(target):
            return DENIED if self._view.node(target.rpartition("/")[0] or "/") else MISSING
        if target.startswith(f"{source}/") or source == "/":
            return INVALID
        if there is not None and there.folder != node.folder:
            return IS_FOLDER if there.folder else NO_FOLDER
        if there is not None and there.folder and self.names(target):
            return NOT_EMPTY
        moved = [source, *self._below(source)]
        if len(moved) > MOST_MOVED:
            return DENIED
        for path in moved:
            reason = self._view.change(target + path[len(source) :], self._view.lstat(path))
            if reason:
                return reason
        for path in reversed(moved) if source != target else ():
            self._view.change(path, None)
        return ""

    def _below(self, path: str) -> list[str]:
        """All paths in a folder; a few more than may be moved if there are many."""
        found: list[str] = []
        waiting = [path]
        while waiting and len(found) <= MOST_MOVED:
            folder = waiting.pop()
            for name in self._names_of(folder):
                found.append(f"{folder}/{name}")
                waiting.append(f"{folder}/{name}")
        return found

    def _names_of(self, path: str) -> list[str]:
        node = self._view.lstat(path)
        return self.names(path) if node is not None and node.folder else []

    def _may_change(self, path: str) -> bool:
        """Whether this user may add or remove that name."""
        folder = path.rpartition("/")[0] or "/"
        node = self._view.node(folder)
        is_live = folder.startswith(("/proc", "/sys"))
        return node is not None and node.folder and not is_live and self._view.allowed(folder, 2)

    def _folder(self) -> "MadeNode":
        from ..host.node import Node as Made

        return Made(0o755, folder=True, owner=self.user, changed=int(time.time()))

    def names(self, path: str) -> list[str]:
        """The names in a folder, sorted, hidden ones included."""
        return self._view.entries(path)

    def listed(self, path: str, *, hidden: bool) -> list[tuple[str, Node]] | None:
        """The nodes of a listing: a folder's entries, a file, or those that match a pattern; None if there
        are none."""
        folder, _, last = path.rpartition("/")
        if "*" in last or "?" in last:
            names = [name for name in self.names(folder or "/") if is_like(name, last)]
            return self._entries(folder or "/", names)
        node = self.node(path)
        if node is None:
            return None
        if not node.folder:
            return [(last, node)]
        if not self._view.allowed(path, 4):
            return []
        names = [name for name in self.names(path) if hidden or not name.startswith(".")]
        dots: list[tuple[str, Node]] = []
        if hidden:
            above = self.node(folder or "/")
            dots = [(".", node), ("..", above if above is not None else node)]
        return dots + self._entries(path, names)

    def _entries(self, folder: str, names: list[str]) -> list[tuple[str, Node]]:
        found = ((name, self._view.lstat(f"{folder.rstrip('/')}/{name}")) for name in names)
        return [(name, node) for name, node in found if node is not None]


class _Guests:
    """What an anonymous visitor sees instead of the machine."""

    def __init__(self, persona: Persona, owner: str) -> None:
        from ..host.accounts import Accounts
        from ..host.node import Node as Made
        from ..host.tree import Tree as Nodes

        persona = persona.machine
        installed = Machine(persona).installed
        nodes = {"/": Made(0o755, folder=True, owner=owner, changed=installed)}
        if not persona.os.startswith(("embedded", "cisco")) and persona.choice(
            "ftp pub", (True, True, False)
        ):
            made = installed + persona.number("ftp pub made", 0, 9_000_000)
            nodes["/pub"] = Made(0o755, folder=True, owner=owner, changed=made)
        self.accounts = Accounts((), ())
        self.nodes = Nodes(nodes)

    def is_read_only(self, path: str) -> bool:
        """Of a guest's files none are: permissions refuse what he may not do."""
        return False


def of_guest(persona: Persona, owner: str = "root") -> Tree:
    """What an anonymous visitor sees: a root with `pub`, or an empty one."""
    from ..view import UserView

    return Tree(UserView(_Guests(persona, owner), "ftp"), "/")


def of_user(world: "World", user: str, files: VisitorFiles) -> Tree:
    """What a user of the machine sees: on a Unix the same files as in the shell."""
    from ..homes import settle
    from ..view import UserView

    settle(world, files, user)
    return Tree(UserView(world, user, files), world.home(user))


def has_shell(persona: Persona) -> bool:
    """Whether the machine is a Unix, whose files the shell shows."""
    return persona.os in ("linux", "bsd") or is_known(persona)
