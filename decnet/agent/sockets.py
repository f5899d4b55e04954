"""Sockets without the `socket` module, whose enums take 6 ms to import: more than most verbs."""

from __future__ import annotations

try:
    from _socket import AF_INET, AF_PACKET, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM
    from _socket import socket as Socket
except ImportError:
    from socket import AF_INET, AF_PACKET, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM
    from socket import socket as Socket  # type: ignore[assignment]

__all__ = ["AF_INET", "AF_PACKET", "AF_UNIX", "SOCK_DGRAM", "SOCK_RAW", "SOCK_STREAM", "Socket"]
