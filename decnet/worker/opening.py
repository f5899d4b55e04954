"""Which session leads to a worker."""

from __future__ import annotations

from pathlib import Path

from decnet.model.worker import Worker

from .agentfile import agent_file
from .lanes import Lanes
from .local import LocalSession
from .session import Session


def open_session(
    worker: Worker,
    *,
    agents: Path,
    known_hosts: Path,
    key: Path,
    agent_home: Path | None = None,
    lanes: Lanes | None = None,
) -> Session:
    """A session to a worker; nothing is connected before the first call.

    `agents` is the folder that keeps the agent's file for `local`, `known_hosts` our pinned host keys,
    `key` the fleet's private key. `agent_home` is the local agent's own folder (None: its default).
    `lanes` is the limit on work at once that all sessions of a command share.
    Raises StateBroken, and HostKeyRefused for a worker without a pinned key.
    """
    if worker.is_local:
        return LocalSession(agent_file(agents), worker=worker.name, home=agent_home)
    from .ssh import SshSession

    return SshSession.to(worker, known_hosts=known_hosts, key=key, lanes=lanes)
