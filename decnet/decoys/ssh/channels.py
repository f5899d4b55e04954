"""The connection layer (RFC 4254): session channels, their requests, and what is refused."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ..events import Session
from ..shell.stream import IDLE_SECONDS, Terminal
from ..tcp_server import Gone
from ..threads import in_thread
from ..waits import at_most
from . import numbers as no
from .attempts import Attempts
from .transport import Refused, Transport
from .wire import Message, flag, string, uint32

WINDOW = 2 * 1024 * 1024
PACKET = 32 * 1024
MOST_CHANNELS = 10
MOST_QUEUED = 256 * 1024
TAKE_SECONDS = 10.0
CONNECT_SECONDS = 3.0
PROVE = "hostkeys-prove-00@openssh.com"
ACCEPTED_ENVIRONMENT = ("LANG", "LC_")

Run = Callable[["Channel"], Awaitable[int]]


@dataclass
class Channel:
    """One session channel. `read` gives the client's bytes, b"" at their end."""

    connection: "Connection"
    number: int
    theirs: int
    room: int
    packet: int
    terminal: Terminal | None = None
    command: str | None = None
    is_subsystem: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None
    closed: bool = False
    _input: bytearray = field(default_factory=bytearray)
    _ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _space: asyncio.Event = field(default_factory=asyncio.Event)
    _taken: asyncio.Event = field(default_factory=asyncio.Event)
    _unread: int = 0
    _drops: bool = False

    async def read(self, limit: float = IDLE_SECONDS) -> bytes:
        """What the client has sent since. Raises TimeoutError after `limit` seconds of silence."""
        async with at_most(limit):
            while not self._input and not self._ended:
                self._news.clear()
                await self._news.wait()
        taken = bytes(self._input)
        self._input.clear()
        self._taken.set()
        self._drops = False
        self._unread += len(taken)
        if self._unread > WINDOW // 2:
            self.connection.send_message(no.CHANNEL_WINDOW_ADJUST, self.theirs, uint32(self._unread))
            self._unread = 0
        return taken

    async def write(self, data: bytes, *, error: bool = False) -> None:
        """Send output as the client's window allows. Raises TimeoutError if that stays closed."""
        while data and not self.closed:
            while self.room <= 0 and not self.closed:
                self._space.clear()
                async with at_most(IDLE_SECONDS):
                    await self._space.wait()
            piece = data[: max(1, min(self.room, self.packet, PACKET))]
            data = data[len(piece) :]
            self.room -= len(piece)
            if error:
                marked = uint32(no.STDERR) + string(piece)
                self.connection.send_message(no.CHANNEL_EXTENDED_DATA, self.theirs, marked)
            else:
                self.connection.send_message(no.CHANNEL_DATA, self.theirs, string(piece))
            await self.connection.transport.drain()

    async def take(self, data: bytes) -> None:
        """Add input from the client. If none is read, the client waits; after TAKE_SECONDS it is dropped."""
        if len(self._input) > MOST_QUEUED and not self._drops:
            self._taken.clear()
            try:
                async with self.connection.transport.while_there(TAKE_SECONDS):
                    await self._taken.wait()
            except TimeoutError:
                self._drops = True
        if not self._drops:
            self._input += data
        self._news.set()

    def end_of_input(self) -> None:
        """The client sends nothing more."""
        self._ended = True
        self._news.set()

    def widen(self, count: int) -> None:
        """The client accepts `count` more bytes."""
        self.room = min(self.room + count, 0xFFFFFFFF)
        self._space.set()

    def stop(self) -> None:
        """The channel is gone."""
        self.closed = True
        self.end_of_input()
        self._space.set()


class Connection:
    """Everything after the login."""

    def __init__(
        self,
        transport: Transport,
        session: Session,
        host_keys: list[str],
        run: Run,
        *,
        has_terminals: bool = True,
        subsystems: Mapping[str, str],
    ) -> None:
        self.transport = transport
        self.session = session
        self._run = run
        self._has_terminals = has_terminals
        self._subsystems = subsystems
        self._host_keys = host_keys
        self._channels: dict[int, Channel] = {}
        self._later: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answer messages until the connection ends, which is always with an error."""
        self._soon(self._show_host_keys())
        try:
            while True:
                packet = await self.transport.read()
                await self._answer(packet[0], Message(packet[1:]))
                await self.transport.drain()
        finally:
            await self._stop_all()

    def send_message(self, number: int, channel: int, rest: bytes = b"") -> None:
        """Send a message about a channel."""
        self.transport.send(bytes((number,)) + uint32(channel) + rest)

    async def _show_host_keys(self) -> None:
        """OpenSSH sends a client all its host keys, so that it can store them."""
        if not self._host_keys:
            return
        keys = await in_thread(lambda: [self.transport.host_keys.public(name) for name in self._host_keys])
        self.transport.host_keys.announce()
        blobs = b"".join(string(key) for key in keys)
        self.transport.send(
            bytes((no.GLOBAL_REQUEST,)) + string("hostkeys-00@openssh.com") + flag(False) + blobs
        )  # fmt: skip

    async def _answer(self, number: int, message: Message) -> None:
        if number == no.GLOBAL_REQUEST:
            await self._global(message)
        elif number == no.CHANNEL_OPEN:
            self._open(message)
        elif no.CHANNEL_WINDOW_ADJUST <= number <= no.CHANNEL_REQUEST:
            channel = self._channels.get(message.number())
            if channel is None:
                raise Refused(b"Received data for nonexistent channel")
            if number == no.CHANNEL_DATA:
                await channel.take(message.string())
            else:
                self._on_channel(number, channel, message)
        elif number not in (no.REQUEST_SUCCESS, no.REQUEST_FAILURE):
            attempts = Attempts(self.session)
            attempts.take(bytes((number,)) + message.rest())
            attempts.end()
            self.transport.unimplemented()

    async def _global(self, message: Message) -> None:
        """Answers are sent in the order of their requests, as RFC 4254 (section 4) requires."""
        name, wants_answer = message.text(200), message.flag()
        proofs = b""
        if name == PROVE:
            proofs = await self._prove(message)
        elif name.endswith(("-forward", "forward@openssh.com")):
            self.session.record("request", request=name, host=message.text(300))
        if wants_answer:
            known = bytes((no.REQUEST_SUCCESS,)) + proofs
            self.transport.send(known if proofs else bytes((no.REQUEST_FAILURE,)))

    async def _prove(self, message: Message) -> bytes:
        """A signature for each host key that the client asks about; b"" if one is not ours.

        Source: OpenSSH's PROTOCOL file, section 2.5.
        """
        requested: list[bytes] = []
        while message.left and len(requested) < len(self._host_keys):
            requested.append(message.string(4096))
        keys, session = self.transport.host_keys, self.transport.session_id

        def signed() -> bytes:
            ours = {keys.public(name): name for name in reversed(self._host_keys)}
            if not requested or message.left or not set(requested) <= set(ours):
                return b""
            parts = ((ours[key], string(PROVE) + string(session) + string(key)) for key in requested)
            return b"".join(string(keys.sign(name, data)) for name, data in parts)

        return await in_thread(signed)

    def _open(self, message: Message) -> None:
        kind, theirs, room, packet = message.text(100), message.number(), message.number(), message.number()
        if kind == "direct-tcpip":
            host, port = message.text(300), message.number()
            self.session.record("request", request=kind, host=host, port=port)
            if len(self._later) < MOST_CHANNELS:
                self._soon(self._refuse_connect(theirs))
            else:
                self._refuse(theirs, no.CONNECT_FAILED, "Connection timed out")
        elif kind != "session":
            self._refuse(theirs, no.UNKNOWN_TYPE, f"unknown channel type {kind}"[:60])
        elif len(self._channels) >= MOST_CHANNELS:
            self._refuse(theirs, no.CONNECT_FAILED, "open failed")
        else:
            number = next(n for n in range(MOST_CHANNELS) if n not in self._channels)
            self._channels[number] = Channel(self, number, theirs, room, max(1, packet))
            rest = uint32(number) + uint32(0) + uint32(PACKET)
            self.send_message(no.CHANNEL_OPEN_CONFIRMATION, theirs, rest)

    async def _refuse_connect(self, theirs: int) -> None:
        """A tunnel to another host: the decky's network does not allow it."""
        await asyncio.sleep(CONNECT_SECONDS)
        self._refuse(theirs, no.CONNECT_FAILED, "Connection timed out")

    def _refuse(self, theirs: int, code: int, reason: str) -> None:
        self.send_message(no.CHANNEL_OPEN_FAILURE, theirs, uint32(code) + string(reason) + string(""))

    def _on_channel(self, number: int, channel: Channel, message: Message) -> None:
        if number == no.CHANNEL_WINDOW_ADJUST:
            channel.widen(message.number())
        elif number == no.CHANNEL_EOF:
            channel.end_of_input()
        elif number == no.CHANNEL_CLOSE:
            self._close(channel)
        elif number == no.CHANNEL_REQUEST:
            self._request(channel, message)

    def _request(self, channel: Channel, message: Message) -> None:
        name, wants_answer = message.text(100), message.flag()
        known = self._take_request(channel, name, message)
        if wants_answer:
            self.send_message(no.CHANNEL_SUCCESS if known else no.CHANNEL_FAILURE, channel.theirs)
        if known and name in ("shell", "exec", "subsystem"):
            self.send_message(no.CHANNEL_WINDOW_ADJUST, channel.theirs, uint32(WINDOW))
            channel.task = asyncio.create_task(self._execute(channel))

    def _take_request(self, channel: Channel, name: str, message: Message) -> bool:
        if name == "pty-req" and channel.terminal is None and self._has_terminals:
            channel.terminal = Terminal(message.text(64), message.number() or 80, message.number() or 24)
            return True
        if name == "window-change" and channel.terminal is not None:
            channel.terminal.columns, channel.terminal.rows = message.number() or 80, message.number() or 24
            return True
        if name == "env":
            variable, value = message.text(100), message.text(1000)
            accepted = variable.startswith(ACCEPTED_ENVIRONMENT) and len(channel.environment) < 20
            channel.environment |= {variable: value} if accepted else {}
            return accepted
        if name == "shell" and channel.task is None:
            return True
        if name == "exec" and channel.task is None:
            channel.command = message.text(8192)
            return True
        if name == "subsystem":
            return self._take_subsystem(channel, message.text(100))
        if name in ("x11-req", "auth-agent-req@openssh.com"):
            self.session.record("request", request=name, subsystem="")
            return False
        return name in ("signal", "eow@openssh.com")

    def _take_subsystem(self, channel: Channel, name: str) -> bool:
        """Whether there is such a subsystem: sshd starts its program with the user's shell."""
        self.session.record("request", request="subsystem", subsystem=name)
        if name not in self._subsystems or channel.task is not None:
            return False
        channel.command, channel.is_subsystem = self._subsystems[name], True
        return True

    async def _execute(self, channel: Channel) -> None:
        """Run what was requested and report how it ended."""
        try:
            status = await self._run(channel)
        except (TimeoutError, Gone, OSError):
            status = 255
        except Exception:  # noqa: BLE001 (our own error must look like a failed command)
            status = 1
        if not channel.closed:
            self.send_message(no.CHANNEL_EOF, channel.theirs)
            rest = string("exit-status") + flag(False) + uint32(status)
            self.send_message(no.CHANNEL_REQUEST, channel.theirs, rest)
            self.send_message(no.CHANNEL_CLOSE, channel.theirs)
            channel.stop()

    def _close(self, channel: Channel) -> None:
        if not channel.closed:
            self.send_message(no.CHANNEL_CLOSE, channel.theirs)
        channel.stop()
        self._channels.pop(channel.number, None)
        if channel.task is not None:
            # Not before it has started, when the request is recorded.
            asyncio.get_running_loop().call_soon(channel.task.cancel)

    def _soon(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _stop_all(self) -> None:
        """End the running command, once it has started, so that the last command of a visitor who leaves at
        once is recorded."""
        await asyncio.sleep(0)
        tasks = [channel.task for channel in self._channels.values() if channel.task] + list(self._later)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
