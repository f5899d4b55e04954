"""The services of one decky know each other, and what each visitor has changed on any of them.

They meet at abstract Unix sockets (unix(7)) of the network namespace that they share; no one else can reach
those. A frame is two lengths (unsigned 32 bit, big-endian), a JSON object and bytes. Both ends of a
connection send who they are, then all that they know, then each change. A service that starts gets everything
from the others before its first visitor; if it is alone, nothing is left, and the machine was started again.

What arrives is checked like the input of a visitor: another service could be in an intruder's hands.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import socket
import struct
import time
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import Any

from .facts import newest_pid, take_pid, watch
from .fellow_frames import (
    HEAD,
    Facts,
    Hello,
    Unfit,
    change_of,
    facts_of,
    frame_of_change,
    frame_of_facts,
    frame_of_hello,
    frame_of_line,
    hello_of,
    is_fit,
    line_of,
    packed,
    unpacked,
)
from .host.host_keys import announce_key, keys_of
from .host.pids import skip_numbers
from .host.services import announce
from .machine import Machine
from .persona import Persona
from .restarts import restarts_of, take
from .server_logs import Logged, logs_of
from .visitors import MOST_FILE, Visitors
from .waits import Turn, at_most

GROUP = os.environ.get("FELLOWS", "")
"""Separates machines with one seed in one network namespace. Tests set it, containers do not."""
KEEPERS = ("ssh", "telnet", "ftp")
"""Services that show files: without them no one misses any."""
FIRST_SECONDS = 600
"""So long after its first start a machine is new, and was not started again."""
MOST_FELLOWS = 24
LONGEST_HEADER = 16 * 1024
MOST_WAITING = 2_000
"""Lines of logs that wait for one fellow."""
MOST_LARGE = 2
"""Frames above LARGE that are read at once."""
LARGE = 64 * 1024
FRAME_SECONDS = 20.0
MEET_SECONDS = 2.0
GATHER_SECONDS = 0.02
"""Changes of so many seconds are sent together."""
RETRY_SECONDS = 60.0
GOODBYE_SECONDS = 0.3
CREDENTIALS = struct.Struct("3i")


class Fellows:
    """This service's connections to the others of its decky."""

    def __init__(self, persona: Persona, visitors: Visitors, services: Sequence[str]) -> None:
        self.life = time.time()
        """When the first of the services was started that have all handed on what they knew."""
        self._persona = persona
        self._seed = persona.machine.seed
        self._visitors = visitors
        self._logs = logs_of(self._seed)
        self._names = {each: name_of(persona, each) for each in services}
        self._server: asyncio.Server | None = None
        self._fellows: set[_Fellow] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._meeting: asyncio.Task[None] | None = None
        self._large = asyncio.Semaphore(MOST_LARGE)

    async def start(self) -> None:
        """Meet the others, and learn what they know. Without them, or a place for a socket, this service is
        alone."""
        with contextlib.suppress(OSError):
            await self._listen()
            self._visitors.report = self._report
            watch(self._seed, self._report_facts)
            self._logs.report = self._report_line
            await self._meet(MEET_SECONDS)
        self._agree()

    async def close(self) -> None:
        """Send what is left, and part."""
        with contextlib.suppress(TimeoutError):
            async with at_most(GOODBYE_SECONDS):
                await asyncio.gather(*(each.has_sent.wait() for each in self._fellows))
        self._visitors.report = self._logs.report = None
        watch(self._seed, None)
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def known(self) -> list[Hello]:
        """The services of this decky, its own first."""
        others = {each.hello.service: each.hello for each in self._fellows if each.hello is not None}
        return [self._hello(), *(others[name] for name in sorted(others) if name != self._persona.service)]

    async def _listen(self) -> None:
        name = self._names.get(self._persona.service) or name_of(self._persona, self._persona.service)
        self._server = await asyncio.start_unix_server(self._visited, name, backlog=MOST_FELLOWS)

    def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._soon(self._talk(_Fellow(reader, writer)))

    async def _meet(self, seconds: float) -> None:
        """Connect to the services that are there, and wait until they have sent what they know."""
        connected = {each.hello.service for each in self._fellows if each.hello is not None}
        ready = []
        for service, name in self._names.items():
            if service == self._persona.service or service in connected:
                continue
            with contextlib.suppress(OSError):
                fellow = _Fellow(*await asyncio.open_unix_connection(name))
                self._soon(self._talk(fellow))
                ready.append(fellow.is_ready.wait())
        with contextlib.suppress(TimeoutError):
            async with at_most(seconds):
                await asyncio.gather(*ready)

    async def _meet_again(self) -> None:
        """After a connection has ended. A service that starts connects to the others by itself."""
        await asyncio.sleep(RETRY_SECONDS)
        self._meeting = None
        await self._meet(MEET_SECONDS)

    async def _talk(self, fellow: _Fellow) -> None:
        """One connection from its first to its last frame."""
        try:
            if len(self._fellows) >= MOST_FELLOWS or not is_ours(fellow.writer):
                return
            self._fellows.add(fellow)
            fellow.pending = {
                (files.source, key): None for files in self._visitors.all() for key in files.known()
            }
            fellow.lines.extend(self._logs.all())
            sending = asyncio.create_task(self._send(fellow))
            try:
                await self._receive(fellow)
            finally:
                sending.cancel()
        except (OSError, EOFError, TimeoutError, Unfit):
            return
        finally:
            self._fellows.discard(fellow)
            self._agree()
            fellow.is_ready.set()
            fellow.writer.close()
            if self._meeting is None and self._server is not None and self._server.is_serving():
                self._meeting = self._soon(self._meet_again())

    async def _send(self, fellow: _Fellow) -> None:
        """Everything that is known, then each change."""
        with contextlib.suppress(OSError, TimeoutError):
            await fellow.write(frame_of_hello(self._hello()))
            fellow.has_facts = not self._facts_of_machine().is_empty
            await self._send_pending(fellow)
            await fellow.write(packed({"done": True}))
            while True:
                await fellow.has_news.wait()
                await asyncio.sleep(GATHER_SECONDS)
                fellow.has_news.clear()
                await self._send_pending(fellow)
        fellow.writer.close()

    async def _send_pending(self, fellow: _Fellow) -> None:
        if fellow.has_facts and fellow.hello is not None and fellow.hello.hears:
            fellow.has_facts = False
            await fellow.write(frame_of_facts(self._facts_of_machine()))
        await self._send_lines(fellow)
        while fellow.pending:
            source, key = next(iter(fellow.pending))
            del fellow.pending[source, key]
            change = self._visitors.change(source, key)
            if change is not None and is_fit(change):
                await fellow.write(frame_of_change(change))
        fellow.has_sent.set()

    async def _send_lines(self, fellow: _Fellow) -> None:
        while fellow.lines and fellow.hello is not None:
            line = fellow.lines.popleft()
            if fellow.hello.logs:
                await fellow.write(frame_of_line(line))

    async def _receive(self, fellow: _Fellow) -> None:
        """Take what the other one sends. Raises Unfit, TimeoutError, EOFError, OSError."""
        while True:
            header, body = await fellow.read(self._large)
            if fellow.hello is None:
                fellow.hello = hello_of(header)
                self.life = min(self.life, fellow.hello.life)
                if fellow.hello.service in self._names:
                    Machine(self._persona).add(fellow.hello.service, fellow.hello.since)
                self._agree()
                if fellow.has_facts or fellow.lines:
                    fellow.has_news.set()
            elif header.get("done") is True:
                fellow.is_ready.set()
            elif "facts" in header:
                self._take_facts(fellow.hello.service, facts_of(header))
            elif "line" in header:
                self._take_line(line_of(header))
            else:
                self._visitors.take(change_of(header, body))

    def _report(self, source: str, key: str) -> None:
        for fellow in self._fellows:
            fellow.pending[source, key] = None
            fellow.has_sent.clear()
            fellow.has_news.set()

    def _report_facts(self) -> None:
        for fellow in self._fellows:
            fellow.has_facts = True
            fellow.has_news.set()

    def _report_line(self, line: Logged) -> None:
        for fellow in self._fellows:
            fellow.lines.append(line)
            fellow.has_news.set()

    def _facts_of_machine(self) -> Facts:
        keys = tuple(keys_of(self._seed).items())
        return Facts(restarts_of(self._seed), keys, newest_pid(self._seed))

    def _take_facts(self, service: str, facts: Facts) -> None:
        """The keys are those of the SSH server, also if another service hands them on after its restart."""
        take(self._seed, facts.restarts)
        take_pid(self._seed, *facts.newest)
        for name, key in facts.keys:
            if service == "ssh" or name not in keys_of(self._seed):
                announce_key(self._seed, name, key)

    def _take_line(self, line: Logged) -> None:
        """Its process number is taken: no process of this service must get it, too."""
        self._logs.take(line)
        booted = Machine(self._persona).booted()
        if line.when >= booted:
            take_pid(self._seed, booted, line.pid)

    def _hello(self) -> Hello:
        persona = self._persona
        return Hello(persona.service, persona.ports, persona.banner, persona.service_since, self.life)

    def _agree(self) -> None:
        """A machine whose services have all been started again has been started again."""
        since = self._persona.since
        announce(Machine(self._persona), {each.service: each.ports for each in self.known()})
        is_missed = any(each.service in KEEPERS for each in self.known())
        if is_missed and since and self.life > since + FIRST_SECONDS:
            Machine(self._persona).rebooted(self.life)
        elif since:
            skip_numbers(Machine(self._persona), self.life)

    def _soon(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Fellow:
    """One connection to another service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.hello: Hello | None = None
        self.pending: dict[tuple[str, str], None] = {}
        """Source and key of the changes that it does not know."""
        self.lines: deque[Logged] = deque(maxlen=MOST_WAITING)
        """What was logged that it does not know."""
        self.has_news = asyncio.Event()
        self.has_sent = asyncio.Event()
        self.is_ready = asyncio.Event()
        self.has_facts = False
        """Whether it is to be sent what this service knows of the machine."""
        self._turn = Turn()

    async def write(self, frame: bytes) -> None:
        """Send a frame. Raises OSError, TimeoutError."""
        self.writer.write(frame)
        async with at_most(FRAME_SECONDS):
            await self.writer.drain()

    async def read(self, large: asyncio.Semaphore) -> tuple[dict[str, Any], bytes]:
        """The next frame. Raises Unfit, TimeoutError, EOFError, OSError."""
        await self._turn.pass_on()
        header, body = HEAD.unpack(await self._first())
        if header > LONGEST_HEADER or body > MOST_FILE:
            raise Unfit
        async with large if body > LARGE else contextlib.nullcontext(), at_most(FRAME_SECONDS):
            return unpacked(await self.reader.readexactly(header)), await self.reader.readexactly(body)

    async def _first(self) -> bytes:
        """The lengths of the next frame; the first one comes soon, later ones when there is news."""
        if self.hello is not None:
            return await self.reader.readexactly(HEAD.size)
        async with at_most(FRAME_SECONDS):
            return await self.reader.readexactly(HEAD.size)


def name_of(persona: Persona, service: str) -> str:
    """The name of the abstract socket of a service: the same for one machine, and for no other."""
    machine = hashlib.sha256(f"{persona.machine.seed}:fellows{GROUP}".encode()).hexdigest()[:16]
    return f"\0/run/{machine}/{service}"


def is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the other end runs as this user (SO_PEERCRED, unix(7))."""
    end: socket.socket = writer.get_extra_info("socket")
    raw = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    uid: int = CREDENTIALS.unpack(raw)[1]
    return uid == os.getuid()
