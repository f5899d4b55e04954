"""A worker over SSH: one connection, one channel per call, and only the pinned host key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from decnet import wire
from decnet.errors import BadAnswer, Unreachable

from . import connect, hostkeys
from .backoff import backoff
from .channel import First, open_program
from .concurrency import Concurrency
from .distance import round_trip
from .exchange import PIECE, Request, Sink, Source, answered, converse, describe_status
from .served import LAST, LONGEST, PROGRAM, VERBS, Served, line_of
from .ssh_library import asyncssh
from .translate import translated

if TYPE_CHECKING:
    from decnet.model.worker import Worker

CHANNELS = 8
"""Concurrent channels of one connection; sshd's MaxSessions is 10 by default."""
TRIES = 4
OPEN_TRIES = 8
"""Attempts to open a channel, 6 s in total: for MaxSessions, sshd counts a session until its program has
ended."""
COMMAND = "decnet-agent"

REPEATABLE = frozenset({"hello", "facts", "status", "slice", "probe", "events", "logs", "apply", "teardown"})
"""Verbs that may be repeated when the connection broke before the answer: they only read, or the agent
recognizes the request by its request_id."""


class SshSession:
    """Calls one worker's agent. The connection is opened at the first call, kept, and reopened when
    broken."""

    def __init__(
        self, target: connect.Target, *, concurrency: Concurrency | None = None, command: str = COMMAND
    ) -> None:
        self.worker = target.name
        self.noise = 0
        self.protocol = wire.PROTOCOL
        self.serves = False
        self.sent_at = 0.0
        """Our clock when the last request was sent: connecting may take longer than the answer."""
        self.round_trip = 0.0
        """Seconds that the network takes, at least; 0.0 if that is unknown."""
        self._target = target
        self._command = command
        self._concurrency = concurrency or Concurrency()
        self._channels = _Channels()
        self._connecting: asyncio.Task[Any] | None = None
        self._connection: Any = None
        self._served: Served | None = None
        self._is_asking = False
        self._may_serve = True

    @classmethod
    def to(
        cls, worker: Worker, *, known_hosts: Path, key: Path, concurrency: Concurrency | None = None
    ) -> SshSession:
        """To an enrolled worker, with the fleet's key and its pinned host key. Raises HostKeyRefused."""
        return cls(
            connect.target_of(worker, hostkeys.pinned(known_hosts, worker), key), concurrency=concurrency
        )

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        if stream is None and (result := await self._ask_served(verb, args, limit)) is not None:
            return result
        pauses = backoff(TRIES)
        while True:
            connection = await self._connected()
            async with self._channels.one():
                try:
                    return await self._converse(connection, verb, args, limit, stream)
                except Unreachable as error:
                    if isinstance(error, _Refused) and self._channels.lower():
                        continue
                    pause = next(pauses, None)
                    if pause is None or not _may_repeat(error, verb, stream is not None):
                        raise
            await asyncio.sleep(pause)

    async def _converse(
        self,
        connection: Any,
        verb: str,
        args: dict[str, Any],
        limit: float,
        stream: AsyncIterator[bytes] | None,
    ) -> dict[str, Any]:
        command, request = f"{self._command} {verb}", Request.of(self.worker, verb, args, self.protocol)
        first = First(request.line, is_all=stream is None) if len(request.line) <= PIECE else None
        async with self._concurrency.calls:
            self.sent_at = time.time()
            async with running(connection, self.worker, command, limit, first, self._give_way) as remote:
                result = await answered(remote, self.worker, request, stream, is_sent=first is not None)
                self.noise, self.round_trip = remote.preamble, self.round_trip or round_trip(connection)
                return result

    async def _ask_served(self, verb: str, args: dict[str, Any], limit: float) -> dict[str, Any] | None:
        """The result over the one channel that serves several requests. None where it is not used: by another
        verb, during another call, with an older agent, or if it has ended."""
        if verb in LAST:
            self._end_served()
        may_serve = self.serves and self._may_serve and self.protocol == wire.PROTOCOL
        if verb not in VERBS or self._is_asking or not may_serve:
            return None
        request = Request.of(self.worker, verb, args)
        if len(request.line) > LONGEST:
            return None
        connection = await self._connected()
        self._is_asking, result = True, None
        try:
            async with self._concurrency.calls, _within(self.worker, verb, limit):
                result = await self._result_on(connection, request)
            return result
        except (TooLate, BadAnswer):
            raise
        except Unreachable:
            return None
        finally:
            self._is_asking = False
            if result is None:
                self._end_served()

    async def _result_on(self, connection: Any, request: Request) -> dict[str, Any] | None:
        self.sent_at, is_first = time.time(), self._served is None
        if self._served is None:
            # Until it has answered: where sshd allows few sessions, there may be no room for it.
            self._may_serve = False
            first = First(line_of(request), is_all=False)
            command = f"{self._command} {PROGRAM}"
            remote = RemoteProgram(self.worker, *await open_program(connection, command, first))
            self._served = Served(remote, self.worker, remote.abort)
        result = await self._served.ask(request, is_sent=is_first)
        self._may_serve = self._may_serve or result is not None
        return result

    def _give_way(self) -> None:
        if self._served is not None:
            self._may_serve = False
            self._end_served()

    def _end_served(self) -> None:
        """Not while it is used."""
        if self._served is not None and not self._is_asking:
            self._served.end()
            self._served = None

    async def close(self) -> None:
        """End the connection, without waiting long for the other side to agree."""
        self._end_served()
        connecting, self._connecting, self._connection = self._connecting, None, None
        if connecting is not None:
            connecting.cancel()
            await asyncio.wait({connecting})
            if not connecting.cancelled() and connecting.exception() is None:
                await connect.disconnect(connecting.result())

    async def _connected(self) -> Any:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(connect.connect(self._target, self._concurrency))
        # Shared and shielded: concurrent calls open one connection, and cancelling one does not affect the
        # others.
        self._connection = await asyncio.shield(self._connecting)
        return self._connection


class _Channels:
    """The concurrent channels of a connection: at most CHANNELS, fewer if sshd refuses more (MaxSessions)."""

    def __init__(self) -> None:
        self._most = CHANNELS
        self._open = 0
        self._ended = asyncio.Event()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place for one channel."""
        while self._open >= self._most:
            self._ended.clear()
            await self._ended.wait()
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            self._ended.set()

    def lower(self) -> bool:
        """After a refusal, inside `one`: open no more than the other channels. False if there is none."""
        if self._open > 1:
            self._most = self._open - 1
        return self._open > 1


async def call_over(
    connection: Any, worker: str, command: str, args: dict[str, Any], limit: float
) -> dict[str, Any]:
    """One verb over an open connection; `command` is the agent's path and the verb, `limit` is in seconds."""
    async with running(connection, worker, command, limit) as remote:
        return await converse(remote, worker, command.rpartition(" ")[2], args, None)


@asynccontextmanager
async def running(
    connection: Any,
    worker: str,
    command: str,
    limit: float,
    first: First | None = None,
    give_way: Callable[[], None] = lambda: None,
) -> AsyncIterator[RemoteProgram]:
    """A program on the worker for at most `limit` seconds, which gets `first` at once; its channel is ended
    afterwards. `give_way` is called if sshd opens no further channel now."""
    async with _within(worker, command.rpartition(" ")[2], limit):
        remote = await _open_channel(connection, worker, command, first, give_way)
        try:
            yield remote
        finally:
            remote.abort()


@asynccontextmanager
async def _within(worker: str, verb: str, limit: float) -> AsyncIterator[None]:
    """Inside, errors of the connection are ours, and a call may take so many seconds. Raises TooLate."""
    try:
        with translated(worker):
            async with asyncio.timeout(limit):
                yield
    except Unreachable as error:
        if isinstance(error.__cause__, TimeoutError):
            raise TooLate(f"no answer to {verb} within {limit:g} s", worker=worker) from error
        raise


async def _open_channel(
    connection: Any, worker: str, command: str, first: First | None, give_way: Callable[[], None]
) -> RemoteProgram:
    for pause in (*backoff(OPEN_TRIES, first=0.05), None):
        try:
            with translated(worker):
                return RemoteProgram(worker, *await open_program(connection, command, first))
        except Unreachable as error:
            if not isinstance(error.__cause__, asyncssh().ChannelOpenError) or connection.is_closed():
                if first is not None and first.is_sent:
                    raise
                raise _NotSent(error.message, hint=error.hint, worker=worker) from error
            if pause is None:
                hint = "does its sshd_config limit sessions (MaxSessions 0)?"
                raise _Refused(error.message, hint=hint, worker=worker) from error
        give_way()
        await asyncio.sleep(pause)
    raise AssertionError("the last try returns or raises")


class _NotSent(Unreachable):
    """No program was started, so the request was not sent."""


class _Refused(_NotSent):
    """sshd opens no further channel on this connection, after all attempts."""


class TooLate(Unreachable):
    """The time limit of the call has passed: no time for another attempt."""


def _may_repeat(error: Unreachable, verb: str, streamed: bool) -> bool:
    if isinstance(error, _NotSent):
        return not isinstance(error, _Refused)
    return not isinstance(error, TooLate) and verb in REPEATABLE and not streamed


class RemoteProgram:
    """An SSH channel with a program at its end, as a Remote."""

    def __init__(self, worker: str, stdin: Any, stdout: Any, stderr: Any) -> None:
        self.preamble = 0
        self._worker = worker
        self._channel = stdin.channel
        self.sink: Sink = stdin
        self.source: Source = stdout
        self.noise: Source = stderr

    async def ended(self) -> str | None:
        await self._channel.wait_closed()
        signal, status = self._channel.get_exit_signal(), self._channel.get_exit_status()
        if signal is not None:
            return f"was ended by signal {wire.clean(signal[0], 20)}"
        if status is None:
            raise Unreachable("the connection was lost", worker=self._worker)
        return describe_status(status)

    def abort(self) -> None:
        self._channel.abort()
