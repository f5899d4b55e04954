"""The hardware of a machine: processor, memory, disks, and how busy it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ..machine import Machine

MIB = 1024
GIB = 1024 * 1024
"""In KiB."""


@dataclass(frozen=True)
class Memory:
    """/proc/meminfo at one time, in KiB."""

    total: int
    free: int
    available: int
    buffers: int
    cached: int
    reclaimable: int
    shared: int
    swap_total: int
    swap_free: int


@dataclass(frozen=True, slots=True)
class Block:
    """One disk, partition or logical volume. `size` in KiB; `kind` and `system` as lsblk prints TYPE and
    FSTYPE; `parent`: the name of the device that it is a part of; `start`: its first sector."""

    name: str
    number: tuple[int, int]
    size: int
    kind: str
    system: str = ""
    mounted: str = ""
    parent: str = ""
    uuid: str = ""
    start: int = 0
    part: str = ""
    """PARTUUID."""


def memory(machine: Machine, resident: int, now: int) -> Memory:
    """How its memory is used at a time; `resident`: of all processes, in KiB."""
    total = machine.memory_kib
    share = machine.persona.number("cached", 22, 44)
    up = min(1.0, 0.3 + (now - machine.booted()) / (9 * 86400))
    used = 84_000 + total // 90 + resident * 11 // 20
    cached = int(total * share / 100 * up)
    buffers = int(total * machine.persona.number("buffers", 6, 28) / 1000 * up)
    reclaimable = cached // 14 + total // 220
    moves = _noise(machine, "memory", now // 2, 1800) * 4
    shared = 880 + machine.persona.number("shared", 0, 2400) + now // 7200 % 40
    free = max(total // 40, total - used - cached - buffers - reclaimable - moves)
    swap = next((block.size for block in blocks(machine) if block.system == "swap"), 0)
    swap = max(swap - 4, 0) if swap else _swap_file(machine)
    available = free + (cached + buffers + reclaimable) * 93 // 100
    swapped = machine.persona.number("swapped", 0, 20) * 256 if total < 5 * GIB else 0
    free, available, buffers, cached, reclaimable = (
        size // 4 * 4 for size in (free, available, buffers, cached, reclaimable)
    )
    left = swap - min(swapped, swap)
    return Memory(total, free, available, buffers, cached, reclaimable, shared // 4 * 4, swap, left)


def _swap_file(machine: Machine) -> int:
    """/swap.img as Ubuntu's installer makes it: as large as the memory, 2 to 4 GiB."""
    if machine.system.id != "ubuntu":
        return 0
    return min(max(round(machine.memory_kib / GIB) * GIB, GIB * 2), 4 * GIB) - 4


def load(machine: Machine, now: int) -> tuple[float, float, float]:
    """The load averages of 1, 5 and 15 minutes."""
    busy = machine.persona.number("load", 0, 9)
    short = max(0, busy + _noise(machine, "load 1", now // 15, 22) - 12)
    middle = max(0, busy + _noise(machine, "load 5", now // 60, 7) - 4)
    long = max(0, busy + _noise(machine, "load 15", now // 200, 4) - 3)
    return short / 100, middle / 100, long / 100


def _noise(machine: Machine, purpose: str, when: int, most: int) -> int:
    seed = f"{machine.persona.seed}:{purpose}:{when}".encode()
    return int.from_bytes(hashlib.blake2s(seed, digest_size=4).digest(), "big") % (most + 1)


# Disks


def blocks(machine: Machine) -> list[Block]:
    """Its disks and their parts, as the installers of the releases lay them out."""
    disk = machine.persona.choice("disk size", (20, 40, 80, 120)) * GIB
    if machine.system.id == "rocky":
        return _rocky(machine, disk)
    if machine.system.id in ("debian", "ubuntu"):
        return _debian(machine, disk) if machine.system.id == "debian" else _ubuntu(machine, disk)
    return []


def _debian(machine: Machine, disk: int) -> list[Block]:
    swap = 975 * MIB if machine.is_virtual else 976 * MIB
    whole = Block("sda", (8, 0), disk, "disk")
    cdrom = Block("sr0", (11, 0), 1024 * MIB - 1, "rom")
    if machine.is_virtual:
        root = disk - swap - 3 * MIB
        return [
            whole,
            _part(machine, 1, root, "ext4", "/", 2048),
            _part(machine, 2, 1, "", "", 2048 + root * 2 + 2046),
            _part(machine, 5, swap, "swap", "[SWAP]", 2048 + root * 2 + 2048),
            cdrom,
        ]
    root = disk - swap - 514 * MIB
    return [
        whole,
        _part(machine, 1, 512 * MIB, "vfat", "/boot/efi", 2048),
        _part(machine, 2, root, "ext4", "/", 2048 + 1024 * MIB),
        _part(machine, 3, swap, "swap", "[SWAP]", 2048 + 1024 * MIB + root * 2),
    ]


def _ubuntu(machine: Machine, disk: int) -> list[Block]:
    whole = Block("sda", (8, 0), disk, "disk")
    if machine.is_virtual:
        first = _part(machine, 1, MIB, "", "", 2048)
        return [whole, first, _part(machine, 2, disk - 3 * MIB, "ext4", "/", 4096),
                Block("sr0", (11, 0), 1024 * MIB - 1, "rom")]  # fmt: skip
    first = _part(machine, 1, 1075 * MIB, "vfat", "/boot/efi", 2048)
    return [whole, first, _part(machine, 2, disk - 1077 * MIB, "ext4", "/", 2048 + 2150 * MIB)]


def _rocky(machine: Machine, disk: int) -> list[Block]:
    swap = min(max(round(machine.memory_kib / GIB), 2), 8) * GIB // 10 * 10 // 4096 * 4096
    volume = disk - 1025 * MIB
    root = min(70 * GIB, volume - swap - 4 * MIB)
    found = [Block("sda", (8, 0), disk, "disk"), _part(machine, 1, GIB, "xfs", "/boot", 2048),
             _part(machine, 2, volume, "LVM2_member", "", 2048 + GIB * 2)]  # fmt: skip
    found += [
        _volume(machine, "root", 0, root, "xfs", "/"),
        _volume(machine, "swap", 1, swap, "swap", "[SWAP]"),
    ]
    rest = volume - swap - root - 4 * MIB
    if rest > GIB:
        found.append(_volume(machine, "home", 2, rest // 4096 * 4096, "xfs", "/home"))
    return [*found, Block("sr0", (11, 0), 1024 * MIB - 1, "rom")] if machine.is_virtual else found


def _part(machine: Machine, number: int, size: int, system: str, where: str, start: int) -> Block:
    name = f"sda{number}"
    uuid = uuid_for(machine, f"file system {name}")
    if system == "vfat":
        uuid = f"{uuid[:4]}-{uuid[4:8]}".upper()
    if system == "LVM2_member":
        uuid = _lvm_uuid(machine, name)
    part = f"{machine.persona.bytes_for('disk label', 4).hex()}-{number:02x}"
    gpt = machine.system.id == "ubuntu" or not machine.is_virtual
    return Block(name, (8, number), size, "part", system, where, "sda", uuid if system else "", start,
                 uuid_for(machine, f"part {name}") if gpt else part)  # fmt: skip


def _volume(machine: Machine, name: str, minor: int, size: int, system: str, where: str) -> Block:
    uuid = uuid_for(machine, f"volume {name}")
    return Block(f"rl-{name}", (253, minor), size, "lvm", system, where, "sda2", uuid)


def _lvm_uuid(machine: Machine, name: str) -> str:
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    text = "".join(letters[byte % 62] for byte in machine.persona.bytes_for(f"lvm {name}", 32))
    return "-".join((text[:6], *(text[at : at + 4] for at in range(6, 26, 4)), text[26:]))


def uuid_for(machine: Machine, purpose: str) -> str:
    """A random UUID (version 4) of this machine."""
    raw = machine.persona.bytes_for(purpose, 16).hex()
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-{'89ab'[int(raw[16], 16) % 4]}{raw[17:20]}-{raw[20:]}"


def root_device(machine: Machine) -> str:
    """The name of the device whose file system is /."""
    return next((block.name for block in blocks(machine) if block.mounted == "/"), "root")


def machine_id(machine: Machine) -> str:
    """/etc/machine-id."""
    return machine.persona.bytes_for("machine-id", 16).hex()
