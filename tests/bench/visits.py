"""Short visits to each service, as scanners make them: every one from its own address of 127/8."""

from __future__ import annotations

import itertools
import os
import re
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "decoys"), str(Path(__file__).parents[1])]

WAIT_SECONDS = 60.0
_numbers = itertools.count(1 << 16)

Visit = Callable[[socket.socket], None]
"""From the first byte to the answer that the visitor came for."""


def decoy(folder: Path, service: str, **more: Any) -> Any:
    """A decoy as a plain process on loopback, as in the tests."""
    from clients import persona_of
    from process import Decoy

    protocol = "udp" if service == "snmp" else "tcp"
    weak = {"settings": {"credentials": "root:123456"}}
    return Decoy(folder, service, persona_of(service, "debian-12", **weak), protocol, **more)


def connected(service: str, port: int) -> socket.socket:
    """From an address that no other connection of this process had."""
    kind = socket.SOCK_DGRAM if service == "snmp" else socket.SOCK_STREAM
    line = socket.socket(socket.AF_INET, kind)
    line.settimeout(WAIT_SECONDS)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.bind((socket.inet_ntoa(struct.pack(">I", 127 << 24 | next(_numbers))), 0))
    line.connect(("127.0.0.1", port))
    return line


def visited(service: str, port: int) -> None:
    """One whole visit."""
    with connected(service, port) as line:
        VISITS[service](line)


def _until(line: socket.socket, end: bytes) -> bytes:
    said = b""
    while end not in said:
        piece = line.recv(65536)
        if not piece:
            raise EOFError(said[-200:])
        said += piece
    return said


def _all(line: socket.socket) -> None:
    while line.recv(65536):
        continue


def _http(line: socket.socket) -> None:
    line.sendall(b"GET / HTTP/1.0\r\n\r\n")
    _all(line)


def _redis(line: socket.socket) -> None:
    line.sendall(b"INFO server\r\n")
    _until(line, b"uptime_in_days")


def _telnet(line: socket.socket) -> None:
    """Refuses every option (RFC 854)."""
    said = b""
    while b"login: " not in said:
        piece = line.recv(4096)
        if not piece:
            raise EOFError(said)
        said += piece
        asked = re.findall(rb"\xff([\xfb\xfd])(.)", piece, re.DOTALL)
        no = {b"\xfb": b"\xfe", b"\xfd": b"\xfc"}
        line.sendall(b"".join(b"\xff" + no[verb] + option for verb, option in asked))


def _ftp(line: socket.socket) -> None:
    _until(line, b"220 ")
    line.sendall(b"FEAT\r\nQUIT\r\n")
    _all(line)


def _smtp(line: socket.socket) -> None:
    _until(line, b"220 ")
    line.sendall(b"EHLO there\r\n")
    _until(line, b"250 ")
    line.sendall(b"QUIT\r\n")
    _all(line)


def _mysql(line: socket.socket) -> None:
    head = line.recv(4, socket.MSG_WAITALL)
    line.recv(int.from_bytes(head[:3], "little"), socket.MSG_WAITALL)
    # Of a client without TLS (tests/decoys/mysql_wire.py), with no password.
    body = struct.pack("<IIB", 0x000FA685, 1 << 24, 45) + bytes(23) + b"root\0\0mysql_native_password\0"
    line.sendall(struct.pack("<I", len(body))[:3] + b"\1" + body)
    if len(line.recv(4, socket.MSG_WAITALL)) < 4:
        raise EOFError


def _snmp(line: socket.socket) -> None:
    # A GetRequest of version 2c, community "public", for sysDescr.0 (RFC 3416).
    line.send(
        b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\0\x02\x01\0"
        b"\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x01\0\x05\0"
    )
    line.recv(2048)


def _ssh(line: socket.socket) -> None:
    """The whole key exchange, with the signature of the host key."""
    lists = (
        "curve25519-sha256",
        "ssh-ed25519",
        *("aes128-ctr",) * 2,
        *("hmac-sha2-256",) * 2,
        *("none",) * 2,
    )
    names = b"".join(struct.pack(">I", len(each)) + each.encode() for each in (*lists, "", ""))
    line.sendall(b"SSH-2.0-visitor\r\n" + _packet(b"\x14" + os.urandom(16) + names + bytes(5)))
    line.sendall(_packet(b"\x1e\0\0\0\x20" + b"\x09" + bytes(31)))
    _until(line, b"\0\0\0\x0c\x0a\x15")


def _packet(payload: bytes) -> bytes:
    """A packet before there are keys (RFC 4253)."""
    padding = 16 - (len(payload) + 5) % 8
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


VISITS: dict[str, Visit] = {
    "ssh": _ssh, "http": _http, "telnet": _telnet, "ftp": _ftp, "smtp": _smtp, "mysql": _mysql,
    "redis": _redis, "snmp": _snmp,
}  # fmt: skip
