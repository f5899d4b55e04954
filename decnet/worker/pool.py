"""Calls all workers of a fleet concurrently; a worker's failure is its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Self, TypeVar

from decnet.errors import DecnetError, WorkerFailure
from decnet.model.worker import Worker

from .client import AgentClient
from .room import make_room

LARGE = 50

Result = TypeVar("Result")


class Pool:
    """Clients by worker, opened at first use and kept until the pool is closed."""

    def __init__(self, open_client: Callable[[Worker], AgentClient]) -> None:
        self._open = open_client
        self._clients: dict[Worker, AgentClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def client(self, worker: Worker) -> AgentClient:
        """The worker's client, the same for every call. Raises DecnetError if it cannot be opened."""
        # Keyed by the whole value: a worker that is enrolled, or moves to another address, gets a new client.
        if worker not in self._clients:
            self._clients[worker] = self._open(worker)
        return self._clients[worker]

    async def pull(
        self, workers: Iterable[Worker], call: Callable[[AgentClient], Awaitable[Result]]
    ) -> dict[str, Result | WorkerFailure]:
        """The result of `call` for each worker, by name, in the order of `workers`."""

        async def one(worker: Worker) -> Result:
            return await call(self.client(worker))

        return await side_by_side({worker.name: _bound(one, worker) for worker in workers})

    async def close(self) -> None:
        """Close all connections concurrently."""
        clients, self._clients = self._clients, {}
        await asyncio.gather(*(client.close() for client in clients.values()))


async def side_by_side(
    calls: Mapping[str, Callable[[], Awaitable[Result]]],
) -> dict[str, Result | WorkerFailure]:
    """Run all calls concurrently; each result or worker's failure, by name.

    Any other exception is a fault of this machine or a bug: it is raised after all calls have ended.
    """
    if len(calls) > LARGE:
        make_room()
    outcomes = await asyncio.gather(*(_as_value(call) for call in calls.values()), return_exceptions=True)
    results: dict[str, Result | WorkerFailure] = {}
    for name, outcome in zip(calls, outcomes, strict=True):
        if isinstance(outcome, BaseException):
            raise outcome
        results[name] = outcome
    return results


async def _as_value(call: Callable[[], Awaitable[Result]]) -> Result | WorkerFailure:
    try:
        return await call()
    except DecnetError as error:
        return WorkerFailure.of(error)


def _bound(one: Callable[[Worker], Awaitable[Result]], worker: Worker) -> Callable[[], Awaitable[Result]]:
    return lambda: one(worker)
