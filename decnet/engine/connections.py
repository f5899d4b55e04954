"""Open connections to the workers, and calls on all of them concurrently."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from decnet.model.worker import Worker
from decnet.store.paths import Home

if TYPE_CHECKING:
    from decnet.engine.asked import Asked
    from decnet.worker.agent_package import AgentPackage
    from decnet.worker.ahead import Ahead
    from decnet.worker.client import AgentClient
    from decnet.worker.session import Session

    Sessions = Callable[[Worker], Session]
    """Opens the session to a worker; nothing is sent before its first call."""

Result = TypeVar("Result")


class Connections:
    """The agent clients of one command: one connection per worker, opened when first needed."""

    def __init__(
        self,
        home: Home,
        fleet_id: str,
        sessions: Sessions | None = None,
        asked: Asked | None = None,
        ahead: Ahead | None = None,
    ) -> None:
        from decnet.worker.pool import Pool

        self._home = home
        self._bundled_agent: AgentPackage | None = None
        self._reported: set[str] = set()
        self._sessions = sessions or _real_sessions(home)
        self._fleet_id = fleet_id
        self._asked = asked
        self._ahead = ahead
        self._pool = Pool(self._client_of)
        self.client = self._pool.client
        """The worker's client, made at the first call; nothing is sent before its first verb."""
        self.call_all = self._pool.pull
        """The result of a call per worker. A worker's failure is its value and stops no other worker."""

    @property
    def bundled_agent(self) -> AgentPackage:
        """The agent of this version; read once."""
        if self._bundled_agent is None:
            from decnet.worker.agent_package import AgentPackage

            self._bundled_agent = AgentPackage.of(self._home.agents)
        return self._bundled_agent

    def is_new(self, sentence: str) -> bool:
        """Whether this sentence was not reported before: `--interval` reports it once."""
        new = sentence not in self._reported
        self._reported.add(sentence)
        return new

    def unenrolled_client(self, worker: Worker) -> AgentClient:
        """A client for a worker that is not enrolled: it expects no identity and is not cached."""
        return self._opened(worker, None, None)

    def _client_of(self, worker: Worker) -> AgentClient:
        if not worker.worker_id:
            return self.unenrolled_client(worker)
        return self._opened(worker, worker.worker_id, self._fleet_id)

    def _opened(self, worker: Worker, worker_id: str | None, fleet_id: str | None) -> AgentClient:
        from decnet.worker.client import AgentClient

        # `local` starts this version's agent itself.
        own = None if worker.is_local else self.bundled_agent
        hear = partial(self._asked.hear, worker) if self._asked is not None else None
        session = self._sessions(worker)
        given = self._asked.given.pop(worker.worker_id, None) if self._asked is not None else None
        if given is not None:
            from decnet.worker.given import GivenSession

            session = GivenSession(session, given)
        if self._ahead is not None and worker_id is not None:
            session = self._ahead.session(worker, session)
        return AgentClient(session, worker_id=worker_id, fleet_id=fleet_id, own=own, hear=hear)

    async def switch_fleet(self, fleet_id: str) -> Connections:
        """These connections for the given fleet; closes those to the workers of another fleet."""
        if fleet_id != self._fleet_id:
            await self._pool.close()
            self._fleet_id = fleet_id
        return self

    async def close(self) -> None:
        await self._pool.close()

    async def __aenter__(self) -> Connections:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _real_sessions(home: Home) -> Sessions:
    """Sessions that share one limit on concurrent work."""
    from decnet.worker.concurrency import Concurrency
    from decnet.worker.fleet_keys import FLEET_KEY
    from decnet.worker.session import open_session

    concurrency, key = Concurrency(), home.keys / FLEET_KEY
    return lambda worker: open_session(
        worker, agents=home.agents, known_hosts=home.known_hosts, key=key, concurrency=concurrency
    )
