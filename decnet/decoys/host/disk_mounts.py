"""The file systems on the disks of a machine, as they are mounted."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..machine import Machine
from .hardware import GIB, MIB, Block, blocks
from .mount import Mount

VFAT = "rw,relatime,fmask=0077,dmask=0077,codepage=437,iocharset=ascii,shortname=mixed,utf8,errors=remount-ro"
VFAT_UBUNTU = (
    "rw,relatime,fmask=0022,dmask=0022,codepage=437,iocharset=iso8859-1,shortname=mixed,errors=remount-ro"
)


def disk_mounts(machine: Machine, only: str = "", but: str = "") -> Iterator[Mount]:
    """All of them, or `only` the one that is mounted there, or all `but` that one."""
    for block in sorted(blocks(machine), key=lambda each: each.mounted):
        if block.mounted.startswith("/") and block.mounted != but and (not only or block.mounted == only):
            source = f"/dev/mapper/{block.name}" if block.kind == "lvm" else f"/dev/{block.name}"
            yield _on_disk(machine, block, source)


def _on_disk(machine: Machine, block: Block, source: str) -> Mount:
    match block.system:
        case "vfat":
            options = VFAT_UBUNTU if machine.system.id == "ubuntu" else VFAT
            return Mount(source, block.mounted, "vfat", options, block.size - 1024, 6220)
        case "xfs":
            return _xfs(machine, block, source)
        case _:
            return _ext4(machine, block, source)


def _xfs(machine: Machine, block: Block, source: str) -> Mount:
    size = block.size - (69_632 if block.size > GIB else 10_240 * 6)
    least = {"/": 2_300, "/boot": 330}.get(block.mounted, 50) * MIB
    used = max(least, size * _share(machine, block) // 100)
    options = "rw,relatime,seclabel,attr2,inode64,logbufs=8,logbsize=32k,noquota"
    files = 34_000 if block.mounted == "/" else 340
    return Mount(source, block.mounted, "xfs", options, size, used // 4 * 4, 0, size // 2, files)


def _ext4(machine: Machine, block: Block, source: str) -> Mount:
    size = (block.size - block.size // 64 - 131_072 - block.size // 417) // 4 * 4
    options = "rw,relatime,errors=remount-ro" if machine.system.id == "debian" else "rw,relatime"
    grown = (int(time.time()) - machine.installed) // 3600 * 2
    used = max(1_900 * MIB, size * _share(machine, block) // 100 + grown) // 4 * 4
    files = 44_000 + machine.persona.number("files", 0, 60_000)
    inodes = block.size // 16 // 8192 * 8192
    return Mount(source, block.mounted, "ext4", options, size, used, block.size // 20, inodes, files)


def _share(machine: Machine, block: Block) -> int:
    """How much of it is used, in percent."""
    if block.mounted == "/":
        return machine.persona.number("disk used", 12, 61)
    return machine.persona.number(f"used {block.mounted}", 2, 20)
