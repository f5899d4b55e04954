"""The files that a visitor sees: they are simulated and never change."""

import fnmatch
from collections.abc import Mapping
from typing import Protocol

from ..host.tree import Tree as MachineTree
from ..machine import Machine
from ..persona import Persona

MOST_LINKS = 5
MOST_STORED = 16
MOST_KEPT = 16 * 1024
"""Bytes of a stored file that its visitor can read back: they are in memory."""


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


class Tree:
    """Paths to nodes, as one user sees them."""

    def __init__(self, nodes: Mapping[str, Node], home: str, user: str) -> None:
        self._base = nodes
        self._nodes: dict[str, Node] = {}
        self._stored: set[str] = set()
        self.home = home if home in nodes else "/"
        self.user = user

    def absolute(self, path: str, cwd: str) -> str:
        """A normalized absolute path."""
        parts: list[str] = []
        for part in (path if path.startswith("/") else f"{cwd}/{path}").split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def node(self, path: str) -> Node | None:
        """The node at an absolute path; links are followed."""
        for _ in range(MOST_LINKS):
            node = self._at(path)
            if node is None or not node.target:
                return node
            path = self.absolute(node.target, path.rsplit("/", 1)[0])
        return None

    def content(self, path: str) -> bytes | None:
        """A file that this user may read, None for anything else."""
        node = self.node(path)
        if node is None or node.folder or node.bytes != len(node.content) or not self._may(node, 4):
            return None
        return node.content

    def is_folder(self, path: str) -> bool:
        """Whether this user may enter that folder."""
        node = self.node(path)
        return node is not None and node.folder and self._may(node, 1)

    def may_store(self, path: str) -> bool:
        """Whether this user may write a file there."""
        node, above = self.node(path), self.node(path.rpartition("/")[0] or "/")
        if node is not None:
            return not node.folder and self._may(node, 2)
        return above is not None and above.folder and self._may(above, 2)

    def add(self, nodes: Mapping[str, Node]) -> None:
        """Nodes in addition to those of the machine."""
        self._nodes.update(nodes)

    def store(self, path: str, node: Node) -> None:
        """A file that this visitor has stored: the same visit sees it, up to a number of files."""
        if len(self._stored) < MOST_STORED or path in self._stored:
            self._stored.add(path)
            self._nodes[path] = node

    def names(self, path: str) -> list[str]:
        """The names in a folder, sorted, hidden ones included."""
        prefix = path.rstrip("/") + "/"
        below = (each[len(prefix) :] for each in self._nodes if each.startswith(prefix) and each != "/")
        names = self._base.names(path) if isinstance(self._base, MachineTree) else []
        if not isinstance(self._base, MachineTree):
            inside = (each[len(prefix) :] for each in self._base if each.startswith(prefix) and each != "/")
            names = [name for name in inside if "/" not in name]
        return sorted({*names, *(name for name in below if "/" not in name)})

    def _at(self, path: str) -> Node | None:
        own = self._nodes.get(path)
        return own if own is not None else self._base.get(path)

    def listed(self, path: str, *, hidden: bool) -> list[tuple[str, Node]] | None:
        """The nodes of a listing: a folder's entries, a file, or those that match a pattern; None if there
        are none."""
        folder, _, last = path.rpartition("/")
        if "*" in last or "?" in last:
            names = fnmatch.filter(self.names(folder or "/"), last)
            return self._entries(folder or "/", names)
        node = self.node(path)
        if node is None:
            return None
        if not node.folder:
            return [(last, node)]
        if not self._may(node, 4):
            return []
        names = [name for name in self.names(path) if hidden or not name.startswith(".")]
        dots: list[tuple[str, Node]] = []
        if hidden:
            above = self.node(folder or "/")
            dots = [(".", node), ("..", above if above is not None else node)]
        return dots + self._entries(path, names)

    def _entries(self, folder: str, names: list[str]) -> list[tuple[str, Node]]:
        found = ((name, self._at(f"{folder.rstrip('/')}/{name}")) for name in names)
        return [(name, node) for name, node in found if node is not None]

    def _may(self, node: Node, want: int) -> bool:
        if self.user == "root":
            return True
        return bool(node.mode >> (6 if node.owner == self.user else 0) & want)


def of_guest(persona: Persona, owner: str = "root") -> Tree:
    """What an anonymous visitor sees: a root with `pub`, or an empty one."""
    from ..host.node import Node as Made

    persona = persona.machine
    machine = Machine(persona)
    installed = machine.first_start(0)
    nodes = {"/": Made(0o755, folder=True, owner=owner, changed=installed)}
    if not persona.os.startswith(("embedded", "cisco")) and persona.choice("ftp pub", (True, True, False)):
        made = machine.changed("ftp pub made", 9_000_000)
        nodes["/pub"] = Made(0o755, folder=True, owner=owner, changed=made)
    return Tree(nodes, "/", "ftp")


def of_user(persona: Persona, user: str) -> Tree:
    """What a user of the machine sees: on a Unix the same files as in the shell behind ssh."""
    if persona.os not in ("linux", "bsd"):
        return of_guest(persona)
    from ..host.node import Node as Made
    from ..host.world import World

    world = World(persona)
    home = world.home(user)
    own: dict[str, Node] = {}
    if home not in world.nodes:
        own[home] = Made(0o755, folder=True, owner=user, changed=world.installed)
        for name in (".bashrc", ".profile"):
            content = world.nodes[f"/root/{name}"].content
            own[f"{home}/{name}"] = Made(content=content, owner=user, changed=world.installed)
    tree = Tree(world.nodes, home, user)
    tree.add(own)
    tree.home = home
    return tree
