"""The session to a fake worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from decnet.wire import PROTOCOL
from decnet.worker.exchange import NOT_FOUND, converse, status_in_words

from .machine import FakeWorker
from .mouth import Mouth


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
            mouth = Mouth(lambda content: self._machine.answer(verb, content))
        else:
            mouth = Mouth(lambda content: b"", end=status_in_words(NOT_FOUND))
        result = await converse(mouth, self.worker, verb, args, stream)
        self._machine.part(verb)
        return result

    async def close(self) -> None:
        """Nothing is held open."""
