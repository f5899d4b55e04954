# ruff: noqa: E501 (one row of the table stands on one line)
"""MySQL and MariaDB: proofs, passwords and accounts, in the handshake and behind it."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable

from mysql_wire import PLAIN, Wire, native
from sending import send_all

from .base import Login, Matching, Target, Try, accepted, login, refused

NATIVE, CACHING, CLEAR = "mysql_native_password", "caching_sha2_password", "mysql_clear_password"
HASH = Matching(r"\$mysqlna\$[0-9a-f]{40}\*[0-9a-f]{40}")
SHA2 = Matching(r"[0-9a-f]{40}\*[0-9a-f]{64}")
TOOL = ("mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", "{port}")
FIXED = struct.pack("<IIB", PLAIN, 1 << 24, 45) + bytes(23)


def tried(user: str, password: str, plugin: str = NATIVE) -> Callable[[int], socket.socket]:
    def visit(port: int) -> socket.socket:
        wire = Wire(port)
        wire.login(user, native(password, wire.salt) if password else b"", plugin=plugin)
        send_all(wire.line)
        return wire.line

    return visit


def answered(content: bytes, number: int = 1, length: int = -1) -> Callable[[int], socket.socket]:
    """A handshake response of these bytes, and the end of input."""

    def visit(port: int) -> socket.socket:
        wire = Wire(port)
        head = struct.pack("<I", len(content) if length < 0 else length)[:3]
        send_all(wire.line, head + bytes((number,)) + content)
        return wire.line

    return visit


def commanded(code: int, *rest: bytes) -> Callable[[int], socket.socket]:
    """A login that succeeds, and commands after it."""

    def visit(port: int) -> socket.socket:
        wire = Wire(port)
        wire.login("app", native("app", wire.salt))
        for each in rest:
            wire.send(0, bytes((code,)) + each)
            wire.read()
        return wire.line

    return visit


def inside_tls(*packets: bytes, length: int = -1) -> Callable[[int], socket.socket]:
    """A user with a password that is asked for in clear, inside TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def visit(port: int) -> socket.socket:
        wire = Wire(port)
        wire.send(1, struct.pack("<IIB", PLAIN | 1 << 11, 1 << 24, 45) + bytes(23))
        wire.line = context.wrap_socket(wire.line)
        number, answer = wire.login("bob", b"\1" * 32, number=2, plugin=CACHING)
        assert answer == b"\1\4"
        for packet in packets:
            head = struct.pack("<I", len(packet) if length < 0 else length)[:3]
            wire.line.sendall(head + bytes((number + 1,)) + packet)
        return wire.line

    return visit


def body(user: bytes, proof: bytes, rest: bytes = b"mysql_native_password\0") -> bytes:
    return FIXED + user + b"\0" + bytes((len(proof),)) + proof + rest


IN: tuple[Login] = accepted(NATIVE, "app", password="app")
CHANGE = b"admin\0\x14" + b"\7" * 20 + b"\0\x2d\0mysql_native_password\0"
REPLICA = struct.pack("<I", 9) + b"\1h" + b"\4repl" + b"\6secret" + bytes(10)
OLD = struct.pack("<HBH", 0x0001, 0, 0)
TRIES = (
    Try("a common password", tried("root", "123456"), refused(NATIVE, "root", password="123456")),
    Try("a rare one", tried("root", "S7.x!"), refused(NATIVE, "root", hash=HASH)),
    Try("none", tried("root", ""), refused(NATIVE, "root", password="")),
    Try("an account", tried("app", "app"), IN),
    Try("a proof of another plugin, and gone", tried("root", "S7.x!", CACHING), refused(CACHING, "root", hash=HASH)),
    Try("in clear, unasked", answered(body(b"root", b"hunter2\0", b"mysql_clear_password\0")),
        refused(CLEAR, "root", password="hunter2")),
    Try("a proof of bad length", answered(body(b"root", b"\1\2\3")), refused(NATIVE, "root", response="010203")),
    Try("before 4.1", answered(OLD + b"root\0abcdefgh\0"), refused(NATIVE, "root", response=b"abcdefgh".hex())),
    Try("bytes", answered(body(b"\xff\1", b"")), refused(NATIVE, "\\xff\1", password="")),
    Try("bad attributes", answered(struct.pack("<IIB", PLAIN | 1 << 20, 1 << 24, 45) + bytes(23) + b"root\0\0"
        + b"mysql_native_password\0\x40x"), refused(NATIVE, "root", password="")),
    Try("a packet that does not end", answered(body(b"root", b"\7" * 20), length=999), refused(NATIVE, "root", hash=HASH)),
    Try("a packet out of order", answered(body(b"root", b"\7" * 20), number=9), refused(NATIVE, "root", hash=HASH)),
    Try("a packet too long", answered(body(b"root", b"\7" * 20, b"mysql_native_password\0" + bytes(20_000))),
        refused(NATIVE, "root", hash=HASH)),
    Try("a change of user", commanded(17, CHANGE), (*IN, login("change user", False, "admin", hash=HASH))),
    Try("half a change of user", commanded(17, b"admin\0\x14"), (*IN, login("change user", False, "admin", password=""))),
    Try("a replica", commanded(21, REPLICA), (*IN, login("register slave", False, "repl", password="secret"))),
    Try("statements", commanded(3, b"CREATE USER 'eve'@'%' IDENTIFIED BY 'pw\xff'", b"SET PASSWORD = PASSWORD('new')",
        b"CHANGE MASTER TO MASTER_USER='r', MASTER_PASSWORD='s'", b"GRANT ALL ON *.* TO `o`@h IDENTIFIED BY \"q\""), (
        *IN, login("statement", False, "eve", password="pw\\xff"), login("statement", True, "", password="new"),
        login("statement", False, "r", password="s"), login("statement", False, "o", password="q"))),
    Try("a statement to prepare", commanded(22, b"ALTER USER eve IDENTIFIED BY 'pw'"),
        (*IN, login("statement", False, "eve", password="pw"))),
    Try("the real client", (*TOOL, "-uroot", "-proot123"),
        refused(NATIVE, "root", password="root123", client=Matching("libmariadb .*"))),
    Try("the real client with a database", (*TOOL, "-uroot", "-px", "shop"),
        refused(NATIVE, "root", hash=HASH, database="shop", client=Matching("libmariadb .*"))),
)  # fmt: skip
EIGHT = (
    Try("in clear, inside TLS", inside_tls(b"Tr0ub4dor&3\0"), refused(CLEAR, "bob", password="Tr0ub4dor&3")),
    Try("too long", inside_tls(b"p" * 20_000), refused(CACHING, "bob", password="p" * 1000)),
    Try("gone in the password", lambda port: inside_tls(b"Tr0ub", length=40)(port).close(), refused(CACHING, "bob", password="Tr0ub")),
    Try("gone before it", lambda port: inside_tls()(port).close(), refused(CACHING, "bob", hash=SHA2)),
    Try("the real client", (*TOOL, "-ubob", "-proot123", "--ssl"),
        refused(CLEAR, "bob", password="root123", client=Matching("libmariadb .*"))),
)  # fmt: skip


TARGETS = (
    Target("mysql", "debian-12", TRIES, {"credentials": "app:app"}),
    Target("mysql", "ubuntu-22.04", EIGHT, {"credentials": "bob:other"}, "8.0.39-0ubuntu0.22.04.1"),
)
