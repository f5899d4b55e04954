"""Credentials as events: each one that a visitor sends is a `login`, whatever the service answers."""

import base64
import binascii
from typing import Protocol

from .events import shown

LONG = 1000
"""Base64 text of this length may have been cut on the way in."""


class Witness(Protocol):
    """A visit that events are recorded for."""

    def record(self, kind: str, **fields: str | bool) -> None:
        """Record one thing that this visitor did."""


def tried(witness: Witness, method: str, *, success: bool, **said: bytes | str) -> None:
    """Record one attempt to get in.

    `said` is what the visitor sent: `username` (empty if there was none), then `password`, or what came
    instead of one: `hash` (proof of a password), `key` (fingerprint), `response` (anything else, as it was
    sent) or SNMP's `community`.
    """
    texts = {name: value if isinstance(value, str) else shown(value) for name, value in said.items()}
    witness.record("login", **texts, success=success, method=method)


def unwrapped(text: str) -> bytes | None:
    """What base64 text stands for, with or without its padding, and if it was cut; None for other text."""
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
