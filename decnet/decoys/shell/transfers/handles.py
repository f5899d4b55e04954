"""Files that a visitor's programs have open."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...host.node import Node
from ...uploads import kept_piece
from ...visitors import MOST_FILE
from ..descriptors import FileWriter
from ..state import Shell

BLOCK = 4096
MOST_OLD = 1024 * 1024
"""Bytes of a file that are hashed again where it is opened for changes."""
MOST_SIZE = 64 * 1024 * 1024
FULL = "No space left on device"


class Update(FileWriter):
    """A file that is open for writing at any place. It is recorded when it is closed."""

    def __init__(self, shell: Shell, path: str, *, truncate: bool) -> None:
        node = shell.node(path)
        old = b"" if truncate or node is None else piece_of(shell, path, node, 0, min(node.bytes, MOST_OLD))
        super().__init__(shell, path, append=False)
        self._is_dirty = self._was_written = truncate
        self._sums = {name: hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1")}
        self._is_ordered = True
        if old:
            self._add(old)
        if node is not None and not truncate and node.bytes > len(old):
            self.whole = False

    @property
    def size(self) -> int:
        """What it has now."""
        return self._incoming.size

    def append(self, data: bytes) -> str:
        """Write at the end."""
        return self.write_at(self.size, data)

    def write_at(self, offset: int, data: bytes) -> str:
        """Write at a place; the error, "" on success."""
        if max(offset, self.size) + len(data) > MOST_SIZE:
            return FULL
        self._is_dirty = self._was_written = True
        if offset == self.size:
            self._add(data)
            return ""
        self._is_ordered = False
        end = offset + len(data)
        self._keep_zeros(end)
        if end <= len(self._content):
            self._content[offset:end] = data
        self._incoming.patch(offset, data)
        return ""

    def set_size(self, size: int) -> str:
        """Cut it, or add zeros; the error, "" on success."""
        if size > MOST_SIZE:
            return FULL
        self._is_dirty = self._was_written = True
        if size != self.size:
            self._is_ordered = False
            self._shell.files.hold(-max(0, len(self._content) - size))
            del self._content[size:]
            self._keep_zeros(size)
            self._incoming.cut(size)
        return ""

    def _keep_zeros(self, size: int) -> None:
        self._keep(bytes(max(0, min(size, MOST_FILE) - len(self._content))))

    def _add(self, data: bytes) -> None:
        self._incoming.add(data)
        self._keep(data)
        for each in self._sums.values():
            each.update(data)

    def close(self) -> None:
        is_last, was_written = self._users == 1, self._was_written
        sums = {name: each.hexdigest() for name, each in self._sums.items()}
        sums["sha256"] = self._incoming.sha256 if is_last else ""
        super().close()
        node = self._shell.node(self.path) if is_last and was_written and self._is_ordered else None
        if node is not None and node.bytes > len(node.content):
            self._shell.change(self.path, replace(node, digests=tuple(sorted(sums.items()))))


@dataclass
class Handle:
    """An open file or folder; of a folder, `names` are those not yet listed."""

    path: str
    node: Node
    update: Update | None = None
    reads: bool = True
    appends: bool = False
    names: Iterator[str] | None = None


def piece_of(shell: Shell, path: str, node: Node, offset: int, count: int) -> bytes:
    """Bytes of a file from a place on, b"" at its end. What a decoy does not have of a large file is filled
    in, the same each time."""
    content = node.data
    size = max(node.bytes, len(content))
    count = min(count, max(0, size - offset))
    piece = content[offset : offset + count]
    at = offset + len(piece)
    while len(piece) < count:
        missing = count - len(piece)
        more = kept_piece(dict(node.sums).get("sha256", ""), at, missing)
        piece += more or _filling(shell, path, at, missing)
        at = offset + len(piece)
    return piece


def _filling(shell: Shell, path: str, at: int, count: int) -> bytes:
    """The rest of one block."""
    block, skipped = divmod(at, BLOCK)
    made = shell.world.persona.bytes_for(f"content {path} {block}", BLOCK)
    return made[skipped : skipped + count]
