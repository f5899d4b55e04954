"""The data types that SSH and its file transfer have in common (RFC 4251, section 5), read with bounds."""

from __future__ import annotations

MOST_STRING = 256 * 1024
"""Bytes."""


class Malformed(Exception):
    """A message without the required content."""


class Reader:
    """Reads one message from its beginning; every read is checked against its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self._at + count
        if end > len(self._data):
            raise Malformed
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def number(self, size: int = 4) -> int:
        """An unsigned number of 4 or 8 bytes."""
        return int.from_bytes(self.take(size), "big")

    def string(self, most: int = MOST_STRING) -> bytes:
        """A string of at most `most` bytes."""
        length = self.number()
        if length > most:
            raise Malformed
        return self.take(length)


def uint32(value: int) -> bytes:
    """Four bytes, big-endian."""
    return (value & 0xFFFFFFFF).to_bytes(4, "big")


def string(value: bytes | str) -> bytes:
    """Length and bytes; of text, what was no UTF-8 is as it was."""
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return uint32(len(raw)) + raw
