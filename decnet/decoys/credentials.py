"""Credentials: which ones log in, and the `login` event of every one that a visitor sends."""

import base64
import binascii
import time
from collections import OrderedDict
from typing import Protocol

from .events import shown
from .persona import Persona

LONG = 1000
"""Base64 text of this length may have been truncated on input."""

WEAK = (
    "root:123456", "root:password", "root:root", "root:toor", "root:qwerty", "root:12345678",
    "root:admin123", "admin:admin", "admin:123456", "admin:password",
    "ubuntu:ubuntu", "user:user", "test:test", "oracle:oracle",
    "postgres:postgres", "pi:raspberry", "deploy:deploy123", "backup:backup", "git:git", "support:support",
)  # fmt: skip
"""Pairs from the top of common brute-force lists."""

WEAK_ON = {
    "windows": ("administrator:password", "administrator:Passw0rd", "admin:admin", "user:user", "test:test"),
    "windows_server": ("administrator:P@ssw0rd", "administrator:Passw0rd", "administrator:admin123",
                       "backup:backup"),
    "embedded": ("root:root", "admin:admin", "root:admin", "admin:1234", "admin:password", "root:12345",
                 "support:support", "user:user"),
    "cisco": ("cisco:cisco", "admin:cisco", "admin:admin", "admin:password"),
}  # fmt: skip
"""The same for machines on which those accounts would be implausible."""

MOST_SOURCES = 1000
FORGET_SECONDS = 24 * 3600.0


class Accounts:
    """The accepted credentials, the same for all services of a machine: the fleet file's pairs, else one weak
    pair."""

    def __init__(self, persona: Persona) -> None:
        configured = persona.text("credentials")
        weak = persona.machine.choice("account", WEAK_ON.get(persona.os, WEAK))
        pairs = [weak] if configured is None else configured.split(",")
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


class Witness(Protocol):
    """A visit whose events are recorded."""

    def record(self, kind: str, **fields: str | bool) -> None:
        """Record one action of this visitor."""


def record_login(witness: Witness, method: str, *, success: bool, **fields: bytes | str) -> None:
    """Record one login attempt.

    `fields` are what the visitor sent: `username` (empty if there was none), then `password`, or what came
    instead of one: `hash` (proof of a password), `key` (fingerprint), `response` (anything else, as it was
    sent) or SNMP's `community`.
    """
    texts = {name: value if isinstance(value, str) else shown(value) for name, value in fields.items()}
    witness.record("login", **texts, success=success, method=method)


def unwrapped(text: str) -> bytes | None:
    """The bytes of base64 text, with or without padding, even if truncated; None for other text."""
    whole = text.strip()
    if len(whole) >= LONG:
        whole = whole[: len(whole) // 4 * 4]
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def is_text(raw: bytes) -> bool:
    """Whether these bytes are UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
