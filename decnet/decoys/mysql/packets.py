"""Packets of the client/server protocol: a length of three bytes, a number, and the payload."""

import struct
import time

from ..tcp_server import Line

SHORT_PACKET = 16384
"""net_buffer_length: the longest packet before a login."""
LONG_PACKET = 256 * 1024
MOST_FRAME = 256 * 1024
MOST_KEPT = 4096


class Failed(Exception):
    """The server's refusal. `fatal`: it then closes the connection."""

    def __init__(self, code: int, state: str, text: str, *, fatal: bool = False) -> None:
        super().__init__(code, text)
        self.code = code
        self.state = state
        self.text = text
        self.fatal = fatal


class Malformed(Exception):
    """A packet that ends before it is whole."""


class Channel:
    """One connection's packets. `number` is that of the next one, in either direction."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.number = 0
        self._buffer = bytearray()
        self._out = bytearray()
        self._frames: bytearray | None = None
        self._frame = 0

    def compress(self) -> None:
        """From here on received packets are in frames that may be compressed, and sent packets in
        uncompressed frames."""
        self._frames = bytearray()

    async def read(self, seconds: float, most: int) -> bytes:
        """The next packet. Raises Failed if it is out of order or too long, EOFError, TimeoutError."""
        deadline = time.monotonic() + seconds
        head = await self._take(4, deadline)
        if head[3] != self.number:
            raise OutOfOrder(bytes(head))
        self.number = (self.number + 1) % 256
        length = int.from_bytes(head[:3], "little")
        if length > most:
            await self._forget(length, deadline)
            raise Failed(1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes", fatal=True)
        return await self._take(length, deadline)

    def put(self, content: bytes) -> None:
        """Send a packet without waiting."""
        self._out += struct.pack("<I", len(content))[:3] + bytes((self.number,)) + content
        self.number = (self.number + 1) % 256

    async def flush(self) -> None:
        """Send the queued packets."""
        out = bytes(self._out)
        self._out.clear()
        if self._frames is not None:
            pieces = (out[at : at + MOST_FRAME] for at in range(0, len(out), MOST_FRAME))
            out = b"".join(self._framed(piece) for piece in pieces)
        await self.line.send(out)

    async def send(self, content: bytes) -> None:
        """Send one packet."""
        self.put(content)
        await self.flush()

    def left(self) -> bytes:
        """Bytes that were received but not read: the beginning of TLS, or of an incomplete or too long
        packet."""
        left, self._buffer = bytes(self._buffer), bytearray()
        return left

    async def _take(self, count: int, deadline: float) -> bytes:
        while len(self._buffer) < count:
            self._buffer += await self._more(deadline)
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def _forget(self, count: int, deadline: float) -> None:
        """Read over so many bytes; the first of them are `left`."""
        kept = bytearray()
        try:
            while count > len(self._buffer):
                count -= len(self._buffer)
                kept += self._buffer[: MOST_KEPT - len(kept)]
                self._buffer.clear()
                self._buffer += await self._more(deadline)
        finally:
            self._buffer = kept + self._buffer[: MOST_KEPT - len(kept)]

    def _framed(self, piece: bytes) -> bytes:
        self._frame = (self._frame + 1) % 256
        return struct.pack("<I", len(piece))[:3] + bytes((self._frame, 0, 0, 0)) + piece

    async def _more(self, deadline: float) -> bytes:
        """Bytes of packets, unpacked from their frames if there are any."""
        if self._frames is None:
            return await self._raw(deadline)
        while len(self._frames) < 7 or len(self._frames) < 7 + int.from_bytes(self._frames[:3], "little"):
            if len(self._frames) > LONG_PACKET:
                raise EOFError
            self._frames += await self._raw(deadline)
        length, self._frame = int.from_bytes(self._frames[:3], "little"), self._frames[3]
        inside, whole = bytes(self._frames[7 : 7 + length]), int.from_bytes(self._frames[4:7], "little")
        del self._frames[: 7 + length]
        return _inflated(inside) if whole else inside

    async def _raw(self, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        data = await self.line.read(left)
        if not data:
            raise EOFError
        return data


def _inflated(content: bytes) -> bytes:
    import zlib

    try:
        return zlib.decompressobj().decompress(content, LONG_PACKET)
    except zlib.error as error:
        raise EOFError from error


class OutOfOrder(Failed):
    """A packet with the wrong number: usually other data. `head`: its first four bytes."""

    def __init__(self, head: bytes) -> None:
        super().__init__(1156, "08S01", "Got packets out of order", fatal=True)
        self.head = head


class Fields:
    """A packet's content, from the front."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def take(self, count: int) -> bytes:
        """So many bytes. Raises Malformed."""
        if count > len(self._rest):
            raise Malformed
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def number(self, count: int) -> int:
        """A number of so many bytes."""
        return int.from_bytes(self.take(count), "little")

    def text(self) -> bytes:
        """The text before the next NUL, which must be there."""
        found, nul, rest = self._rest.partition(b"\0")
        if not nul:
            raise Malformed
        self._rest = rest
        return found

    def last(self) -> bytes:
        """The text before the next NUL, or before the end."""
        found, _, self._rest = self._rest.partition(b"\0")
        return found

    def counted(self) -> bytes:
        """Bytes behind their number, which is coded in one, three, four or nine bytes."""
        first = self.number(1)
        width = {0xFC: 2, 0xFD: 3, 0xFE: 8}.get(first, 0)
        return self.take(self.number(width) if width else first)

    def __len__(self) -> int:
        return len(self._rest)


def counted(content: bytes) -> bytes:
    """Bytes behind their number."""
    return number(len(content)) + content


def number(value: int) -> bytes:
    """A number in as many bytes as it needs."""
    if value < 251:
        return bytes((value,))
    if value < 1 << 16:
        return b"\xfc" + struct.pack("<H", value)
    if value < 1 << 24:
        return b"\xfd" + struct.pack("<I", value)[:3]
    return b"\xfe" + struct.pack("<Q", value)
