"""Files packed by gzip(1) with its defaults for logs: without a name, with the time of their last change."""

import struct
import zlib

HEAD = struct.Struct("<4sIBB")
END = struct.Struct("<II")
BEST, UNKNOWN = 2, 255
"""The extra flags and the system of origin (RFC 1952)."""


def packed(content: bytes, changed: int) -> bytes:
    """`changed`: seconds since the epoch. The module `gzip` does the same, and takes 0.1 MiB."""
    head = HEAD.pack(b"\x1f\x8b\x08\0", changed, BEST, UNKNOWN)
    return head + zlib.compress(content, 9, -15) + END.pack(zlib.crc32(content), len(content))


def unpacked(content: bytes) -> bytes:
    """The content of what `packed` made."""
    return zlib.decompress(content, 31)
