"""Messages of the SSH file transfer protocol, version 3 (draft-ietf-secsh-filexfer-02)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ...host.node import Node
from ...ssh_strings import Malformed, Reader, string, uint32

INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT, OPENDIR, READDIR = range(1, 13)
REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME, READLINK, SYMLINK = range(13, 21)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED, EXTENDED_REPLY = 200, 201
OK, END, NO_FILE, DENIED, FAILURE, BAD, UNSUPPORTED = 0, 1, 2, 3, 4, 5, 8
STATUSES = {
    OK: "Success", END: "End of file", NO_FILE: "No such file", DENIED: "Permission denied",
    FAILURE: "Failure", BAD: "Bad message", UNSUPPORTED: "Operation unsupported",
}  # fmt: skip
MOST_LENGTH = 256 * 1024
HAS_SIZE, HAS_OWNER, HAS_MODE, HAS_TIMES, HAS_MORE = 1, 2, 4, 8, 0x80000000


class Request(Reader):
    """One request of a client."""

    def path(self) -> str:
        """A path; what is not UTF-8 is in it as with `surrogateescape`. Raises Malformed at a NUL."""
        raw = self.string()
        if b"\0" in raw:
            raise Malformed
        return raw.decode("utf-8", "surrogateescape")

    def attributes(self) -> Attributes:
        """What a client wants to set."""
        flags = self.number()
        found = Attributes()
        if flags & HAS_SIZE:
            found.size = self.number(8)
        if flags & HAS_OWNER:
            found.owner = (self.number(), self.number())
        if flags & HAS_MODE:
            found.mode = self.number() & 0o7777
        if flags & HAS_TIMES:
            found.times = (self.number(), self.number())
        if flags & HAS_MORE:
            for _ in range(self.number()):
                self.string(), self.string()
        return found


@dataclass
class Attributes:
    """None: not to be set. `owner` is user and group, `times` of access and of modification."""

    size: int | None = None
    owner: tuple[int, int] | None = None
    mode: int | None = None
    times: tuple[int, int] | None = None


def attributes_of(node: Node, owner: int, group: int) -> bytes:
    """What a server reports about a file."""
    flags = HAS_SIZE | HAS_OWNER | HAS_MODE | HAS_TIMES
    changed = uint32(node.changed)
    return (
        struct.pack(">IQ", flags, node.bytes & 0xFFFFFFFFFFFFFFFF)
        + uint32(owner) + uint32(group) + uint32(node.type_and_mode) + changed + changed
    )  # fmt: skip


def status(code: int) -> bytes:
    """A STATUS message without its request's number."""
    return bytes((STATUS,)) + uint32(code) + string(STATUSES[code]) + string("")


def named(path: str) -> bytes:
    """A NAME message with one path."""
    return bytes((NAME,)) + uint32(1) + string(path) * 2 + uint32(0)
