# ruff: noqa: E501 (facts in rows)
"""The file system of a machine as it is before any visitor changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from .folder_sizes import SIZES
from .node import Node
from .packaged import PackagedFiles


class Tree(Mapping[str, Node]):
    """Normalized absolute paths to nodes, and the names in each folder. Links are not followed.

    `own` (`nodes`) are this machine's own; `packaged` has what its packages have brought, where `nodes` has nothing."""

    def __init__(self, nodes: Mapping[str, Node], packaged: PackagedFiles | None = None) -> None:
        self.own = dict(nodes)
        self._packaged = packaged
        self._names: dict[str, list[str]] = {}
        self._length = -1
        for path in self.own:
            if path != "/":
                folder, _, name = path.rpartition("/")
                self._names.setdefault(folder or "/", []).append(name)
        for names in self._names.values():
            names.sort()

    def __getitem__(self, path: str) -> Node:
        node = self.get(path)
        if node is None:
            raise KeyError(path)
        return node

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self.get(path) is not None

    def __iter__(self) -> Iterator[str]:
        """All paths, each folder before what is in it."""
        stack = ["/"]
        while stack:
            path = stack.pop()
            yield path
            base = path.rstrip("/")
            stack += [f"{base}/{name}" for name in reversed(self.names(path))]

    def __len__(self) -> int:
        if self._length < 0:
            self._length = sum(1 for _ in self)
        return self._length

    def get(self, path: str, default: Node | None = None) -> Node | None:  # type: ignore[override]
        """The node at a path, `default` if there is none."""
        node = self.own.get(path)
        if node is None and self._packaged is not None:
            node = self._packaged.get(path)
        if path in SIZES and node is not None and node.folder and self._packaged is not None:
            node = replace(node, size=SIZES[path])
        return default if node is None else node

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted by code point; [] if it is empty or none."""
        own = self._names.get(folder, [])
        packaged = self._packaged.folder(folder) if self._packaged is not None else {}
        if not packaged:
            return own
        return sorted({*own, *packaged}) if own else sorted(packaged)
