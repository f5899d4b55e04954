# ruff: noqa: E501 (what the real server says is not broken into shorter lines)
"""One connection as the server knows it."""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ..visits import Line
from .keyspace import Database
from .resp import Push, Reader, Reply

if TYPE_CHECKING:
    from .instance import Instance


class Client:
    """What a connection has chosen so far."""

    def __init__(self, server: "Instance", line: Line, reader: Reader, number: int) -> None:
        self.server = server
        self.line = line
        self.reader = reader
        self.number = number
        self.name = b""
        self.began = time.time()
        self.active = self.began
        self.last = "NULL"
        self.known = not server.password
        self.monitoring = False
        self.silent = 0
        self.queued = 0
        self.judged = 0
        """Credentials of the current command that its handler has recorded."""
        self.reset()

    def reset(self) -> None:
        """Back to what a new connection is, but for its password."""
        self.protocol = 2
        self.index = 0
        self.queue: list[list[bytes]] | None = None
        self.aborted = False
        self.watched: dict[tuple[int, bytes], int] = {}
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, Callable[[bytes], object]] = {}
        self.monitoring = False

    @property
    def db(self) -> Database:
        """The database that it has selected."""
        return self.server.keyspace.databases[self.index]

    @property
    def address(self) -> str:
        """Where it comes from, as the server writes it."""
        return f"{self.line.session.source}:{self.line.session.port}"

    def subscriptions(self) -> int:
        """Channels and patterns that it listens to."""
        return len(self.channels) + len(self.patterns)

    def described(self) -> str:
        """Its line in CLIENT LIST."""
        version = self.server.version
        flags = ("O" if self.monitoring else "") + ("P" if self.subscriptions() else "")
        flags += "x" if self.queue is not None else ""
        fields = {
            "id": self.number, "addr": self.address,
            "laddr": f"{self.server.address}:{self.line.port}",
            "fd": 8 + self.number % 40, "name": self.name.decode("latin-1"),
            "age": int(time.time() - self.began), "idle": int(time.time() - self.active),
            "flags": flags or "N", "db": self.index, "sub": len(self.channels), "psub": len(self.patterns),
            "ssub": 0, "multi": -1 if self.queue is None else len(self.queue),
            "qbuf": 26, "qbuf-free": 20448 if version >= (6, 2) else 32742,
            "argv-mem": 10, "multi-mem": 0, "rbs": 16384, "rbp": 16384,
            "obl": 0, "oll": 0, "omem": 0, "tot-mem": 37658 if version >= (7,) else 61466,
            "events": "r", "cmd": self.last if version >= (7,) else self.last.split("|")[0],
            "user": "default", "redir": -1, "resp": self.protocol,
        }  # fmt: skip
        since = {
            "laddr": (6, 2), "ssub": (7, 0, 3), "argv-mem": (6, 2), "multi-mem": (7,), "rbs": (7,), "rbp": (7,),
            "tot-mem": (6, 2), "user": (6,), "redir": (6, 2), "resp": (7,),
        }  # fmt: skip
        return " ".join(f"{k}={v}" for k, v in fields.items() if version >= since.get(k, (0,)))

    def tell(self, *parts: Reply) -> None:
        """Send what it has subscribed to; who does not read is left."""
        self.server.send(self, Push(parts))


Handler = Callable[[Client, list[bytes]], Reply | Awaitable[Reply]]
Handlers = dict[str, Handler]
