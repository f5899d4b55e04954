"""Data connections: the visitor connects to the server, from the address of the control connection, once and
soon."""

import asyncio
import random
import socket
from collections.abc import Callable

from ..tcp_server import Line
from ..uploads import Incoming
from ..waits import Turn, at_most

ACCEPT_SECONDS = 60.0
TRANSFER_SECONDS = 300.0
ATTEMPTS = 40
PIECE = 64 * 1024
MOST_UPLOAD = 64 * 1024 * 1024


class NoConnection(Exception):
    """No one connected, or another host did."""


class Broken(Exception):
    """The data connection ended early."""


class Passive:
    """One port that waits for one data connection."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port = int(listener.getsockname()[1])

    async def meet(self, line: Line) -> socket.socket:
        """The connection from the visitor on `line`, unless that visitor leaves first. Raises
        NoConnection."""
        loop = asyncio.get_running_loop()
        try:
            async with line.reader.at_most(ACCEPT_SECONDS):
                connection, peer = await loop.sock_accept(self._listener)
        except (TimeoutError, OSError) as error:
            raise NoConnection from error
        finally:
            self.close()
        if peer[0] != line.session.source:
            connection.close()
            raise NoConnection
        connection.setblocking(False)
        return connection

    def close(self) -> None:
        """Stop waiting for a connection."""
        self._listener.close()


def listen(address: str, ports: tuple[int, int]) -> Passive | None:
    """A port of that range on our address, None when none is free."""
    for _ in range(ATTEMPTS):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setblocking(False)
            listener.bind((address, random.randint(*ports)))
            listener.listen(1)
            return Passive(listener)
        except OSError:
            listener.close()
    return None


async def send(connection: socket.socket, data: bytes) -> None:
    """Send it all, then the end. Raises Broken."""
    loop = asyncio.get_running_loop()
    try:
        async with at_most(TRANSFER_SECONDS):
            await loop.sock_sendall(connection, data)
        connection.shutdown(socket.SHUT_WR)
    except (TimeoutError, OSError) as error:
        raise Broken from error


async def take(connection: socket.socket, incoming: Incoming, keep: Callable[[bytes], None]) -> bool:
    """Read to the end, and give each piece to `keep`. Whether the visitor sent all of it."""
    loop = asyncio.get_running_loop()
    turn = Turn()
    try:
        async with at_most(TRANSFER_SECONDS):
            while piece := await loop.sock_recv(connection, PIECE):
                await turn.pass_on()
                incoming.add(piece)
                keep(piece)
                if incoming.size > MOST_UPLOAD:
                    return False
    except (TimeoutError, OSError):
        return False
    return True
