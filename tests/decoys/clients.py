"""Visitors at a prompt: by ssh with Paramiko, and by telnet."""

from __future__ import annotations

import socket
import time
from typing import Any

import paramiko
from telnet_client import Client

from decnet.catalog import load

CATALOG = load()
WAIT_SECONDS = 30.0


def persona_of(service: str, release: str, **more: Any) -> dict[str, Any]:
    """The persona of a decoy of this release."""
    banner = CATALOG.banner(release, service, hostname="web01", address="127.0.0.1")
    return {"release": release, "os": CATALOG.releases[release].os, "banner": banner, **more}


class Prompt:
    """A visitor at a prompt, who has root's password 123456."""

    def __init__(self, channel: Any, line: socket.socket) -> None:
        self.channel = channel
        self.port = int(line.getsockname()[1])
        """Where it comes from."""
        self._said = b""
        self._end = self._until(b"#", b">")[-1:]

    def type(self, line: str) -> None:
        self.channel.sendall(line.encode() + b"\r")

    def answers(self) -> float:
        """How many seconds it takes until the prompt is there again."""
        began = time.monotonic()
        self.type("")
        self._until(self._end)
        return time.monotonic() - began

    def _until(self, *ends: bytes) -> bytes:
        while not self._said.rstrip().endswith(ends):
            piece = self.channel.recv(4096)
            assert piece, self._said
            self._said += piece
        said, self._said = self._said, b""
        return said.rstrip()

    def end_input(self) -> None:
        """Nothing more is typed."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


class BySsh(Prompt):
    def __init__(self, port: int) -> None:
        self.transport = paramiko.Transport(("127.0.0.1", port))
        self.transport.auth_timeout = WAIT_SECONDS
        self.transport.start_client(timeout=WAIT_SECONDS)
        self.transport.auth_password("root", "123456")
        channel = self.transport.open_session(timeout=WAIT_SECONDS)
        channel.settimeout(WAIT_SECONDS)
        channel.get_pty()
        channel.invoke_shell()
        super().__init__(channel, self.transport.sock)

    def end_input(self) -> None:
        self.channel.shutdown_write()

    def close(self) -> None:
        self.transport.close()


class ByTelnet(Prompt):
    def __init__(self, port: int) -> None:
        client = Client(port)
        while not client.until(b": ").endswith((b"ogin: ", b"sername: ")):
            continue
        client.type(b"root")
        client.until(b"assword:")
        client.type(b"123456")
        super().__init__(client.line, client.line)

    def end_input(self) -> None:
        self.channel.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.channel.close()
