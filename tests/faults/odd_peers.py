"""TCP servers on loopback that are no SSH server, or stand before one and break what passes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Peer = Callable[[socket.socket], None]


def silent(conn: socket.socket) -> None:
    time.sleep(60)


def dripping_banner(conn: socket.socket) -> None:
    for _ in range(200):
        conn.sendall(b"x")
        time.sleep(0.3)


def banner_of_lines(conn: socket.socket) -> None:
    while True:
        conn.sendall(b"not yet ssh\r\n" * 1000)


def banner_without_end(conn: socket.socket) -> None:
    while True:
        conn.sendall(b"x" * 65536)


def steering_banner(conn: socket.socket) -> None:
    conn.sendall(b"\x1b]52;c;AAAA\x07\x1b[2J\x9b\r\nSSH-9.9-\x1b[31m\xe2\x80\xaeevil\r\n")
    time.sleep(60)


def web_server(conn: socket.socket) -> None:
    conn.sendall(b"HTTP/1.1 400 Bad Request\r\nServer: \x1b[2J\r\n\r\n<html>")


def closed_at_once(conn: socket.socket) -> None:
    return


def closed_after_its_banner(conn: socket.socket) -> None:
    conn.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def garbage_after_its_banner(conn: socket.socket) -> None:
    conn.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + b"\xff" * 100_000)
    time.sleep(60)


def cut(port: int, after: int) -> Peer:
    """Forward to the real server on `port`, and end the connection after so many of the server's bytes."""
    return lambda conn: _forward(conn, port, after, goes_dark=False)


def dark(port: int, after: int) -> Peer:
    """The same, but the connection stays open and nothing passes any more."""
    return lambda conn: _forward(conn, port, after, goes_dark=True)


def _forward(conn: socket.socket, port: int, after: int, *, goes_dark: bool) -> None:
    with socket.create_connection(("127.0.0.1", port)) as inner:
        threading.Thread(target=_pump, args=(conn, inner), daemon=True).start()
        left = after
        while left > 0 and (piece := inner.recv(min(65536, left))):
            conn.sendall(piece)
            left -= len(piece)
        if goes_dark:
            time.sleep(60)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
    except OSError:
        return


@contextmanager
def listening_as(peer: Peer, port: int) -> Iterator[None]:
    """A server on the port, a thread for each connection; they end with the process at the latest."""
    server = socket.create_server(("127.0.0.1", port), backlog=50)

    def serve(conn: socket.socket) -> None:
        try:
            with conn:
                peer(conn)
        except OSError:
            return

    def accept() -> None:
        while True:
            try:
                conn, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(conn,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        server.close()
