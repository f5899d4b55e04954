"""The part of ASN.1's Basic Encoding Rules that SNMP uses (RFC 3417, section 8), read with bounds."""

import struct

INTEGER, STRING, NULL, OBJECT, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
ADDRESS, COUNTER, GAUGE, TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82

MOST_ARCS = 128
MOST_ARC = 0xFFFFFFFF

Oid = tuple[int, ...]


class Malformed(Exception):
    """An encoding that these rules or SNMP do not allow."""


class Reader:
    """Reads a sequence of encoded values."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def more(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)

    def any(self) -> tuple[int, bytes]:
        """The next value: its tag and content."""
        if self._at + 2 > len(self._data):
            raise Malformed
        tag, length = self._data[self._at], self._data[self._at + 1]
        self._at += 2
        if length & 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4 or self._at + count > len(self._data):
                raise Malformed
            length = int.from_bytes(self._data[self._at : self._at + count], "big")
            self._at += count
        end = self._at + length
        if end > len(self._data):
            raise Malformed
        content = self._data[self._at : end]
        self._at = end
        return tag, content

    def take(self, tag: int) -> bytes:
        """The content of the next value, which must have this tag."""
        found, content = self.any()
        if found != tag:
            raise Malformed
        return content

    def inside(self, tag: int = SEQUENCE) -> "Reader":
        """A reader of the next value's content."""
        return Reader(self.take(tag))

    def cut_inside(self) -> "Reader":
        """A reader of the next value's content, as far as it exists."""
        head = self._data[self._at : self._at + 2]
        if head[:1] != bytes((SEQUENCE,)) or len(head) < 2:
            raise Malformed
        return Reader(self._data[self._at + 2 + (head[1] & 0x7F if head[1] & 0x80 else 0) :])

    def integer(self) -> int:
        """An INTEGER of at most 32 bits and a sign."""
        content = self.take(INTEGER)
        if not 1 <= len(content) <= 5:
            raise Malformed
        return int.from_bytes(content, "big", signed=True)

    def string(self) -> bytes:
        """An OCTET STRING."""
        return self.take(STRING)

    def oid(self) -> Oid:
        """An OBJECT IDENTIFIER."""
        return oid_of(self.take(OBJECT))


def oid_of(content: bytes) -> Oid:
    """The numbers of an encoded object identifier."""
    arcs: list[int] = []
    arc = 0
    for byte in content:
        arc = arc << 7 | byte & 0x7F
        if arc > MOST_ARC or len(arcs) >= MOST_ARCS:
            raise Malformed
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    if not content or content[-1] & 0x80:
        raise Malformed
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - 40 * first, *arcs[1:])


def value(tag: int, content: bytes) -> bytes:
    """Tag, length and content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes, tag: int = SEQUENCE) -> bytes:
    """A constructed value of these parts."""
    return value(tag, b"".join(parts))


def integer(number: int, tag: int = INTEGER) -> bytes:
    """A whole number in its shortest form."""
    return value(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def counter(number: int) -> bytes:
    """A Counter32, which begins again at 0."""
    return integer(number & MOST_ARC, COUNTER)


def counter64(number: int) -> bytes:
    """A Counter64."""
    return integer(number & 0xFFFFFFFFFFFFFFFF, COUNTER64)


def gauge(number: int) -> bytes:
    """A Gauge32, which stays at its highest value."""
    return integer(min(max(number, 0), MOST_ARC), GAUGE)


def ticks(number: int) -> bytes:
    """TimeTicks: hundredths of a second."""
    return integer(number & MOST_ARC, TICKS)


def address(text: str) -> bytes:
    """An IpAddress."""
    return value(ADDRESS, bytes(map(int, text.split("."))))


def floating(number: float) -> bytes:
    """A float in an Opaque, as net-snmp wraps it."""
    return value(OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", number))


def string(content: bytes) -> bytes:
    """An OCTET STRING."""
    return value(STRING, content)


def text(content: str) -> bytes:
    """Text as an OCTET STRING."""
    return string(content.encode("utf-8", "replace"))


def oid(arcs: Oid) -> bytes:
    """An OBJECT IDENTIFIER."""
    if len(arcs) < 2:
        arcs = (*arcs, 0, 0)[:2]
    return value(OBJECT, b"".join(_arc(arc) for arc in (arcs[0] * 40 + arcs[1], *arcs[2:])))


def _arc(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(0x80 | arc & 0x7F)
    return bytes(reversed(groups))


NOTHING = value(NULL, b"")
