"""The machine behind the prompt: its users, files and addresses, all of them made up from the seed."""

import time
from dataclasses import dataclass

from ..persona import Persona
from . import files
from .releases import System, system_of

LONGEST_UP_DAYS = 90


@dataclass(frozen=True)
class Node:
    """One file, folder or link. `changed` is seconds since the epoch."""

    mode: int = 0o644
    folder: bool = False
    content: bytes = b""
    owner: str = "root"
    changed: int = 0
    target: str = ""
    size: int = -1

    @property
    def bytes(self) -> int:
        """Its length as `ls` shows it."""
        if self.folder:
            return 4096
        return self.size if self.size >= 0 else len(self.target or self.content)


class World:
    """One machine; what sessions change they keep to themselves."""

    def __init__(self, persona: Persona) -> None:
        persona = persona.machine
        self.persona = persona
        self.system: System = system_of(persona)
        self.hostname = persona.hostname
        self.address = persona.address or "192.168.1.20"
        self.mac = persona.mac or "00:50:56:8a:11:2c"
        self.memory_kib = persona.choice("memory", (2, 4, 8, 16)) * 1024 * 1024 - persona.number(
            "lost", 40000, 90000
        )
        self.processors = persona.choice("processors", (1, 2, 4))
        self.user = persona.choice("first user", ("admin", "jens", "mark", "sysop", "paul", "anna", "deploy"))
        self.installed = 1_690_000_000 + persona.number("installed", 0, 30_000_000)
        self._period = persona.number("period", 20, LONGEST_UP_DAYS) * 86400
        self._phase = persona.number("phase", 0, LONGEST_UP_DAYS * 86400)
        self.nodes: dict[str, Node] = files.tree(self)

    def booted(self) -> int:
        """When the machine was started, seconds since the epoch: a restart of ours does not show in it."""
        now = int(time.time())
        return now - (now - self._phase) % self._period

    def interface(self) -> str:
        """The name of its network card."""
        if self.system.id == "freebsd":
            return "vmx0"
        if self.system.busybox or self.system.id == "qts":
            return "eth0"
        return "ens192" if self.mac.startswith("00:50:56") else "eno1"

    def home(self, user: str) -> str:
        """A user's home folder."""
        return "/root" if user == "root" else f"/home/{user}"

    def number_of(self, user: str) -> int:
        """A user's id."""
        return 0 if user == "root" else 1000
