"""SSH's own data types (RFC 4251, section 5), read with bounds."""

from collections.abc import Sequence


class Malformed(Exception):
    """A message without the required content."""


class Message:
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

    def byte(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def flag(self) -> bool:
        """A boolean."""
        return self.byte() != 0

    def number(self) -> int:
        """An uint32."""
        return int.from_bytes(self.take(4), "big")

    def string(self, most: int = 256 * 1024) -> bytes:
        """A string of at most `most` bytes."""
        length = self.number()
        if length > most:
            raise Malformed
        return self.take(length)

    def cut(self) -> bytes:
        """A string, or as much of it as exists."""
        return self.take(min(self.number(), self.left))

    def text(self, most: int = 4096) -> str:
        """A string as text; what is not UTF-8 is escaped."""
        return self.string(most).decode("utf-8", "backslashreplace")

    def names(self) -> list[str]:
        """A name-list."""
        raw = self.string(16 * 1024)
        return raw.decode("ascii", "replace").split(",") if raw else []

    def mpint(self) -> int:
        """A positive mpint."""
        raw = self.string(2048)
        if raw and raw[0] & 0x80:
            raise Malformed
        return int.from_bytes(raw, "big")

    @property
    def left(self) -> int:
        """The number of remaining bytes."""
        return len(self._data) - self._at

    def rest(self) -> bytes:
        """The remaining bytes."""
        return self.take(len(self._data) - self._at)


def uint32(value: int) -> bytes:
    """Four bytes, big-endian."""
    return (value & 0xFFFFFFFF).to_bytes(4, "big")


def string(value: bytes | str) -> bytes:
    """Length and bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return uint32(len(raw)) + raw


def mpint(value: int) -> bytes:
    """A positive integer."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


def names(values: Sequence[str]) -> bytes:
    """A name-list."""
    return string(",".join(values))


def flag(value: bool) -> bytes:
    """A boolean."""
    return b"\x01" if value else b"\x00"
