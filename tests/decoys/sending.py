"""Sending to a decoy that may hang up, and reset the connection, before everything is sent."""

from __future__ import annotations

import errno
import socket

HUNG_UP = (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN)


def send_all(line: socket.socket, data: bytes = b"", *, end: bool = True) -> None:
    """Send `data`, then, with `end`, the end of input; a decoy that has already hung up is not an error."""
    try:
        line.sendall(data)
        if end:
            line.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno not in HUNG_UP:
            raise


def receive_all(line: socket.socket) -> bytes:
    """Everything until the decoy closes the connection or resets it."""
    out = b""
    try:
        while piece := line.recv(65536):
            out += piece
    except ConnectionResetError:
        pass
    return out
