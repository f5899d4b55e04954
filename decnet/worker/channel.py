"""A program at the other end of a new channel, with its first input."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any

from .ssh_library import asyncssh


@dataclass
class First:
    """What a program is sent with the request to start it, not a round trip later. `is_all`: its input ends
    with it. `is_sent`: the program may have it."""

    data: bytes
    is_all: bool
    is_sent: bool = False

    def send(self, channel: Any) -> None:
        if not channel.is_closing():
            self.is_sent = True
            channel.write(self.data)
            if self.is_all:
                channel.write_eof()


async def open_program(connection: Any, command: str, first: First | None) -> tuple[Any, Any, Any]:
    """Its stdin, stdout and stderr, as streams of asyncssh."""
    library = asyncssh()

    def session() -> Any:
        return _session_class()(first)

    channel, opened = await connection.create_session(session, command, encoding=None)
    stderr = library.SSHReader(opened, channel, library.EXTENDED_DATA_STDERR)
    return library.SSHWriter(opened, channel), library.SSHReader(opened, channel), stderr


@cache
def _session_class() -> Any:
    class Session(asyncssh().stream.SSHClientStreamSession):  # type: ignore[misc]
        def __init__(self, first: First | None) -> None:
            super().__init__()
            self._first = first

        def connection_made(self, chan: Any) -> None:
            super().connection_made(chan)
            if self._first is not None:
                # asyncssh sends the command after this call and before it waits for anything.
                asyncio.get_running_loop().call_soon(self._first.send, chan)

    return Session
