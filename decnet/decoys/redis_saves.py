"""When the redis server of a machine writes its file: its INFO and the file's date agree."""

from __future__ import annotations

import time

from .machine import Machine


def last_save(machine: Machine, started: float) -> float:
    """When it last wrote its file. `started`: the server; both in seconds since the epoch."""
    now = time.time()
    return now - int(now - started) % machine.persona.number("redis save", 900, 20_000)
