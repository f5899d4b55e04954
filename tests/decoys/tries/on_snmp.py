# ruff: noqa: E501 (one row of the table stands on one line)
"""SNMP: communities and users, right or wrong, in datagrams that are whole or not."""

from __future__ import annotations

import socket
from collections.abc import Callable

from decnet.decoys.snmp import ber

from .base import Matching, Target, Try, login, refused

GET, RESPONSE, TRAP = 0xA0, 0xA2, 0xA4
NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
TOOL = ("-r0", "-t0.3", "127.0.0.1:{port}", "1.3.6.1.2.1.1.5.0")


def asked(community: bytes, version: int = 1, kind: int = GET) -> bytes:
    bindings = ber.sequence(ber.sequence(ber.oid(NAME), ber.NOTHING))
    pdu = ber.sequence(ber.integer(7), ber.integer(0), ber.integer(0), bindings, tag=kind)
    return ber.sequence(ber.integer(version), ber.string(community), pdu)


def user(name: bytes, digest: bytes = b"", engine: bytes = b"other") -> bytes:
    header = ber.sequence(ber.integer(5), ber.integer(65507), ber.string(b"\4"), ber.integer(3))
    security = ber.sequence(
        ber.string(engine), ber.integer(0), ber.integer(0), ber.string(name), ber.string(digest), ber.string(b"")
    )  # fmt: skip
    return ber.sequence(ber.integer(3), header, ber.string(security), ber.sequence())


def send(*datagrams: bytes) -> Callable[[int], object]:
    def visit(port: int) -> socket.socket:
        line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        line.connect(("127.0.0.1", port))
        for datagram in datagrams:
            line.send(datagram)
        return line

    return visit


def community(name: str, success: bool = False, method: str = "v2c") -> dict[str, object]:
    return login(method, success, None, community=name)


MANY = [b"guess%d" % number for number in range(40)]
TRIES = (
    Try("a wrong community", send(asked(b"private")), (community("private"),)),
    Try("the right one", send(asked(b"floor7", 0)), (community("floor7", True, "v1"),)),
    Try("the right one behind many", send(*map(asked, MANY), asked(b"floor7")),
        (*(community(name.decode()) for name in MANY), community("floor7", True))),
    Try("no community", send(asked(b"")), (community(""),)),
    Try("bytes", send(asked(b"\xff\x01\xe2\x82\xac")), (community("\\xff\x01€"),)),
    Try("a long one", send(asked(b"c" * 1200)), (community("c" * 1000),)),
    Try("a response", send(asked(b"private", kind=RESPONSE)), (community("private"),)),
    Try("a trap", send(asked(b"private", 0, TRAP)), (community("private", method="v1"),)),
    Try("cut off", send(asked(b"private")[:-9]), (community("private"),)),
    Try("a user of another engine", send(user(b"admin")), refused("v3", "admin")),
    Try("a user with a short digest", send(user(b"admin", b"\1\2")), refused("v3", "admin", response="0102")),
    Try("snmpget", ("snmpget", "-v2c", "-c", "hunter2", *TOOL), (community("hunter2"),)),
    Try("snmpget with a user", ("snmpget", "-v3", "-l", "authNoPriv", "-u", "ops", "-a", "SHA", "-A", "hunter22", *TOOL),
        refused("v3", "ops", hash=Matching(r"\$SNMPv3\$0\$1\$[0-9a-f]+\$[0-9a-f]+\$[0-9a-f]{24}"))),
    Try("snmpset", ("snmpset", "-v1", "-c", "hunter2", *TOOL, "s", "x"), (community("hunter2", method="v1"),)),
)  # fmt: skip

TARGETS = (
    Target("snmp", "debian-12", TRIES, {"communities": "floor7"}, protocol="udp"),
    Target("snmp", "cisco-ios-15.2", TRIES, {"communities": "floor7"}, protocol="udp"),
)
