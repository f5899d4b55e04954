"""Devices with BusyBox: one consistent machine per release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .device import Device

if TYPE_CHECKING:
    from ...machine import System


def device_of(system: System) -> Device | None:
    """The device of a system; None for a server."""
    if system.id == "openwrt":
        from .openwrt import ROUTER

        return ROUTER
    if system.id == "buildroot":
        from .cameras import CAMERA, TAPO

        return TAPO if system.kernel.startswith("4.") else CAMERA
    if system.id in ("dsm", "qts"):
        from .storage import DISK_STATION, QNAP

        return DISK_STATION if system.id == "dsm" else QNAP
    return None
