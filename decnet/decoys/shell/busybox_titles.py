# ruff: noqa: E501 (versions are one line)
"""How a machine's BusyBox names itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..host.world import World

TITLES = {
    "debian-11": "v1.30.1 (Debian 1:1.30.1-6+b3)", "debian-12": "v1.35.0 (Debian 1:1.35.0-4+b3)", "ubuntu-20.04": "v1.30.1 (Ubuntu 1:1.30.1-4ubuntu6.4)",
    "ubuntu-22.04": "v1.30.1 (Ubuntu 1:1.30.1-7ubuntu3)", "ubuntu-24.04": "v1.36.1 (Ubuntu 1:1.36.1-6ubuntu3)",
}  # fmt: skip
"""BusyBox of a server's release, as it names itself."""


def title_of(world: World) -> str:
    """Version and build of a machine's BusyBox: "v1.33.2 (2022-04-16 12:59:34 UTC)"."""
    if world.device is not None:
        return world.device.busybox
    return TITLES.get(f"{world.system.id}-{world.system.version}", TITLES["debian-12"])
