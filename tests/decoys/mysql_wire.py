"""MySQL's protocol from the client's side, packet by packet."""

from __future__ import annotations

import hashlib
import socket
import struct

PLAIN = 0x000FA685
"""Capabilities of a client without TLS."""


class Wire:
    """One connection, packet by packet."""

    def __init__(self, port: int) -> None:
        self.line: socket.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.greeting = self.read()[1]
        end = self.greeting.index(b"\0")
        self.salt = self.greeting[end + 5 : end + 13] + self.greeting[end + 32 : end + 44]

    def read(self) -> tuple[int, bytes]:
        head = self._take(4)
        return head[3], self._take(int.from_bytes(head[:3], "little"))

    def _take(self, count: int) -> bytes:
        out = b""
        while len(out) < count:
            piece = self.line.recv(count - len(out))
            if not piece:
                raise EOFError
            out += piece
        return out

    def send(self, number: int, content: bytes) -> None:
        self.line.sendall(struct.pack("<I", len(content))[:3] + bytes((number,)) + content)

    def login(
        self, user: str, proof: bytes, *, number: int = 1, plugin: str = "mysql_native_password"
    ) -> tuple[int, bytes]:
        body = struct.pack("<IIB", PLAIN, 1 << 24, 45) + bytes(23) + user.encode() + b"\0"
        self.send(number, body + bytes((len(proof),)) + proof + plugin.encode() + b"\0")
        return self.read()


def native(password: str, salt: bytes) -> bytes:
    once = hashlib.sha1(password.encode()).digest()
    other = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, other, strict=True))
