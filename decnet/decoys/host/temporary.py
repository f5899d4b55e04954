"""What systemd makes in /tmp at every start: folders of X11 (tmpfiles.d), and private ones of services."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from .node import Node

if TYPE_CHECKING:
    from .model import World

X11 = (".X11-unix", ".ICE-unix", ".XIM-unix", ".font-unix")
PRIVATE = {"apache2": "apache2", "redis-server": "redis-server"}
"""By the program of a service, its unit with PrivateTmp=yes."""


def files(world: World, boot_id: str) -> dict[str, Node]:
    """Paths and nodes in /tmp and /var/tmp. `boot_id`: as in /proc/sys/kernel/random."""
    booted = world.booted()
    has_test = world.system.version in ("11", "20.04", "22.04")
    found = {
        f"/tmp/{name}": Node(0o1777, True, changed=booted + 1)
        for name in (*X11, *((".Test-unix",) if has_test else ()))
    }
    units = ["systemd-logind", "systemd-timesyncd"]
    units += ["systemd-resolved"] if world.system.id == "ubuntu" else []
    units += [unit for each in world.services() if (unit := PRIVATE.get(each.program, ""))]
    for unit in units:
        for folder in ("/tmp", "/var/tmp"):
            raw = world.persona.bytes_for(f"{folder} {unit} {booted}", 6)
            name = base64.b64encode(raw, b"xY")[:6].decode()
            path = f"{folder}/systemd-private-{boot_id.replace('-', '')}-{unit}.service-{name}"
            found[path] = Node(0o700, True, changed=booted + 4)
            found[f"{path}/tmp"] = Node(0o1777, True, changed=booted + 4)
    return found
