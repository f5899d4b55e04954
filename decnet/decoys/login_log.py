"""What a machine's auth.log has of a connection before anyone has logged in."""

from __future__ import annotations

from .events import Session
from .machine import Machine
from .persona import Persona
from .server_logs import logs_of

MOST_NAME = 100
"""Bytes of a name that a line has."""


class LoginLog:
    """The log of one connection; devices and other systems have none that a shell shows."""

    def __init__(self, persona: Persona, session: Session) -> None:
        self._machine = Machine(persona)
        self._logs = logs_of(persona.machine.seed)
        self._writes = persona.os == "linux" and self._machine.system.id in ("debian", "ubuntu")
        self._session = session
        self._count = 0


def bytes_of(name: str) -> bytes:
    """The bytes of a name that a line has."""
    return name.encode("utf-8", "surrogateescape")[:MOST_NAME]
