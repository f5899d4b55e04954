"""Sessions to workers: the interface, and how one is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from decnet.model.worker import Worker

from .agent_package import agent_file
from .concurrency import Concurrency
from .local import LocalSession


class Session(Protocol):
    """A connection to one worker's agent. One session may carry several calls at the same time."""

    worker: str
    noise: int
    """Bytes that a shell's start-up file printed before the last answer."""
    protocol: int
    """The protocol of requests: the current one, until the agent has answered in an older one."""

    serves: bool
    """Whether the agent is known to answer several requests on one channel."""

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        """The `result` of one verb; `limit` is in seconds in total, except for connecting.

        `stream` follows the request line on the agent's stdin. Raises the classes of `decnet.errors` with
        `worker` set, Unreachable when the limit passes.
        """
        ...

    async def close(self) -> None:
        """Close the session's connections. May be called twice."""
        ...


def open_session(
    worker: Worker,
    *,
    agents: Path,
    known_hosts: Path,
    key: Path,
    agent_home: Path | None = None,
    concurrency: Concurrency | None = None,
) -> Session:
    """A session to a worker; nothing is connected before the first call.

    `agents` is the folder that keeps the agent's file for `local`, `known_hosts` our pinned host keys, `key`
    the fleet's private key. `agent_home` is the local agent's own folder (None: its default). `concurrency`
    has the limits that all sessions of a command share. Raises StateBroken, and HostKeyRefused for a worker
    without a pinned key.
    """
    if worker.is_local:
        return LocalSession(agent_file(agents), worker=worker.name, home=agent_home)
    from .ssh import SshSession

    return SshSession.to(worker, known_hosts=known_hosts, key=key, concurrency=concurrency)
