"""Open connections to workers, and work on all of them side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from decnet.errors import DecnetError
from decnet.model.worker import Worker
from decnet.store.paths import Home

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

Result = TypeVar("Result")

FLEET_KEY = "fleet_ed25519"
"""The file below `keys/` that holds the fleet's private key."""

AT_ONCE = 64
"""Workers talked to at the same time (throughput is flat from 10 to 100 connections)."""


class Links:
    """The agent clients of one command: one connection per worker, opened when first needed."""

    def __init__(self, home: Home, fleet_id: str) -> None:
        self._home = home
        self._fleet_id = fleet_id
        self._clients: dict[str, AgentClient] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)

    def client(self, worker: Worker) -> AgentClient:
        """The worker's client; nothing is sent before its first verb."""
        if worker.name not in self._clients:
            self._clients[worker.name] = self._opened(worker, worker.worker_id, self._fleet_id)
        return self._clients[worker.name]

    def stranger(self, worker: Worker) -> AgentClient:
        """A client for a worker that has no identity yet: it expects none, and is not kept."""
        return self._opened(worker, None, None)

    def _opened(self, worker: Worker, worker_id: str | None, fleet_id: str | None) -> AgentClient:
        from decnet.worker.client import AgentClient
        from decnet.worker.opening import open_session

        session = open_session(
            worker,
            agents=self._home.agents,
            known_hosts=self._home.known_hosts,
            key=self._home.keys / FLEET_KEY,
        )
        return AgentClient(session, worker_id=worker_id, fleet_id=fleet_id)

    async def each(
        self, workers: Iterable[Worker], call: Callable[[AgentClient], Awaitable[Result]]
    ) -> dict[str, Result | DecnetError]:
        """The call's result per worker; a worker's error is its own value and stops nobody else."""
        chosen = list(workers)
        results = await asyncio.gather(*(self._guarded(worker, call) for worker in chosen))
        return {worker.name: result for worker, result in zip(chosen, results, strict=True)}

    async def _guarded(
        self, worker: Worker, call: Callable[[AgentClient], Awaitable[Result]]
    ) -> Result | DecnetError:
        async with self._turn:
            try:
                return await call(self.client(worker))
            except DecnetError as error:
                error.worker = error.worker or worker.name
                return error

    async def close(self) -> None:
        """Close every connection; an error while closing is nobody's loss."""
        clients = list(self._clients.values())
        self._clients.clear()
        await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)

    async def __aenter__(self) -> Links:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
