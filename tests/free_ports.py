"""Ports for servers under test."""

from __future__ import annotations

import secrets
import socket

LOWEST, HIGHEST = 10_000, 32_767
"""Below the ports that the kernel gives to clients: until the server starts, other tests make thousands of
connections, and each takes a port."""


def free_port() -> int:
    """A TCP and UDP port that is free on all addresses."""
    while True:
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST + 1)
        if all(_is_free(port, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)):
            return port


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(type=kind) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True
