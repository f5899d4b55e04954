"""Where the mysql decoy waits."""

from __future__ import annotations

import ssl
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mysql_wire import PLAIN, Wire, native

from .base import Group, Held, Wait, connect, until

WEAK = (("credentials", "root:123456"),)
SSL, COMPRESS, PLUGINS = 1 << 11, 1 << 5, 1 << 19
CACHING = "caching_sha2_password"


def packet(number: int, content: bytes) -> bytes:
    return struct.pack("<I", len(content))[:3] + bytes((number,)) + content


def response(proof: bytes, plugin: str, capabilities: int = PLAIN) -> bytes:
    body = struct.pack("<IIB", capabilities | PLUGINS, 1 << 24, 45) + bytes(23) + b"root\0"
    return body + bytes((len(proof),)) + proof + plugin.encode() + b"\0"


def saying(*packets: tuple[int, bytes], rest: bytes = b"") -> Callable[[int], Held]:
    """Packets one after the other, each but the first once an answer to the one before is there."""

    def reach(port: int) -> Held:
        wire = Wire(port)
        for at, (number, content) in enumerate(packets):
            if at:
                wire.read()
            wire.line.sendall(packet(number, content))
        wire.line.sendall(rest)
        return Held([wire.line])

    return reach


def logged_in(port: int, capabilities: int = PLAIN) -> Wire:
    wire = Wire(port)
    proof = native("123456", wire.salt)
    wire.send(1, response(proof, "mysql_native_password", capabilities))
    assert wire.read()[1][:1] == b"\0"
    return wire


def commanding(*sent: bytes, capabilities: int = PLAIN) -> Callable[[int], Held]:
    def reach(port: int) -> Held:
        wire = logged_in(port, capabilities)
        wire.line.sendall(b"".join(sent))
        return Held([wire.line])

    return reach


@contextmanager
def steady(port: int) -> Iterator[Callable[[], object]]:
    wire = logged_in(port)
    with wire.line:
        yield lambda: wire.send(0, b"\x0e") or wire.read()


@contextmanager
def steadily_new(port: int) -> Iterator[Callable[[], object]]:
    """Greeted each time: for a server that refuses such logins. A source that never logs in is blocked in the
    end, so this one has an address of its own."""

    def ask() -> None:
        with connect(port, source="127.0.0.2") as line:
            until(line, b"\0")

    yield ask


def secured(port: int) -> Held:
    wire = Wire(port)
    wire.send(1, struct.pack("<IIB", PLAIN | SSL, 1 << 24, 45) + bytes(23))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return Held([context.wrap_socket(wire.line)])


FRAME = zlib.compress(packet(0, b"\x0e"))
GROUPS = (
    Group("mysql", "mysql", "debian-12", steady, (
        Wait("a handshake", "mysql/login.py:_read", saying()),
        Wait("the rest of a handshake", "mysql/packets.py:_take", saying(rest=packet(1, bytes(40))[:20])),
        Wait("what is too long", "mysql/packets.py:_forget", saying(rest=b"\xff\xff\x0f\x01abc")),
        Wait("another proof", "mysql/login.py:_prove", saying((1, response(b"x" * 32, CACHING)))),
        Wait("the end after a refusal", "tcp_server.py:linger",
              saying((1, response(b"x" * 20, "mysql_native_password")))),
        Wait("a command", "mysql/server.py:run", commanding()),
        Wait("the rest of a command", "mysql/packets.py:_take", commanding(packet(0, b"\x03select 1")[:8])),
        Wait("a frame", "mysql/packets.py:_more", commanding(capabilities=PLAIN | COMPRESS)),
        Wait("the rest of a frame", "mysql/packets.py:_more", commanding(
            struct.pack("<I", len(FRAME))[:3] + b"\0" + struct.pack("<I", 5)[:3] + FRAME[:4],
            capabilities=PLAIN | COMPRESS)),
        Wait("the end of a SLEEP", "mysql/server.py:_pause", commanding(packet(0, b"\x03select sleep(10)"))),
    ), WEAK),
    Group("mysql 8", "mysql", "ubuntu-22.04", steadily_new, (
        Wait("a TLS handshake", "tls.py:handshake",
              saying((1, struct.pack("<IIB", PLAIN | SSL, 1 << 24, 45) + bytes(23)))),
        Wait("a handshake in TLS", "mysql/login.py:_read", secured),
        Wait("a password", "mysql/login.py:_password", saying((1, response(b"x" * 32, CACHING)))),
        Wait("an encrypted password", "mysql/login.py:_password",
              saying((1, response(b"x" * 32, CACHING)), (3, b"\x02"))),
    ), WEAK),
)  # fmt: skip
