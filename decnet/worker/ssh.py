"""A worker over SSH: one connection, one channel for each call, only the pinned host key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from decnet import wire
from decnet.errors import DecnetError, Unreachable
from decnet.model.worker import Worker

from . import dial, hostkeys
from .lanes import Lanes, pauses
from .session import Sink, Source, converse
from .translate import translated

CHANNELS = 8
"""Side by side on one connection; sshd's MaxSessions is 10 as it comes."""
TRIES = 4
COMMAND = "decnet-agent"

REPEATABLE = frozenset(
    {"hello", "facts", "status", "slice", "probe", "events", "logs", "apply", "mutate", "teardown",
     "topology-apply", "topology-teardown", "topology-state"}
)  # fmt: skip
"""Verbs that may be asked again when the connection broke before the answer: they only read, or the
agent knows the request by its request_id."""


class SshSession:
    """Calls one worker's agent. The connection is made at the first call, kept, and remade when broken."""

    def __init__(self, target: dial.Target, *, lanes: Lanes | None = None, command: str = COMMAND) -> None:
        self.worker = target.name
        self._target = target
        self._command = command
        self._lanes = lanes or Lanes()
        self._channels = asyncio.Semaphore(CHANNELS)
        self._connecting: asyncio.Task[Any] | None = None
        self._connection: Any = None

    @classmethod
    def to(cls, worker: Worker, *, known_hosts: Path, key: Path, lanes: Lanes | None = None) -> SshSession:
        """To an enrolled worker, with the fleet's key and its pinned host key. Raises HostKeyRefused."""
        return cls(dial.enrolled(worker, hostkeys.pinned(known_hosts, worker), key), lanes=lanes)

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        async with self._channels:
            for pause in pauses(TRIES):
                try:
                    return await self._once(verb, args, limit, stream)
                except _BeforeSending:
                    pass
                except _Broken as error:
                    if verb not in REPEATABLE or stream is not None:
                        raise error.meant from error
                await asyncio.sleep(pause)
            try:
                return await self._once(verb, args, limit, stream)
            except (_BeforeSending, _Broken) as error:
                raise error.meant from error

    async def close(self) -> None:
        """End the connection, without waiting long for the other side to agree."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        connection, self._connection, self._connecting = self._connection, None, None
        if connection is not None:
            await dial.hang_up(connection)

    async def _once(
        self, verb: str, args: dict[str, Any], limit: float, stream: AsyncIterator[bytes] | None
    ) -> dict[str, Any]:
        connection = await self._connected()
        async with self._lanes.work:
            remote = await self._started(connection, verb, limit)
            try:
                with translated(self.worker):
                    async with asyncio.timeout(limit):
                        return await converse(remote, self.worker, verb, args, stream)
            except Unreachable as error:
                if isinstance(error.__cause__, TimeoutError):
                    raise Unreachable(
                        f"{self.worker}: no answer to {verb} within {limit:g} s", worker=self.worker
                    ) from error
                raise _Broken(error) from error
            finally:
                remote.abort()

    async def _started(self, connection: Any, verb: str, limit: float) -> _RemoteAgent:
        try:
            with translated(self.worker):
                async with asyncio.timeout(limit):
                    pipes = await connection.open_session(f"{self._command} {verb}", encoding=None)
        except Unreachable as error:
            if isinstance(error.__cause__, TimeoutError):
                raise
            raise _BeforeSending(error) from error
        return _RemoteAgent(self.worker, *pipes)

    async def _connected(self) -> Any:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(dial.connect(self._target, self._lanes))
        # Shared and shielded: calls side by side make one connection, and a cancelled one ends no other.
        self._connection = await asyncio.shield(self._connecting)
        return self._connection


class _Again(Exception):
    """A failure after which another try may be safe; `meant` is what it is when there is none."""

    def __init__(self, meant: DecnetError) -> None:
        super().__init__(str(meant))
        self.meant = meant


class _BeforeSending(_Again):
    """The request was not sent."""


class _Broken(_Again):
    """The connection broke after the request was sent, or while."""


class _RemoteAgent:
    """An SSH channel with an agent at its end, seen as a Remote."""

    def __init__(self, worker: str, stdin: Any, stdout: Any, stderr: Any) -> None:
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
            raise Unreachable(f"{self._worker}: the connection was lost", worker=self._worker)
        return f"ended with exit status {status}" if status else None

    def abort(self) -> None:
        self._channel.abort()
