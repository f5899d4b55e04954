"""The file system of a machine as it is before any visitor changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .node import Node


class Tree(Mapping[str, Node]):
    """Normalized absolute paths to nodes, and the names in each folder. Links are not followed."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = dict(nodes)
        self._names: dict[str, list[str]] = {}
        for path in self._nodes:
            if path != "/":
                folder, _, name = path.rpartition("/")
                self._names.setdefault(folder or "/", []).append(name)
        for names in self._names.values():
            names.sort()

    def __getitem__(self, path: str) -> Node:
        return self._nodes[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def get(self, path: str, default: Node | None = None) -> Node | None:  # type: ignore[override]
        """The node at a path, `default` if there is none."""
        return self._nodes.get(path, default)

    def names(self, folder: str) -> list[str]:
        """The names in a folder, sorted by code point; [] if it is empty or none."""
        return self._names.get(folder, [])
