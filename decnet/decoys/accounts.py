"""Who gets in, alike at every service of a machine: the fleet file's pairs, else one weak pair of its own."""

import time
from collections import OrderedDict

from .persona import Persona

WEAK = (
    "root:123456", "root:password", "root:root", "root:toor", "root:qwerty", "root:12345678",
    "root:admin123", "admin:admin", "admin:123456", "admin:password",
    "ubuntu:ubuntu", "user:user", "test:test", "oracle:oracle",
    "postgres:postgres", "pi:raspberry", "deploy:deploy123", "backup:backup", "git:git", "support:support",
)  # fmt: skip
"""Pairs from the top of every list that is tried against servers."""

WEAK_ON = {
    "windows": ("administrator:password", "administrator:Passw0rd", "admin:admin", "user:user", "test:test"),
    "windows_server": ("administrator:P@ssw0rd", "administrator:Passw0rd", "administrator:admin123",
                       "backup:backup"),
    "embedded": ("root:root", "admin:admin", "root:admin", "admin:1234", "admin:password", "root:12345",
                 "support:support", "user:user"),
    "cisco": ("cisco:cisco", "admin:cisco", "admin:admin", "admin:password"),
}  # fmt: skip
"""The same for machines on which nobody would have those accounts."""

MOST_SOURCES = 1000
FORGET_SECONDS = 24 * 3600.0


class Accounts:
    """The decision about a password."""

    def __init__(self, persona: Persona) -> None:
        said = persona.text("credentials")
        drawn = persona.machine.choice("account", WEAK_ON.get(persona.os, WEAK))
        pairs = [drawn] if said is None else said.split(",")
        self.pairs = {tuple(pair.strip().split(":", 1)) for pair in pairs if ":" in pair}
        self._after = int(persona.settings.get("accept_after", 0) or 0)
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def accepts(self, source: str, user: str, password: str) -> bool:
        """Whether this pair logs in; failures of a source are counted for `accept_after`."""
        if (user, password) in self.pairs:
            return True
        count, last = self._failures.pop(source, (0, 0.0))
        if time.monotonic() - last > FORGET_SECONDS:
            count = 0
        if self._after and count >= self._after:
            return True
        self._failures[source] = (count + 1, time.monotonic())
        if len(self._failures) > MOST_SOURCES:
            self._failures.popitem(last=False)
        return False
