"""Bytes that are in an archive in pieces of the same length: only those that were read last are in memory."""

from __future__ import annotations

from collections import OrderedDict

from .archive import entry

LENGTH = 8 * 1024
KEPT = 4


class Pieces:
    """One row of bytes. Its pieces are the entries NAME.0, NAME.1... of the archive."""

    def __init__(self, archive: str, name: str) -> None:
        self._archive = archive
        self._name = name
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`, as a slice has them."""
        first, last = start // LENGTH, max(start, end - 1) // LENGTH
        whole = b"".join(self._piece(number) for number in range(first, last + 1))
        return whole[start - first * LENGTH : end - first * LENGTH]

    def _piece(self, number: int) -> bytes:
        piece = self._kept.pop(number, None)
        if piece is None:
            piece = entry(self._archive, f"{self._name}.{number}") or b""
        self._kept[number] = piece
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return piece
