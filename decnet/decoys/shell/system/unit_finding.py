# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The units of systemd as a visitor sees them."""

from __future__ import annotations

import time

from ...host.units import ALIASES, Unit, units
from ..state import Shell
from .shown import clock

VERSIONS = {
    "11": "systemd 247 (247.3-7+deb11u5)", "12": "systemd 252 (252.26-1~deb12u2)", "20.04": "systemd 245 (245.4-4ubuntu3.24)", "22.04": "systemd 249 (249.11-0ubuntu3.12)",
    "24.04": "systemd 255 (255.4-1ubuntu8.4)", "8.10": "systemd 239 (239-82.el8_10.1)", "9.4": "systemd 252 (252-32.el9_4.7)",
}  # fmt: skip
OLD = ("11", "20.04", "22.04", "8.10")
"""Releases with systemd before 250: "vendor preset", and no unit's name in the messages of its start."""


def units_of(shell: Shell) -> list[Unit]:
    """The services as this visitor sees them: with what he has stopped, and with his own files."""
    world = shell.world
    found = units(world.system.id, world.system.version, world.booted(), world.processes(int(time.time())))
    stopped = set(shell.files.killed)
    shown = []
    for unit in found:
        if unit.main is not None and unit.main.pid in stopped:
            unit = Unit(unit.name, unit.description, unit.path, unit.state, False, unit.since)
        shown.append(unit)
    for name in shell.entries("/etc/systemd/system") if shell.node("/etc/systemd/system") else []:
        if name.endswith((".service", ".timer")) and not any(unit.name == name for unit in shown):
            path = f"/etc/systemd/system/{name}"
            node = shell.lstat(path)
            if node is not None and not node.folder and not node.target:
                shown.append(own_unit(shell, name, path))
    return sorted(shown, key=lambda unit: unit.name)


def own_unit(shell: Shell, name: str, path: str) -> Unit:
    """A unit that the visitor has written: it is never started."""
    lines = (shell.read(path) or "").splitlines()
    text = next(
        (line.partition("=")[2].strip() for line in lines if line.strip().startswith("Description=")), name
    )
    enabled = shell.lstat(f"/etc/systemd/system/multi-user.target.wants/{name}") is not None
    state = "enabled" if enabled else "disabled" if any("[Install]" in line for line in lines) else "static"
    return Unit(name, text[:200], path, state, False, int(time.time()))


def find(shell: Shell, word: str) -> Unit | None:
    """The service of this name or alias."""
    base = word.removesuffix(".service")
    if shell.world.system.id in ("debian", "ubuntu"):
        base = ALIASES.get(base, base)
    name = base if base.endswith((".timer", ".socket", ".target", ".mount")) else f"{base}.service"
    return next((unit for unit in units_of(shell) if unit.name == name), None)


def state_of(shell: Shell, unit: Unit) -> str:
    """Whether it is enabled, with what the visitor has changed."""
    changed = shell.files.notes.get(f"unit {unit.name}")
    return changed if changed else unit.state


def stamp(when: int) -> str:
    return clock("%a %Y-%m-%d %H:%M:%S UTC", when)


def ago(seconds: int) -> str:
    """A duration as systemd shows it in `... ago`: two units."""
    seconds = max(0, seconds)
    if seconds >= 2 * 2_629_800:
        months = seconds // 2_629_800
        days = seconds % 2_629_800 // 86400
        return f"{months} months {days} days"
    if seconds >= 2_629_800:
        return f"1 month {seconds % 2_629_800 // 86400} days"
    if seconds >= 7 * 86400:
        weeks, days = seconds // 604_800, seconds % 604_800 // 86400
        return (
            f"{weeks} week{'s' if weeks > 1 else ''} {days} day{'s' if days != 1 else ''}"
            if days
            else f"{weeks} week{'s' if weeks > 1 else ''}"
        )
    if seconds >= 86400:
        days, hours = seconds // 86400, seconds % 86400 // 3600
        return (
            f"{days} day{'s' if days > 1 else ''} {hours}h"
            if hours
            else f"{days} day{'s' if days > 1 else ''}"
        )
    if seconds >= 3600:
        return f"{seconds // 3600}h {seconds // 60 % 60}min"
    return (
        f"{seconds // 60}min {seconds % 60}s"
        if seconds >= 60 and seconds < 600
        else f"{seconds // 60}min"
        if seconds >= 60
        else f"{seconds}s"
    )
