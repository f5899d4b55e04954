"""The client's KEXINIT: what it offers, and what that reveals about the client.

Source of HASSH: the README of salesforce/hassh.
"""

import hashlib

from ..events import shown
from .wire import Message

LISTS = (
    "kex",
    "host_keys",
    "cipher in",
    "cipher out",
    "mac in",
    "mac out",
    "compression in",
    "compression out",
    "language in",
    "language out",
)
HASHED = ("kex", "cipher in", "mac in", "compression in")
SHOWN = {
    "kex": "kex_algorithms",
    "host_keys": "host_key_algorithms",
    "cipher in": "ciphers",
    "mac in": "macs",
    "compression in": "compressions",
    "language in": "languages",
}
"""The fields of the event; of the lists with a direction, those from the client to the server."""


def parse_init(packet: bytes) -> dict[str, list[str]]:
    """The lists by their names in LISTS, and `guess`, which is empty unless a guessed packet follows. Raises
    Malformed."""
    message = Message(packet)
    message.take(17)
    offered = {name: message.names() for name in LISTS}
    offered["guess"] = ["yes"] if message.flag() else []
    return offered


def fingerprint(packet: bytes) -> dict[str, str]:
    """The fields of a handshake: `hassh`, and the lists as they were sent. Raises Malformed."""
    message = Message(packet)
    message.take(17)
    raw = {name: message.string(16 * 1024) for name in LISTS}
    hashed = hashlib.md5(b";".join(raw[name] for name in HASHED), usedforsecurity=False).hexdigest()
    lists = {field: shown(raw[name]) for name, field in SHOWN.items()}
    return {"hassh": hashed, **{field: text for field, text in lists.items() if text}}
