"""Which of the machine's own programs a file is, also after `mv`, `cp` and `ln`: intruders rename tools."""

from __future__ import annotations

from ..host.node import Node
from ..host.packaged import Unknown
from .state import Shell

COMPARED = 4096
"""Bytes."""
FOLDERS = ("/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin")


def original(shell: Shell, path: str, names: list[str]) -> str:
    """The name of the program that the file at a path is, "" if it is none of the machine's. `names`: of all
    programs of the machine."""
    real = shell.real(path)
    folder, _, base = real.rpartition("/")
    if folder in FOLDERS and real not in shell.files.changes:
        return base
    node = shell.node(path)
    if node is None:
        return ""
    source = _source(node)
    if source:
        return source.rpartition("/")[2]
    begin = node.data[:COMPARED]
    for name in names:
        for place in FOLDERS[:2]:
            there = shell.world.nodes.get(f"{place}/{name}")
            if (
                there is not None
                and begin.startswith(_head(there) or b"\0")
                and there.data[:COMPARED] == begin
            ):
                return name
    return ""


def _source(node: Node) -> str:
    """The path at which a package has brought a file that was only moved."""
    return node.live.path if isinstance(node.live, Unknown) else ""


def _head(node: Node) -> bytes:
    """The first bytes of a program, b"" if they are not known."""
    return node.live.head() if isinstance(node.live, Unknown) else b""


def is_gone(shell: Shell, name: str) -> bool:
    """Whether the visitor has removed or renamed the machine's program of this name."""
    changes = shell.files.changes
    if not changes:
        return False
    removed = [f"{folder}/{name}" in changes and changes[f"{folder}/{name}"] is None for folder in FOLDERS]
    if not any(removed):
        return False
    return all(shell.lstat(f"{folder}/{name}") is None for folder in FOLDERS)
