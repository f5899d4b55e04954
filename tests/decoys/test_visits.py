"""What every TCP decoy has from its frame."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from decnet.decoys.persona import Persona
from decnet.decoys.tcp_server import MOST_OF_ONE_SOURCE


def test_one_source_cannot_take_every_place(decoy: Callable[..., Any]) -> None:
    server = decoy("http", banner="nginx/1.22.1")
    with ExitStack() as held:
        lines = [
            held.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
            for _ in range(MOST_OF_ONE_SOURCE)
        ]
        server.events("contact", MOST_OF_ONE_SOURCE)

        assert server.ask(b"GET / HTTP/1.0\r\n\r\n") == b""
        lines[0].close()
        server.events("disconnect")
        assert server.ask(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK")


def test_services_of_one_machine_agree_and_keep_their_own_secrets() -> None:
    ssh, ftp = (
        Persona(name, "h", "linux", "r", "", name * 8, (), machine_seed="m") for name in ("ssh", "ftp")
    )
    assert ssh.machine.bytes_for("uptime") == ftp.machine.bytes_for("uptime")
    assert ssh.bytes_for("key") != ftp.bytes_for("key")
