# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""The units of systemd as a visitor sees them."""

from __future__ import annotations

import time

from ...host.printed_versions import upstream
from ...host.units import ALIASES, Unit, units
from ...host.world import World
from ..state import Shell
from .shown import clock
from .unit_files import SUFFIXES, file_of, unit_file, unit_path

VERSIONS = {"8.10": "systemd 239 (239-82.el8_10.1)", "9.4": "systemd 252 (252-32.el9_4.7)"}
"""On systems without packages of Debian."""
OLD = ("11", "20.04", "22.04", "8.10")
"""Releases with systemd before 250: "vendor preset", and no unit's name in the messages of its start."""


def systemd_version(world: World) -> str:
    """As systemd prints it: its number, and its package's version in brackets."""
    package = world.packages.get("systemd") if world.packages is not None else None
    if package is None:
        return VERSIONS.get(world.system.version, "systemd 252 (252)")
    return f"systemd {upstream(package.version).partition('.')[0]} ({package.version})"


def units_of(shell: Shell) -> list[Unit]:
    """The services as this visitor sees them: with what he has stopped, and with his own files."""
    world = shell.world
    found = units(world.system.id, world.system.version, world.booted(), world.processes(int(time.time())))
    stopped = set(shell.files.killed)
    shown = []
    for unit in found:
        if unit.main is None and world.system.id != "rocky" and not unit_path(shell, unit.name):
            continue
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


def named(shell: Shell, word: str) -> str:
    """The full name of the unit that a word means, through its aliases."""
    name = word if word.endswith(SUFFIXES) else f"{word}.service"
    if shell.world.system.id in ("debian", "ubuntu") and name.removesuffix(".service") in ALIASES:
        name = f"{ALIASES[name.removesuffix('.service')]}.service"
    node = shell.lstat(file_of(shell, name)) if "/" not in name else None
    target = node.target.rpartition("/")[2] if node is not None and node.target else ""
    return target if target.endswith(SUFFIXES) else name


def state_of(shell: Shell, unit: Unit) -> str:
    """Whether it is enabled, with what the visitor has changed."""
    changed = shell.files.notes.get(f"unit {unit.name}")
    if changed:
        return changed
    file = unit_file(shell, unit.name)
    return file.state if file is not None else unit.state


def stamp(when: int) -> str:
    return clock("%a %Y-%m-%d %H:%M:%S UTC", when)


def ago(seconds: int) -> str:
    """A duration as systemd shows it in `... ago` and `... left` (format_timestamp_relative): at most two units."""
    seconds = max(0, seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    weeks, months, years = seconds // 604_800, seconds // 2_629_800, seconds // 31_557_600
    if years:
        return _two(years, "year", seconds % 31_557_600 // 2_629_800, "month")
    if months:
        return _two(months, "month", seconds % 2_629_800 // 86_400, "day")
    if weeks:
        return _two(weeks, "week", days % 7, "day")
    if days >= 2:
        return f"{days} days"
    if hours >= 25:
        return f"1 day {hours % 24}h"
    if hours >= 6:
        return f"{hours}h"
    if hours:
        return f"{hours}h {minutes % 60}min"
    if minutes >= 5:
        return f"{minutes}min"
    return f"{minutes}min {seconds % 60}s" if minutes else f"{seconds}s"


def _two(first: int, unit: str, second: int, less: str) -> str:
    head = f"{first} {unit}{'s' if first != 1 else ''}"
    return f"{head} {second} {less}{'s' if second != 1 else ''}" if second else head
