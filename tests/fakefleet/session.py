"""The session to a fake worker, and the agent's program as the real client sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from decnet.wire import PROTOCOL
from decnet.worker.exchange import NOT_FOUND, converse, describe_status

from .machine import FakeWorker

PIECE = 65536


class FakeSession:
    """The session to a fake worker: the real client's conversation with the agent's own program."""

    noise = 0
    protocol = PROTOCOL

    def __init__(self, machine: FakeWorker, worker: str) -> None:
        self.worker = worker
        self._machine = machine

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        self._machine.meet(verb, limit)
        if self._machine.program.exists():
            program = FakeProgram(lambda content: self._machine.answer(verb, content))
        else:
            program = FakeProgram(lambda content: b"", end=describe_status(NOT_FOUND))
        result = await converse(program, self.worker, verb, args, stream)
        self._machine.part(verb)
        return result

    async def close(self) -> None:
        """Nothing is held open."""


class FakeProgram:
    """A running agent as a Remote: it reads its whole input, then answers in pieces of `size` bytes."""

    preamble = 0

    def __init__(self, answer: Callable[[bytes], bytes], size: int = PIECE, end: str | None = None) -> None:
        """`end` is how the program ends, in words; None for exit status 0."""
        self._answer = answer
        self._end = end
        self._size = size
        self._complete = asyncio.Event()
        self._input = b""
        self._left: bytes | None = None
        self.sink = self
        self.source = self
        self.noise = _Silence()

    def write(self, data: bytes, /) -> None:
        self._input += data

    async def drain(self) -> None:
        return

    def write_eof(self) -> None:
        self._complete.set()

    async def read(self, n: int = -1, /) -> bytes:
        await self._complete.wait()
        if self._left is None:
            self._left = self._answer(self._input)
        piece, self._left = self._left[: self._size], self._left[self._size :]
        return piece

    async def ended(self) -> str | None:
        return self._end


class _Silence:
    async def read(self, n: int = -1, /) -> bytes:
        return b""
