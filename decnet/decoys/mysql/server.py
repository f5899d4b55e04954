# ruff: noqa: E501 (what the real server prints is not broken into shorter lines)
"""Connections: greet, log in, answer; every one recorded."""

import asyncio
import contextlib
import random
import sys

from ..credentials import record_login
from ..events import Recorder, shown
from ..host.insiders import answer_insiders
from ..persona import Persona
from ..serve import Stop
from ..tcp_server import Line, receive
from .answer import passwords
from .dialects import CLIENT_COMPRESS, Dialect, dialect_of
from .insiders import Counter
from .login import Gate, Login, Visitor
from .packets import LONG_PACKET, Channel, Failed, Malformed
from .results import Done, Rows, put_columns, put_result, refusal
from .sql import Desk
from .world import World

IDLE_SECONDS = 1800.0
MOST_RECORDED = 500
PREPARE_SECONDS = (30.0, 300.0)
QUIT, INIT_DB, QUERY, FIELDS, STATISTICS, PROCESSES, KILL, PING = 1, 2, 3, 4, 9, 10, 12, 14
CHANGE_USER, PREPARE, LONG_DATA, CLOSE, OPTION, RESET_CONNECTION = 17, 22, 24, 25, 27, 31
REGISTER_REPLICA = 21
NEEDED = {7: "RELOAD", 8: "SHUTDOWN", 13: "SUPER", 18: "REPLICATION SLAVE", 21: "REPLICATION SLAVE"}
UNKNOWN = Failed(1047, "08S01", "Unknown command")


async def start(persona: Persona, recorder: Recorder) -> Stop:
    """Listen on the persona's TCP ports; the returned call ends every connection."""
    dialect = dialect_of(persona)
    server = Server(persona, dialect)
    stop = await receive(persona, recorder, server.converse)
    stop_insiders = await answer_insiders(
        persona.tcp_ports(), Counter(persona, dialect, server.world).answers
    )
    preparing = asyncio.create_task(server.prepare())

    async def end() -> None:
        preparing.cancel()
        stop_insiders()
        await stop()

    return end


class Server:
    """One persona's server."""

    def __init__(self, persona: Persona, dialect: Dialect) -> None:
        self._dialect = dialect
        self._gate = Gate(persona, dialect)
        self.world = World(persona, dialect)

    async def prepare(self) -> None:
        """Compute the keys some time after the start: a worker starts many deckies at once."""
        if self._dialect.tls:
            await self._gate.identity.prepare(random.uniform(*PREPARE_SECONDS))
            await self._gate.key.prepare(1.0)

    async def converse(self, line: Line) -> None:
        """One connection."""
        thread = self.world.connected()
        channel = Channel(line)
        try:
            login = Login(self._gate, self._dialect, channel, thread)
            visitor = await login.run()
            desk = Desk(self.world, visitor, thread)
            if visitor.database:
                desk.choose(visitor.database)
            put_result(channel, visitor, self._dialect, Done())
            await channel.flush()
            if visitor.capabilities & CLIENT_COMPRESS:
                channel.compress()
            await Talk(channel, visitor, login, self._dialect, desk, self.world).run()
        except Failed as failed:
            await channel.send(refusal(failed))
            await channel.line.linger()


class Talk:
    """The commands of a visitor who logged in."""

    def __init__(
        self, channel: Channel, visitor: Visitor, login: Login, dialect: Dialect, desk: Desk, world: World
    ) -> None:
        self._channel = channel
        self._visitor = visitor
        self._login = login
        self._dialect = dialect
        self._desk = desk
        self._world = world
        self._session = channel.line.session
        self._commands = 0

    async def run(self) -> None:
        """Answer command after command. Raises Failed for what ends the connection."""
        while True:
            self._channel.number = 0
            content = await self._channel.read(IDLE_SECONDS, LONG_PACKET)
            self._world.statements += 1
            await self._channel.line.turn.pass_on()
            code, rest = (content[0], content[1:]) if content else (0xFF, b"")
            if code == QUIT:
                return
            await self._answer(code, rest)

    async def _answer(self, code: int, rest: bytes) -> None:
        try:
            if code == STATISTICS:
                self._channel.put(self._statistics())
            elif code == OPTION:
                self._channel.put(b"\xfe\x00\x00\x02\x00")
            elif code == FIELDS:
                columns, place = self._desk.fields(shown(rest.split(b"\0")[0]))
                put_columns(self._channel, self._visitor, self._dialect, columns, place)
            elif code in (LONG_DATA, CLOSE):
                return
            else:
                put_result(self._channel, self._visitor, self._dialect, self._result(code, rest))
        except Failed as failed:
            self._channel.put(refusal(failed))
        except (Malformed, LookupError, ValueError, TypeError, ArithmeticError) as error:  # ours
            sys.stderr.write(f"command {code}: {error!r}"[:500] + "\n")
            self._channel.put(refusal(UNKNOWN))
        await self._pause()
        await self._channel.flush()

    async def _pause(self) -> None:
        seconds, self._desk.pause = self._desk.pause, 0.0
        if seconds:
            with contextlib.suppress(TimeoutError):
                async with self._channel.line.reader.at_most(seconds):
                    await asyncio.sleep(seconds)

    def _result(self, code: int, rest: bytes) -> Rows | Done:
        text = rest.decode("utf-8", "replace")
        if code in (PING, RESET_CONNECTION):
            return Done()
        if code in (QUERY, PREPARE, INIT_DB):
            self._record(("use " if code == INIT_DB else "") + shown(rest))
        if code == QUERY:
            return self._statement(rest)
        if code == INIT_DB:
            return self._desk.choose(text)
        if code == PREPARE:
            self._tell_passwords(rest, accepted=False)
            raise Failed(
                1295, "HY000", "This command is not supported in the prepared statement protocol yet"
            )
        if code == PROCESSES:
            return self._desk.answer("show processlist")
        if code == KILL:
            raise Failed(1094, "HY000", f"Unknown thread id: {int.from_bytes(rest[:4], 'little')}")
        if code == CHANGE_USER:
            self._login.record_change(rest)
        if code == REGISTER_REPLICA:
            self._login.record_replica(rest)
        if code in NEEDED:
            raise Failed(
                1227,
                "42000",
                f"Access denied; you need (at least one of) the {NEEDED[code]} privilege(s) for this operation",
            )
        raise UNKNOWN

    def _statement(self, raw: bytes) -> Rows | Done:
        accepted = False
        try:
            result = self._desk.answer(raw.decode("utf-8", "replace"))
            accepted = True
            return result
        finally:
            self._tell_passwords(raw, accepted=accepted)

    def _tell_passwords(self, raw: bytes, *, accepted: bool) -> None:
        for user, password in passwords(shown(raw)):
            record_login(self._session, "statement", success=accepted, username=user, password=password)

    def _record(self, text: str) -> None:
        self._commands += 1
        self._channel.line.summary["commands"] = self._commands
        if self._commands <= MOST_RECORDED:
            self._session.record("command", input=text)
        else:
            self._session.count("command")

    def _statistics(self) -> bytes:
        up, queries = self._world.uptime(), self._world.queries
        return (
            f"Uptime: {up}  Threads: 2  Questions: {queries}  Slow queries: 0  Opens: 63  Open tables: 52  "
            f"Queries per second avg: {queries / up:.3f}"
        ).encode()
