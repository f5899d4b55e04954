"""The journal on disk, and the starts of the machine that it goes back to (systemd-journald(8)).

Debian since 11 and Ubuntu have the folder that makes it persistent.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from ..machine import Machine
from .hardware import machine_id, uuid_for
from .model import World
from .node import Node

FOLDER = "/var/log/journal"
MOST_BOOTS = 6
STEP = 8 * 1024 * 1024
"""By which a file grows."""
MOST_STEPS = 2
SECONDS_A_STEP = 12 * 86_400
SIGNATURE = b"LPKSHHRH"
GROUP = "systemd-journal"


class Boot(NamedTuple):
    """One start. Times are seconds since the epoch; `ended` 0: not yet."""

    id: str
    began: int
    ended: int = 0


def boots(machine: Machine) -> list[Boot]:
    """The starts that the journal has entries of, the earliest first."""
    found = machine.starts(machine.installed if is_persistent(machine) else machine.booted())[:MOST_BOOTS]
    return [Boot(_boot_id(machine, began), began, ended) for began, ended in reversed(found)]


def _boot_id(machine: Machine, began: int) -> str:
    return uuid_for(machine, f"boot {began}").replace("-", "")


def is_persistent(machine: Machine) -> bool:
    """Whether the journal outlives a start."""
    return machine.system.id in ("debian", "ubuntu")


def sizes(machine: Machine, now: int) -> dict[str, int]:
    """The files of the journal with their bytes."""
    age = now - boots(machine)[0].began
    steps = min(1 + age // SECONDS_A_STEP, MOST_STEPS)
    return {"system.journal": steps * STEP, "user-1000.journal": STEP}


def files(world: World) -> dict[str, Node]:
    """Paths and nodes."""
    machine = world.machine
    if not is_persistent(machine):
        return {}
    now = int(time.time())
    folder = f"{FOLDER}/{machine_id(machine)}"
    head = (
        SIGNATURE + bytes(8) + machine.persona.bytes_for("journal", 32) + bytes.fromhex(machine_id(machine))
    )
    found = {
        path: Node(0o2755, folder=True, group=GROUP, changed=when)
        for path, when in ((FOLDER, world.installed + 40), (folder, boots(machine)[0].began))
    }
    return found | {
        f"{folder}/{name}": Node(0o640, content=head, size=size, group=GROUP, changed=now - now % 300)
        for name, size in sizes(machine, now).items()
    }
