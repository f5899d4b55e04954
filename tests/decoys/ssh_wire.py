"""SSH from the client's side, message by message."""

from __future__ import annotations

import socket
import struct
import threading

import paramiko
from paramiko.message import Message

IGNORE, EXTENSIONS = 2, 7


def string(text: bytes | str) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack(">I", len(raw)) + raw


def attempt(
    method: str, rest: bytes = b"", user: bytes | str = "root", service: str = "ssh-connection"
) -> bytes:
    return b"\x32" + string(user) + string(service) + string(method) + rest


def password(text: bytes | str) -> bytes:
    return attempt("password", b"\0" + string(text))


SERVICE = b"\x05" + string("ssh-userauth")
NONE = attempt("none")
KEY = string("ssh-ed25519") + string(string("ssh-ed25519") + string(b"k" * 32))
SIGNED = b"\1" + KEY + string(string("ssh-ed25519") + string(b"s" * 64))


class Raw(paramiko.Transport):
    """A client that does no more than its part of the key exchange; `heard` is everything after it."""

    def __init__(self, line: socket.socket) -> None:
        super().__init__(line)
        self.heard: list[bytes] = []
        self.over = threading.Event()
        self._hear, self.packetizer.read_message = self.packetizer.read_message, self._note

    def _note(self) -> tuple[int, Message]:
        try:
            number, message = self._hear()
        except Exception:
            self.over.set()
            raise
        if self.initial_kex_done and number != EXTENSIONS:
            self.heard.append(bytes((number,)) + message.asbytes())
            number, message = IGNORE, Message(bytes((IGNORE,)))
        return number, message

    def say(self, payload: bytes) -> None:
        self.packetizer.send_message(Message(payload))
