"""Where the ftp decoy waits."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

from .base import Group, Held, Wait, asking, connect, saying, until

WEAK = (("credentials", "root:123456"),)
USER, PASSWORD = b"USER root\r\n", b"PASS 123456\r\n"


def passive(*commands: bytes, data: bool = False) -> Callable[[int], Held]:
    """Log in, make the server wait for a data connection, and open it if that is wanted."""

    def reach(port: int) -> Held:
        line = connect(port)
        until(line, b"220 ")
        for command in (USER, PASSWORD):
            line.sendall(command)
            until(line, b"331 ", b"230 ")
        line.sendall(b"PASV\r\n")
        numbers = re.search(rb"(\d+),(\d+)\)", until(line, b")"))
        assert numbers is not None
        line.sendall(b"".join(commands))
        if not data:
            return Held([line])
        other = (int(numbers[1]) << 8) + int(numbers[2])
        return Held([line, socket.create_connection(("127.0.0.1", other), 30)])

    return reach


GROUPS = (
    Group("ftp", "ftp", "debian-12", asking(b"220 ", b"SYST\r\n", b"530 "), (
        Wait("a command", "ftp/session.py:_read", saying(b"")),
        Wait("the rest of a line", "ftp/session.py:_read", saying(b"USE")),
        Wait("the end of a wrong login", "ftp/session.py:_turn_away", saying(b"USER a\r\nPASS b\r\n")),
        Wait("a connection for a list", "ftp/data.py:meet", passive(b"LIST\r\n")),
        Wait("a connection for a file", "ftp/data.py:meet", passive(b"RETR /etc/hostname\r\n")),
        Wait("the end after QUIT", "tcp_server.py:linger", saying(b"QUIT\r\n")),
    ), WEAK),
    Group("ftp, proftpd", "ftp", "debian-12-nginx", asking(b"220 ", b"SYST\r\n", b"215 "), (
        Wait("a connection for facts", "ftp/data.py:meet", passive(b"MLSD\r\n")),
    ), WEAK),
    Group("ftp, a printer", "ftp", "hp-laserjet-m404", asking(b"220 ", b"SYST\r\n", b"\r\n"), (
        Wait("a connection for a print", "ftp/data.py:meet", passive(b"STOR a\r\n")),
        Wait("a print", "ftp/data.py:take", passive(b"STOR a\r\n", data=True)),
    ), WEAK),
)  # fmt: skip
