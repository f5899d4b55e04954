"""The mounted file systems of a machine as df shows them, and how full they are."""

from __future__ import annotations

from dataclasses import dataclass

from .mount import Mount


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


def filesystems(mounts: list[Mount]) -> list[FileSystem]:
    """Those that df shows, in the order of their mounting."""
    return [_row(mount) for mount in mounts if mount.size]


def filesystem_of(mounts: list[Mount], where: str) -> FileSystem:
    """The file system that a normalized absolute path is on."""
    over = [
        each for each in mounts if where == each.target or where.startswith(each.target.rstrip("/") + "/")
    ]
    return _row(max(over, key=lambda each: len(each.target)))


def _row(mount: Mount) -> FileSystem:
    return FileSystem(
        mount.source,
        mount.kind,
        mount.size,
        mount.used,
        mount.available,
        mount.inodes,
        mount.used_inodes,
        mount.target,
    )
