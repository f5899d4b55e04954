"""A mail server for tests, with STARTTLS and a login, that keeps what it receives."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import BinaryIO

import pytest
from event_receivers import Certificates, server_context


@dataclass
class Mailbox:
    """The server's port, what it offers, and the mails: recipients and message."""

    port: int
    certificates: Certificates
    starttls: bool = True
    refuses: tuple[str, ...] = ()
    most: int = 1 << 20
    """Bytes of a mail."""
    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    was_secure: bool = False


@pytest.fixture
def mailbox(certificates: Certificates) -> Iterator[Mailbox]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(4)
        found = Mailbox(server.getsockname()[1], certificates)
        thread = threading.Thread(target=_serve, args=(server, found))
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def _serve(server: socket.socket, found: Mailbox) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with suppress(OSError), connection:
            _talk(connection, found)


def _talk(connection: socket.socket, found: Mailbox) -> None:
    connection.sendall(b"220 test\r\n")
    stream, to = connection.makefile("rb"), list[str]()
    while line := stream.readline():
        verb, _, rest = line.decode().strip().partition(" ")
        if verb.upper() == "STARTTLS":
            connection.sendall(b"220 go ahead\r\n")
            connection = server_context(found.certificates).wrap_socket(connection, server_side=True)
            stream, found.was_secure = connection.makefile("rb"), True
            continue
        answer = _answer(verb.upper(), rest, stream, connection, to, found)
        connection.sendall(answer.encode() + b"\r\n")
        if verb.upper() == "QUIT":
            connection.close()
            return


def _answer(
    verb: str, rest: str, stream: BinaryIO, connection: socket.socket, to: list[str], found: Mailbox
) -> str:
    if verb == "EHLO":
        offers = ["AUTH PLAIN", *(["STARTTLS"] if found.starttls and not found.was_secure else [])]
        return "\r\n".join(["250-test", *(f"250-{each}" for each in offers[:-1]), f"250 {offers[-1]}"])
    if verb == "AUTH":
        found.logins.append(base64.b64decode(rest.split()[1]).decode())
        return "235 welcome"
    if verb == "RCPT":
        address = rest.partition("<")[2].partition(">")[0]
        if address in found.refuses:
            return "550 no such mailbox"
        to.append(address)
    if verb == "DATA":
        connection.sendall(b"354 go ahead\r\n")
        lines = list(iter(stream.readline, b".\r\n"))
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        if len(b"".join(lines)) > found.most:
            to.clear()
            return "552 too large"
        found.mails.append((list(to), message))  # type: ignore[arg-type]
        to.clear()
    return "221 bye" if verb == "QUIT" else "250 fine"
