# ruff: noqa: E501 (a table)
"""The mounted file systems of a machine, and how full they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .world import World

GIB = 1024 * 1024


@dataclass(frozen=True)
class FileSystem:
    """One mounted file system. Sizes are in KiB."""

    source: str
    kind: str
    size: int
    used: int
    available: int
    inodes: int
    inodes_used: int
    where: str


def filesystems(world: World) -> list[FileSystem]:
    """Those that df shows, in the order of their mounting."""
    memory = world.memory_kib
    run = memory // 10 // 4 * 4
    rows: list[Any] = [("tmpfs", run, 640 + world.persona.number("run used", 0, 300) * 4, "/run"), root(world),
            ("tmpfs", memory // 2 // 4 * 4, 0, "/dev/shm"), ("tmpfs", 5120, 4 * world.persona.number("lock", 0, 2), "/run/lock"),
            ("tmpfs", run, 0, "/run/user/0")]  # fmt: skip
    if world.system.id in ("debian", "rocky"):
        udev = (memory - 40_000 - world.persona.number("udev", 0, 9_000)) // 2 // 4 * 4
        rows.insert(0, ("udev" if world.system.id == "debian" else "devtmpfs", udev, 0, "/dev"))
    return [row if isinstance(row, FileSystem) else _in_memory(world, *row) for row in rows]


def root(world: World) -> FileSystem:
    """The disk's partition at /: a log grows by a few KiB in an hour."""
    import time

    persona = world.persona
    disk = persona.choice("disk size", (20, 40, 80, 120)) * GIB
    size = (disk - persona.number("partitions", 900, 1100) * 1024) * 9838 // 10_000 // 4 * 4
    grown = (int(time.time()) - world.installed) // 3600 * 2
    used = min(persona.number("disk used", 1_900, 6_400) * 1024 + disk // 40 + grown, size * 9 // 10) // 4 * 4
    kept = size // 20
    inodes = disk // GIB * 65_536 - 65_536
    return FileSystem(
        "/dev/sda1",
        "ext4",
        size,
        used,
        size - used - kept,
        inodes,
        61_000 + persona.number("inodes", 0, 40_000),
        "/",
    )


def _in_memory(world: World, source: str, size: int, used: int, where: str) -> FileSystem:
    kind = "devtmpfs" if where == "/dev" else "tmpfs"
    inodes = world.memory_kib // 4 if where != "/run/user/0" else world.memory_kib // 20
    taken = {"/dev": 396, "/run": 560, "/dev/shm": 1, "/run/lock": 3, "/run/user/0": 18}[where]
    return FileSystem(source, kind, size, used, size - used, inodes, taken, where)


def filesystem_of(world: World, where: str) -> FileSystem:
    """The file system that a normalized absolute path is on."""
    mounted = sorted(filesystems(world), key=lambda each: -len(each.where))
    if where.startswith(("/proc", "/sys")):
        kind = "proc" if where.startswith("/proc") else "sysfs"
        return FileSystem(kind, kind, 0, 0, 0, 0, 0, where[: len("/proc") if kind == "proc" else len("/sys")])
    return next(
        each for each in mounted if where == each.where or where.startswith(each.where.rstrip("/") + "/")
    )
