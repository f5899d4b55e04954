"""What the file tree shows of a machine: the part of World that it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..machine import Machine, System
from ..persona import Persona
from .accounts import Accounts
from .hardware import Memory
from .mount import Mount
from .network import NetworkFacts
from .processes import ProcessEntry
from .services import ServiceEntry


class World(Protocol):
    """One machine. Times are seconds since the epoch."""

    persona: Persona
    system: System
    hostname: str
    address: str
    installed: int
    user: str
    accounts: Accounts

    @property
    def machine(self) -> Machine:
        """The machine itself."""

    @property
    def packages(self) -> Mapping[str, object] | None:
        """Its packages, None if nothing is known about those of its release."""

    @property
    def network(self) -> NetworkFacts:
        """Its network now."""

    @property
    def mounts(self) -> list[Mount]:
        """What is mounted."""

    @property
    def newest_pid(self) -> int:
        """The number of the process that was started last."""

    def memory(self, now: int) -> Memory:
        """Its memory at a time."""

    @property
    def shadow(self) -> str:
        """/etc/shadow."""

    def services(self) -> list[ServiceEntry]:
        """Its services now."""

    def processes(self, now: int) -> list[ProcessEntry]:
        """All processes but those of visitors, by number, at a time."""

    def home(self, user: str) -> str:
        """A user's home folder."""

    def history(self, user: str) -> bytes:
        """What a user has typed."""

    def booted(self) -> int:
        """When it was started."""

    def boots(self) -> int:
        """How often it was started."""

    def interface(self) -> str:
        """The name of its network card."""

    def changed(self, purpose: str, most: int) -> int:
        """When something on it was last changed, up to `most` seconds after its installation."""
