"""What stops the machine: for all of its services and visitors, as on a real one."""

from __future__ import annotations

import random

from ... import restarts
from ...host.world import World
from ..process import Process, Running

HANG_UP = 1
SOON_SECONDS = 0.8
"""Until the connection ends."""
STOP_SECONDS = 2
"""Until the services have ended."""
OFF_SECONDS = (240, 900)
"""How long a machine that was switched off stays off, until someone has noticed."""


def stop(world: World, seconds: float, *, is_off: bool = False) -> None:
    """Stop the machine in so many seconds; `is_off`: it does not start again by itself."""
    away = random.randrange(*OFF_SECONDS) if is_off else world.away_seconds
    restarts.restart(world.persona.seed, seconds, away)


def go_down(process: Process, *, is_off: bool = False) -> Running:
    """Stop the machine at once: the visitor's shell ends."""
    stop(process.shell.world, STOP_SECONDS, is_off=is_off)
    yield SOON_SECONDS
    if process.context is not None and process.context.engine.main is not None:
        process.context.engine.kill(process.context.engine.main, HANG_UP)
    return 0
