"""The programs that ask an agent a second time: this machine's own, or OpenSSH's client.

asyncssh takes as long to import as twenty logins of the client take. It gets the same keys and algorithms, no
configuration, and the name under which the worker's key is pinned.
"""

from __future__ import annotations

import sys

from .agent_start import local_environment, start
from .algorithms import CIPHERS, KEX, MACS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from decnet.model.worker import Worker

    from .answers import Program, Question

CLIENT = "/usr/bin/ssh"
"""Not from PATH, which may lead to another user's program."""
COMMAND = "decnet-agent"
MOST_PROCESSES = 16
"""From here on asyncssh takes less for all of them than the client for each: see `crowd`."""
FAR = 0.03
"""Seconds of a round trip: from here on asyncssh, which needs four fewer, is faster despite its import."""
CONNECT_SECONDS = 3
_OPTIONS = {
    "BatchMode": "yes",
    "CheckHostIP": "no",
    "Ciphers": ",".join(CIPHERS),
    "ClearAllForwardings": "yes",
    "ConnectTimeout": CONNECT_SECONDS,
    "ControlPath": "none",
    "GlobalKnownHostsFile": "/dev/null",
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "KexAlgorithms": ",".join(KEX),
    "LogLevel": "QUIET",
    "MACs": ",".join(MACS),
    "PreferredAuthentications": "publickey",
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
}
_SPECIAL = frozenset("\"'%$\\~")
"""Characters that the client does not take literally in a path."""


def place_of(worker: Worker, key: str) -> dict[str, Any] | None:
    """How the client reaches a worker, `key` being the name of the fleet's key for it; None if only asyncssh
    does, which knows jump hosts and bound sockets. For `local` it is empty."""
    if worker.is_local:
        return {}
    route = worker.route
    if route is None:
        is_plain = worker.jump is None
    else:
        settings = route.settings
        is_plain = route.is_direct and settings.address_family == "any"
        is_plain = is_plain and settings.bind_address is None and settings.bind_interface is None
    if not is_plain:
        return None
    return {"host": worker.host, "port": worker.port, "user": worker.user, "key": key}


def program(root: str, agent: str, question: Question) -> Program:
    """What asks one question; `root` is the state directory, `agent` the file of this machine's agent. Raises
    ValueError as `ssh_program`."""
    if not question.place:
        return local_program(agent, question.verb)
    return ssh_program(root, question.worker_id, question.place, question.verb)


def local_program(agent: str, verb: str) -> Program:
    """This machine's agent, from its file."""
    return [sys.executable, *start(agent), verb], local_environment()


def ssh_program(root: str, worker_id: str, place: dict[str, Any], verb: str) -> Program:
    """OpenSSH's client, for a worker at a place from `place_of`; `root` is the state directory. Raises
    ValueError for one whose path the client does not take literally."""
    if _SPECIAL & set(root):
        raise ValueError("the client does not take this path literally")
    options = {
        **_OPTIONS,
        "HostKeyAlias": worker_id,
        "IdentityFile": f'"{root}/keys/{place["key"]}"',
        "UserKnownHostsFile": f'"{root}/known_hosts"',
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    address = ["-p", str(place["port"]), "-l", place["user"], "--", place["host"]]
    return [CLIENT, "-F", "/dev/null", "-T", *given, *address, f"{COMMAND} {verb}"], {"PATH": "/usr/bin:/bin"}
