"""What is mounted on a machine, and how full it is: for mount, df, /proc/mounts and findmnt."""

from __future__ import annotations

from ..machine import Machine
from .debian_mounts import debian_mounts
from .device_mounts import device_mounts
from .mount import Mount, in_memory, inode64
from .rocky_mounts import rocky_mounts


def mounts(machine: Machine) -> list[Mount]:
    """All mounts, in the order of /proc/mounts."""
    found = device_mounts(machine)
    if found is None:
        found = rocky_mounts(machine) if machine.system.id == "rocky" else debian_mounts(machine)
    return list(found)


def targets(machine: Machine) -> list[tuple[str, bool]]:
    """Where something is mounted, the innermost first, and whether it is mounted `ro`."""
    found = {each.target: each.options.split(",")[0] == "ro" for each in mounts(machine)}
    return sorted(found.items(), key=lambda each: -len(each[0]))


def is_below_read_only(found: list[tuple[str, bool]], path: str) -> bool:
    """Whether the file system that a path is on can only be read; `found` as of `targets`."""
    return next(
        (ro for target, ro in found if target == "/" or path == target or path.startswith(target + "/")),
        False,
    )


def user_mount(machine: Machine, uid: int, gid: int) -> Mount:
    """/run/user/UID of a user who is logged in."""
    size = machine.memory_kib // 10 // 4 * 4
    more = "seclabel," if machine.system.id == "rocky" else ""
    owner = f",uid={uid},gid={gid}" if uid else ""
    nodes = f",nr_inodes={size // 4}" if machine.system.version not in ("11", "20.04", "8.10") else ""
    options = f"rw,nosuid,nodev,relatime,{more}size={size}k{nodes},mode=700{owner}{inode64(machine)}"
    return in_memory(f"/run/user/{uid}", options, size, inodes=size // 4, used_inodes=24)
