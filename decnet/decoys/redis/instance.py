"""The running server: what all connections share."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from ..machine import Machine
from ..persona import Persona
from ..visits import Gone
from . import contents
from .client import Client
from .config import Config
from .keyspace import Keyspace
from .resp import Budget, Failure, NoList, Reply, encode
from .table import Table

MOST_STORED = (6 * 1024 * 1024, 7 * 1024 * 1024, 8 * 1024 * 1024)
MOST_RECEIVED = 6 * 1024 * 1024
MOST_SENDING = 6 * 1024 * 1024
SHORT = 16 * 1024
"""So many bytes for one client are sent without a look at what waits for the others."""
MOST_QUEUED = 1024 * 1024
EMPTY_BYTES = (860_000, 1_060_000)
"""used_memory of a server that holds nothing."""
DEFAULT_VERSION = "7.0.15"
LEFT_OUT = ("hyperloglog", "geo", "stream")
"""Groups of commands of which none is there."""


class Instance:
    """One persona's server."""

    def __init__(self, persona: Persona) -> None:
        self.persona = persona
        self.machine = Machine(persona)
        self.spelled_version = persona.text("version") or persona.banner or DEFAULT_VERSION
        self.version = _version(self.spelled_version)
        self.password = (persona.text("password") or "").encode()
        self.address = persona.address or "127.0.0.1"
        self.port = next(iter(persona.tcp_ports()), 6379)
        self.table = Table(self.version)
        self.incoming = Budget(MOST_RECEIVED)
        self.clients: dict[int, Client] = {}
        self.count = persona.number("redis clients", 3, 90)
        self._events: list[asyncio.Event] = []
        self.began = 0.0
        self._begin()

    def _begin(self) -> None:
        persona = self.persona
        self.most = persona.choice("redis maxmemory", MOST_STORED)
        self.empty = persona.number("redis empty", *EMPTY_BYTES)
        self.keyspace = Keyspace(self.most - self.empty)
        contents.fill(self.keyspace.databases[0], persona)
        self.loaded = len(self.keyspace.databases[0].values)
        self.keyspace.measure()
        self.keyspace.changes = 0
        self.config = Config(self)
        self.run_id = persona.bytes_for(f"run {self.started():.0f}", 20).hex()
        self.replication = persona.bytes_for(f"replication {self.started():.0f}", 20).hex()
        self.master: tuple[str, int] | None = None
        self.link_down = 0.0
        self.scripts: dict[str, bytes] = {}
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.visits = self.received = self.sent = 0
        self.saved = 0.0

    def restart(self) -> None:
        """Everybody is cut off, and it comes up as it came up first."""
        for client in list(self.clients.values()):
            client.line.writer.close()
        self.began = time.time()
        self._begin()

    def started(self) -> float:
        """When the server was started: with the machine, unless somebody stopped it since."""
        return max(self.began, self.machine.booted() + self.persona.number("redis start", 6, 40))

    def last_save(self) -> int:
        """When it wrote its file last."""
        period = self.persona.number("redis save", 900, 20000)
        ago = int(time.time() - self.started()) % period
        return int(max(self.saved, time.time() - ago))

    def used(self) -> int:
        """Bytes of memory as INFO tells them."""
        return self.empty + self.keyspace.used + 1832 * len(self.clients)

    def pushed(self) -> None:
        """Wake those who wait for something in a list."""
        for event in self._events:
            event.set()

    async def until(
        self, client: Client, attempt: Callable[[], Reply], seconds: float, otherwise: Reply
    ) -> Reply:
        """What `attempt` finds once it finds something, `otherwise` after so many seconds or when `client`
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
        """Keep the bytes of a queued command in mind; whether there is room for them."""
        client.queued += sum(len(each) + 64 for each in words)
        return (
            client.queued <= MOST_QUEUED
            and sum(each.queued for each in self.clients.values()) <= MOST_RECEIVED
        )

    def unqueue(self, client: Client) -> None:
        """Forget them."""
        client.queued = 0

    def rules(self) -> str:
        """What the default user may do, as ACL LIST says it."""
        from .dispatch import HANDLED

        missing = [command for command in self.table.commands.values() if command.name not in HANDLED]
        groups = [f"-@{group}" for group in LEFT_OUT if any(command.group == group for command in missing)]
        single = [f"-{command.name}" for command in missing if command.group not in LEFT_OUT]
        without = " ".join((*groups, *single))
        channels = "&* " if self.version >= (6, 2) else ""
        return f"~* {channels}+@all {without}".strip()

    def send(self, client: Client, reply: Reply) -> None:
        """Write a reply without waiting. Who lets too much lie there is left."""
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
        writer.write(data)

    def _lying(self) -> int:
        """Bytes that wait for those who do not read."""
        return sum(_lying(each) for each in self.clients.values())

    async def answer(self, client: Client, reply: Reply) -> None:
        """Send a command's reply and wait until it is on its way. Raises Gone, TimeoutError, OSError."""
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
