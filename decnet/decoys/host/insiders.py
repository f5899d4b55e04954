"""Requests from one service of a decky to another one: what `curl localhost` shows is what that one serves.

They go through abstract Unix sockets (unix(7)) of the network namespace that the services share: one datagram
for a request and one for its answer. Nothing leaves the machine, and no address that a visitor has chosen is
ever connected to.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections.abc import Callable
from typing import cast

MOST_BYTES = 128 * 1024
"""Of a request, and of an answer."""

WAIT_SECONDS = 0.003
"""A service of the same machine usually answers sooner."""

Answers = Callable[[bytes, int], bytes]
"""Request and port to the answer; b"" for none."""


class Insiders(asyncio.DatagramProtocol):
    """Answers the other services' requests to one port."""

    def __init__(self, port: int, answers: Answers) -> None:
        self._port = port
        self._answers = answers
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._transport is None or not addr:
            return
        answer = self._answers(data[:MOST_BYTES], self._port)[:MOST_BYTES]
        self._transport.sendto(answer, addr)  # type: ignore[arg-type] # an abstract name is bytes

    def error_received(self, exc: Exception) -> None:
        """The other one has left."""


async def answer_insiders(ports: list[int], answers: Answers) -> Callable[[], None]:
    """Answer requests to these ports; the returned call ends that. A port that another process answers for is
    left to it."""
    transports: list[asyncio.BaseTransport] = []
    for port in ports:
        taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        taken.setblocking(False)
        try:
            taken.bind(_name(port))
        except OSError:
            taken.close()
            continue
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            _protocol(port, answers), sock=taken
        )
        transports.append(transport)

    def stop() -> None:
        for transport in transports:
            transport.close()

    return stop


def _protocol(port: int, answers: Answers) -> Callable[[], Insiders]:
    return lambda: Insiders(port, answers)


class Question:
    """One request to the service that listens on a port; nothing here waits longer than WAIT_SECONDS."""

    def __init__(self, port: int, request: bytes) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self.is_sent = False
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * MOST_BYTES)
            self._socket.bind(b"\0" + os.urandom(8).hex().encode())
            self._socket.sendto(request[:MOST_BYTES], _name(port))
            self.is_sent = True
        except OSError:
            self.close()

    def answer(self) -> bytes | None:
        """What has been answered, None as long as nothing has."""
        try:
            select.select([self._socket], [], [], WAIT_SECONDS)
            return self._socket.recv(MOST_BYTES)
        except OSError:
            return None

    def close(self) -> None:
        """It is over."""
        self._socket.close()


def _name(port: int) -> bytes:
    return b"\0tcp-%d" % port
