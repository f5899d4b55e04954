"""The machine below the services: what all of them say of it, made up from the seed that they share."""

import time

from .persona import Persona
from .systems import System, system_of

LONGEST_UP_DAYS = 90


class Machine:
    """One machine. Times are seconds since the epoch."""

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
        self.installed = 1_690_000_000 + persona.number("installed", 0, 30_000_000)
        self._period = persona.number("period", 20, LONGEST_UP_DAYS) * 86400
        self._phase = persona.number("phase", 0, LONGEST_UP_DAYS * 86400)
        self._packets = persona.number("received", 200_000, 9_000_000)

    def booted(self) -> int:
        """When the machine was started: a restart of ours does not show in it."""
        now = int(time.time())
        return now - (now - self._phase) % self._period

    def received(self) -> int:
        """Packets that its network card has taken in since."""
        return self._packets + (int(time.time()) - self.booted()) // 2

    def interface(self) -> str:
        """The name of its network card."""
        if self.system.id == "freebsd":
            return "vmx0"
        if self.system.busybox or self.system.id == "qts":
            return "eth0"
        return "ens192" if self.mac.startswith(("00:50:56", "00:0c:29")) else "eno1"
