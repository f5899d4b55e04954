"""Requests from one service of a decky to another one: what `curl localhost` shows is what that one serves.

They go through abstract Unix sockets (unix(7)) of the network namespace that the services share: one datagram
for a request and one for its answer. Nothing leaves the machine, and no address that a visitor has chosen is
ever connected to.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import struct
from collections.abc import Callable

MOST_BYTES = 128 * 1024
"""Of a request, and of an answer."""

WAIT_SECONDS = 0.003
"""A service of the same machine usually answers sooner."""

CREDENTIALS = struct.Struct("3i")
SCM_CREDENTIALS = 2
"""Process, user and group of the sender (unix(7)); `socket` does not name it before Python 3.13."""

Answers = Callable[[bytes, int], bytes]
"""Request and port to the answer; b"" for none."""


async def answer_insiders(ports: list[int], answers: Answers) -> Callable[[], None]:
    """Answer requests to these ports; the returned call ends that. A port that another process answers for is
    left to it."""
    loop = asyncio.get_running_loop()
    taken: list[socket.socket] = []
    for port in ports:
        made = _opened()
        try:
            made.bind(_name(port))
        except OSError:
            made.close()
            continue
        loop.add_reader(made, _answer, made, port, answers)
        taken.append(made)

    def stop() -> None:
        for each in taken:
            loop.remove_reader(each)
            each.close()

    return stop


def _answer(taken: socket.socket, port: int, answers: Answers) -> None:
    """Answer one request. Nothing is queued for a service that does not take its answer."""
    with contextlib.suppress(OSError):
        request, address = _received(taken)
        if address:
            taken.sendto(answers(request, port)[:MOST_BYTES], address)


def _opened() -> socket.socket:
    """A socket whose datagrams carry the user that has sent them (SO_PASSCRED, unix(7))."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MOST_BYTES)
    return made


def _received(taken: socket.socket) -> tuple[bytes, bytes]:
    """A datagram and its sender; (b"", b"") if that is another user. Raises OSError."""
    data, extra, _, address = taken.recvmsg(MOST_BYTES, socket.CMSG_SPACE(CREDENTIALS.size))
    users = [
        CREDENTIALS.unpack(raw)[1]
        for _, kind, raw in extra
        if kind == SCM_CREDENTIALS and len(raw) == CREDENTIALS.size
    ]
    return (data, address) if users == [os.getuid()] else (b"", b"")


class Question:
    """One request to the service that listens on a port; nothing here waits longer than WAIT_SECONDS."""

    def __init__(self, port: int, request: bytes) -> None:
        self._socket = _opened()
        self.is_sent = False
        try:
            self._socket.bind(b"\0" + os.urandom(8).hex().encode())
            self._socket.sendto(request[:MOST_BYTES], _name(port))
            self.is_sent = True
        except OSError:
            self.close()

    def answer(self) -> bytes | None:
        """What has been answered, None as long as nothing has."""
        try:
            select.select([self._socket], [], [], WAIT_SECONDS)
            data, sender = _received(self._socket)
            return data if sender else None
        except OSError:
            return None

    def close(self) -> None:
        """It is over."""
        self._socket.close()


def _name(port: int) -> bytes:
    return b"\0tcp-%d" % port
