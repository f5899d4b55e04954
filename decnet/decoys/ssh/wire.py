"""SSH's own data types (RFC 4251, section 5), read with bounds."""

from collections.abc import Sequence

from ..ssh_strings import Malformed, Reader, string, uint32

__all__ = ["Malformed", "Message", "flag", "mpint", "names", "string", "uint32"]


class Message(Reader):
    """One message of the transport or a layer above it."""

    def byte(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def flag(self) -> bool:
        """A boolean."""
        return self.byte() != 0

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


def mpint(value: int) -> bytes:
    """A positive integer."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


def names(values: Sequence[str]) -> bytes:
    """A name-list."""
    return string(",".join(values))


def flag(value: bool) -> bytes:
    """A boolean."""
    return b"\x01" if value else b"\x00"
