# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""The running server, the state that all connections share, and one connection's state."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..machine import Machine
from ..persona import Persona
from ..redis_saves import last_save
from ..tcp_server import Gone, Line
from . import contents
from .config import Config, places
from .keyspace import Database, Keyspace
from .resp import Budget, Failure, NoList, Push, Reader, Reply, encode
from .table import Command, Table

MOST_STORED = (6 * 1024 * 1024, 7 * 1024 * 1024, 8 * 1024 * 1024)
MOST_RECEIVED = 6 * 1024 * 1024
MOST_SENDING = 6 * 1024 * 1024
SHORT = 16 * 1024
"""Up to this many bytes are sent to one client regardless of what waits for the others."""
MOST_QUEUED = 1024 * 1024
EMPTY_BYTES = (860_000, 1_060_000)
"""used_memory of an empty server."""
DEFAULT_VERSION = "7.0.15"
LEFT_OUT = ("hyperloglog", "geo", "stream")
"""Groups of commands that are all absent."""


class Client:
    """The state of one connection."""

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
        """Reset to the state of a new connection, except for its authentication."""
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
        """Its address, as the server prints it."""
        return f"{self.line.session.source}:{self.line.session.port}"

    def subscriptions(self) -> int:
        """Channels and patterns that it is subscribed to."""
        return len(self.channels) + len(self.patterns)

    def describe(self) -> str:
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

    def push(self, *parts: Reply) -> None:
        """Send a message of a subscription; a client that does not read is disconnected."""
        self.server.send(self, Push(parts))


Handler = Callable[[Client, list[bytes]], Reply | Awaitable[Reply]]
Handlers = dict[str, Handler]


@dataclass(frozen=True)
class CommandSet:
    """The commands that are implemented, by name. Scripts may call those in `of_keys`. `run` executes one
    that has passed the checks; it raises Wrong and Gone."""

    handled: frozenset[str]
    of_keys: frozenset[str]
    run: Callable[[Client, Command, list[bytes]], Reply | Awaitable[Reply]]


class Instance:
    """One persona's server."""

    def __init__(self, persona: Persona, commands: CommandSet) -> None:
        self.persona = persona
        self.commands = commands
        self.machine = Machine(persona)
        self.version_text = persona.text("version") or persona.banner or DEFAULT_VERSION
        self.version = _version(self.version_text)
        self.address = persona.address or "127.0.0.1"
        self.port = next(iter(persona.tcp_ports()), 6379)
        self.table = Table(self.version)
        self.incoming = Budget(MOST_RECEIVED)
        self.clients: dict[int, Client] = {}
        self._events: list[asyncio.Event] = []
        self.pid = (0.0, 0)
        """Until when (monotonic) the number of its process is known, and the number."""
        self.began = 0.0
        self._begin((persona.text("password") or "").encode())

    def _begin(self, password: bytes) -> None:
        persona = self.persona
        self.most = persona.choice("redis maxmemory", MOST_STORED)
        self.empty = persona.number("redis empty", *EMPTY_BYTES)
        self.keyspace = Keyspace(self.most - self.empty)
        contents.fill(self.keyspace.databases[0], persona)
        self.sessions = contents.Sessions(persona)
        self.sessions.renew(self.keyspace.databases[0])
        self.loaded = len(self.keyspace.databases[0].values)
        self.keyspace.measure()
        self.keyspace.changes = 0
        self.config = Config(self.version, places(self.machine), self.port, self.most, password)
        self.run_id = persona.bytes_for(f"run {self._life()}", 20).hex()
        self.replication = persona.bytes_for(f"replication {self._life()}", 20).hex()
        self.master: tuple[str, int] | None = None
        self.link_down = 0.0
        self.scripts: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.visits = self.received = self.sent = 0
        self._newest = 0
        self.saved = 0.0

    def restart(self) -> None:
        """Disconnect all clients, and restart in the initial state."""
        for client in list(self.clients.values()):
            client.line.writer.close()
        self.began = time.time()
        self._begin(self.password)

    @property
    def password(self) -> bytes:
        """The password for AUTH; empty if none is set."""
        return self.config.password

    def started(self) -> float:
        """When the server was started: with the machine or when it was added, unless a client has stopped it
        since."""
        return max(self.began, self.machine.started("redis", self.persona.service_since))

    def _life(self) -> int:
        """What differs after each start of the server."""
        return int(max(self.began, self.machine.booted(), self.persona.service_since))

    def served(self) -> int:
        """The commands of its application since the start."""
        if self.began:
            return 0
        return int(time.time() - self.started()) // self.persona.number("redis seconds", 2, 40)

    def connections(self) -> int:
        """Accepted connections since the start: those of its application, and the visitors'."""
        return self.served() // 90 + self.visits

    def connected(self) -> int:
        """Count one more connection; the id of its client, which is higher than all before."""
        self.visits += 1
        self._newest = max(self._newest + 1, self.connections() + 2)
        return self._newest

    def last_save(self) -> int:
        """When it last wrote its file."""
        return int(max(self.saved, last_save(self.machine, self.started())))

    def used(self) -> int:
        """Bytes of memory as INFO reports them."""
        return self.empty + self.keyspace.used + 1832 * len(self.clients)

    def pushed(self) -> None:
        """Wake clients that wait for an element of a list."""
        for event in self._events:
            event.set()

    async def until(
        self, client: Client, attempt: Callable[[], Reply], seconds: float, otherwise: Reply
    ) -> Reply:
        """The result of `attempt` once there is one, `otherwise` after the time limit or when `client`
        leaves."""
        event = asyncio.Event()
        self._events.append(event)
        try:
            async with client.line.reader.at_most(seconds):
                while (found := attempt()) is None:
                    await event.wait()
                    event.clear()
                return found
        except TimeoutError:
            return otherwise
        finally:
            self._events.remove(event)

    def queue(self, client: Client, words: list[bytes]) -> bool:
        """Account for the bytes of a queued command; whether there is room for them."""
        client.queued += sum(len(each) + 64 for each in words)
        return (
            client.queued <= MOST_QUEUED
            and sum(each.queued for each in self.clients.values()) <= MOST_RECEIVED
        )

    def unqueue(self, client: Client) -> None:
        """Release them."""
        client.queued = 0

    def rules(self) -> str:
        """The permissions of the default user, as ACL LIST prints them."""
        handled = self.commands.handled
        missing = [command for command in self.table.commands.values() if command.name not in handled]
        groups = [f"-@{group}" for group in LEFT_OUT if any(command.group == group for command in missing)]
        single = [f"-{command.name}" for command in missing if command.group not in LEFT_OUT]
        without = " ".join((*groups, *single))
        channels = "&* " if self.version >= (6, 2) else ""
        return f"~* {channels}+@all {without}".strip()

    def send(self, client: Client, reply: Reply) -> None:
        """Write a reply without waiting. A client that does not read too much of it is disconnected."""
        writer = client.line.writer
        if writer.is_closing():
            return
        try:
            data = encode(reply, client.protocol, MOST_SENDING)
        except Gone:
            writer.transport.abort()
            return
        if _lying(client) + len(data) > SHORT and self._lying() + len(data) > MOST_SENDING:
            writer.transport.abort()
            return
        self.sent += len(data)
        client.line.write(data)

    def _lying(self) -> int:
        """Bytes that wait for clients that do not read."""
        return sum(_lying(each) for each in self.clients.values())

    async def answer(self, client: Client, reply: Reply) -> None:
        """Send a command's reply and wait until it is sent. Raises Gone, TimeoutError, OSError."""
        if isinstance(reply, Failure):
            self.errors[reply.split(" ", 1)[0][:32]] += 1
        self.send(client, reply)
        if client.line.writer.is_closing():
            raise Gone
        await client.line.send(b"")


def _lying(client: Client) -> int:
    return client.line.writer.transport.get_write_buffer_size()


def waits(reply: Reply | Awaitable[Reply]) -> bool:
    """Whether a reply is still to come."""
    known = (bytes, str, int, float, list, dict, frozenset, NoList)
    return reply is not None and not isinstance(reply, known)


def _version(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in text.split("-")[0].split(".") if part.isdigit()]
    return tuple(numbers[:3]) if len(numbers) > 1 else (7, 0, 15)
