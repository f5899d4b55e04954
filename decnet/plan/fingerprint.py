"""What a container is made from, as one hash: a container whose fingerprint differs is made anew."""

from __future__ import annotations

import hashlib
from typing import Any

from decnet.wire import digest


def fingerprint(*parts: str) -> str:
    """SHA-256 over the parts, each behind its length, so that no two lists of parts spell the same."""
    spelled = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.sha256(spelled.encode("utf-8", "surrogatepass")).hexdigest()


def frame_fingerprint(frame: dict[str, Any]) -> str:
    """The hash of what many containers have in common: made once, then one of their parts."""
    return digest(frame)


def service_seed(seed: str, service: str) -> str:
    """A service's own seed, derived from its decky's: 32 hexadecimal digits, the same for ever.

    That of "" is for what all services of a decky have to agree on: uptime, accounts, interfaces."""
    return hashlib.sha256(f"{seed}:{service}".encode()).hexdigest()[:32]
