"""Values derived from a seed: a service's own seed, and a random generator for one decky and purpose."""

from __future__ import annotations

import hashlib
import random


def service_seed(seed: str, service: str) -> str:
    """A service's own seed, derived from its decky's: 32 hexadecimal digits. It never changes.

    An empty service name gives the seed shared by all services: uptime, accounts, interfaces."""
    return hashlib.sha256(f"{seed}:{service}".encode()).hexdigest()[:32]


def rng_for(root_seed: int, *words: str) -> random.Random:
    """A generator of its own for one decky and purpose, so that one more decky does not change the others."""
    return random.Random(f"{root_seed:x}/{'/'.join(words)}")
