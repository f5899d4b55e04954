# ruff: noqa: E501 (one row of the table stands on one line)
"""Telnet: names and passwords that are typed, asked for or not, and those that a shell is fed."""

from __future__ import annotations

import socket
from collections.abc import Callable

from telnet_client import Client

from .base import Target, Try, accepted, login, refused


def typed(*lines: bytes, end: bytes = b"\r\n") -> Callable[[int], socket.socket]:
    """A client that agrees on options, and types without looking."""

    def visit(port: int) -> socket.socket:
        client = Client(port)
        client.line.sendall(end.join(lines) + end)
        client.until(b":")
        return client.line

    return visit


def asked(*steps: tuple[bytes, bytes]) -> Callable[[int], None]:
    """A client that waits for each prompt, and leaves after its last word."""

    def visit(port: int) -> None:
        with Client(port) as client:
            for prompt, text in steps:
                client.until(prompt)
                client.line.sendall(text)

    return visit


PAIR = {"username": "admin", "password": "xc3511"}
IN = accepted("password", "root", password="123456")
TYPED = (
    Try("a wrong password", typed(b"admin", b"xc3511"), refused("password", **PAIR)),
    Try("an account", typed(b"root", b"123456"), IN),
    Try("never negotiated", b"admin\r\nxc3511\r\n", refused("password", **PAIR)),
    Try("a password without its end", b"admin\r\nxc3511", refused("password", **PAIR)),
    Try("a name alone", b"admin\r\n", refused("none", "admin")),
    Try("an empty password", typed(b"admin", b""), refused("password", "admin", password="")),
    Try("bytes", typed(b"\xe4\xe2\x82\xac", b"\xfe\xff\xff"), refused("password", "\\xe4€", password="\\xfe\\xff")),
    Try("a long password", typed(b"admin", b"p" * 3000), refused("password", "admin", password="p" * 1000)),
    Try("more than it asks for", b"".join(b"user%d\r\npass%d\r\n" % (n, n) for n in range(12)),
        tuple(login("password", False, f"user{n}", password=f"pass{n}") for n in range(12))),
)  # fmt: skip
ASKED = (
    Try("gone at the password", asked((b"ogin: ", b"admin\r\0"), (b"assword", b"")), refused("none", "admin")),
    Try("gone in the password", asked((b"ogin: ", b"admin\r\0"), (b"assword", b"xc3511")), refused("password", **PAIR)),
    Try("an interrupt", asked((b"ogin: ", b"admin\r\0"), (b"assword", b"xc3511\x03"), (b"\r\n", b"")),
        refused("password", **PAIR)),
)  # fmt: skip
SHELL = (
    Try("a shell's input", typed(b"root", b"123456", b"echo root:new1 | chpasswd", b"echo 'new2' | passwd admin",
        b"echo old | sudo -S id"), (
        *IN, login("chpasswd", True, "root", password="new1"), login("passwd", False, "admin", password="new2"),
        login("sudo", True, "root", password="old"))),
)  # fmt: skip
ROUTER = (
    Try("enable", asked((b"Username: ", b"root\r\0"), (b"assword", b"123456\r\0"), (b">", b"enable\r\0"),
        (b"assword: ", b"s3cret\r\0"), (b"assword: ", b"")), (
        *IN, login("enable", False, "root", password="s3cret"))),
    Try("enable, typed ahead", b"root\r\n123456\r\nenable\r\ns3cret\r\n", (*IN, login("enable", False, "root", password="s3cret"))),
)  # fmt: skip
PRINTER = (
    Try("its own password", b"passwd: hunter2\r\nset-cmnty-name: floor7\r\n", (
        login("passwd", True, "", password="hunter2"), login("set-cmnty-name", True, "", password="floor7"))),
)  # fmt: skip
OPTION = (
    Try("a name in an option", b"\xff\xfb\x25\xff\xfa\x25\x03admin\xff\xf0\xff\xfa\x25\x00\x06\x00\x01\xff\xf0",
        refused("telnet", "admin", response="00060001")),
)  # fmt: skip
KNOWN = {"credentials": "root:123456"}

TARGETS = (
    Target("telnet", "debian-12", (*TYPED, *ASKED, *SHELL, *OPTION), KNOWN),
    Target("telnet", "ubuntu-22.04", TYPED, KNOWN),
    Target("telnet", "rocky-9", TYPED, KNOWN),
    Target("telnet", "freebsd-14.0", (*TYPED, *ASKED), KNOWN),
    Target("telnet", "busybox-camera", (*TYPED, *ASKED), KNOWN),
    Target("telnet", "windows-server-2019", (*TYPED, *ASKED), KNOWN),
    Target("telnet", "cisco-ios-15.2", (*TYPED, *ROUTER), KNOWN),
    Target("telnet", "hp-laserjet-m404", PRINTER),
)
