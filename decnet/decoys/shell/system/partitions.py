# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Partition tables: those in images (MBR), and sfdisk."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

from ...host.hardware import blocks
from ..process import Command, Process, Running
from ..text.common import Failure, parse, size_of
from ..text.packaged import packaged
from .shown import binary_size
from .volumes import Volume, block_of, put_head, reason_of, volume_of

SECTOR, FIRST, MOST = 512, 2048, 4
TYPES = {
    0x83: "Linux",
    0x82: "Linux swap / Solaris",
    0x8E: "Linux LVM",
    0x05: "Extended",
    0x0F: "W95 Ext'd (LBA)",
    0x0C: "W95 FAT32 (LBA)",
    0x07: "HPFS/NTFS/exFAT",
    0xEF: "EFI (FAT-12/16/32)",
    0xFD: "Linux raid autodetect",
}
SHORT = {
    "L": 0x83,
    "S": 0x82,
    "V": 0x8E,
    "E": 0x05,
    "X": 0x85,
    "U": 0xEF,
    "R": 0xFD,
    "linux": 0x83,
    "swap": 0x82,
    "lvm": 0x8E,
}


@dataclass(frozen=True)
class Part:
    """One partition, in sectors."""

    start: int
    count: int
    kind: int
    boots: bool


def parts_of(data: bytes) -> list[Part] | None:
    """The partitions of an image's first sector; None if it has no table."""
    if data[510:512] != b"\x55\xaa":
        return None
    found = []
    for at in range(446, 510, 16):
        boot, kind = data[at], data[at + 4]
        start, count = struct.unpack_from("<2I", data, at + 8)
        if kind:
            found.append(Part(start, count, kind, boot == 0x80))
    return found


def image_table(found: Volume) -> str:
    """`fdisk -l` of an image."""
    data = found.node.data if found.node else b""
    size = found.size
    unit = next(at for at in (4, 3, 2, 1, 0) if size >= 1024**at)
    shown = f"{size / 1024**unit:.2f}".rstrip("0").rstrip(".") + " " + ("B", "KiB", "MiB", "GiB", "TiB")[unit]
    out = f"Disk {found.path}: {shown}, {size} bytes, {size // SECTOR} sectors\nUnits: sectors of 1 * 512 = 512 bytes\n"
    out += "Sector size (logical/physical): 512 bytes / 512 bytes\nI/O size (minimum/optimal): 512 bytes / 512 bytes\n"
    parts = parts_of(data)
    if parts is None:
        return out
    out += f"Disklabel type: dos\nDisk identifier: 0x{int.from_bytes(data[440:444], 'little'):08x}\n"
    if not parts:
        return out
    rows = [["Device", "Boot", "Start", "End", "Sectors", "Size", "Id", "Type"]]
    for number, part in enumerate(parts, 1):
        rows.append(
            [
                f"{found.path}{number}",
                "*" if part.boots else "",
                str(part.start),
                str(part.start + part.count - 1),
                str(part.count),
                binary_size(part.count // 2),
                f"{part.kind:x}",
                TYPES.get(part.kind, "unknown"),
            ]
        )
    widths = [max(len(row[at]) for row in rows) for at in range(8)]
    widths[0] = max(10, widths[0])
    return f"{out}\n" + "".join(
        " ".join(
            cell.ljust(width) if at in (0, 1, 7) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in rows
    )


@packaged()
def sfdisk(process: Process) -> Running:
    """Show partition tables, and write those of images."""
    options = parse(
        process,
        "A:b:dfFhlLno:O:qrRsTuUvVXY:w:W:",
        "activate:: append=a dump=d json=J list=l list-free=F show-size=s verify=V quiet=q force=f no-act=n label:=X wipe:=w wipe-partitions:=W delete:: part-type= version help=h backup=b lock:: no-reread no-tell-kernel",
    )
    shell, words = process.shell, options.operands
    if "l" in options and all(block_of(shell, word) for word in words):
        return (yield from process.call(["fdisk", "-l", *words]))
    yield 0.0
    if not words:
        raise Failure("bad usage", hint=True)
    path = words[0]
    if reason := reason_of(process, path):
        raise Failure(f"cannot open {path}: {reason}")
    found = volume_of(shell, path)
    if found is None or found.size < SECTOR:
        raise Failure(f"cannot open {path}: Invalid argument")
    if "l" in options:
        process.out(image_table(found))
    elif "d" in options:
        process.out(_dump(process, found))
    elif "s" in options:
        process.out(f"{found.size // 1024}\n")
    elif found.block is not None:
        raise Failure(
            "This disk is currently in use - repartitioning is probably a bad idea.\nUmount all file systems, and swapoff all swap partitions on this disk.\nUse the --no-reread flag to suppress this check."
        )
    else:
        return _write(process, found, process.given.decode("utf-8", "replace"), quiet="q" in options)
    return 0


def _dump(process: Process, found: Volume) -> str:
    if found.block is None:
        data = found.node.data if found.node else b""
        parts = parts_of(data)
        if parts is None:
            raise Failure(f"{found.path}: does not contain a recognized partition table")
        rows = [
            (f"{found.path}{n}", p.start, p.count, f"{p.kind:x}" + (", bootable" if p.boots else ""))
            for n, p in enumerate(parts, 1)
        ]
        number = f"0x{int.from_bytes(data[440:444], 'little'):08x}"
    else:
        those = [each for each in blocks(process.shell.world) if each.parent == found.block.name]
        rows = [
            (
                f"/dev/{each.name}",
                each.start,
                each.size * 2,
                {"ext4": "83", "swap": "82"}.get(each.system, "5"),
            )
            for each in those
        ]
        number = f"0x{process.shell.world.persona.bytes_for('disk label', 4).hex()}"
    out = f"label: dos\nlabel-id: {number}\ndevice: {found.path}\nunit: sectors\nsector-size: 512\n\n"
    return out + "".join(
        f"{name} : start={start:>12}, size={count:>12}, type={kind}\n" for name, start, count, kind in rows
    )


def _write(process: Process, found: Volume, script: str, *, quiet: bool) -> int:
    head = bytearray(found.node.data[:SECTOR].ljust(SECTOR, b"\0") if found.node else bytes(SECTOR))
    head[446:510] = bytes(64)
    number = random.getrandbits(32)
    head[440:444], head[510:512] = number.to_bytes(4, "little"), b"\x55\xaa"
    end, total, count = FIRST, found.size // SECTOR, 0
    for line in script[:8192].splitlines():
        if (
            not line.strip()
            or line.startswith(("#", "label", "unit", "device", "sector-size"))
            or count >= MOST
        ):
            continue
        cells = [cell.strip() for cell in line.replace(";", ",").split(",")]
        cells += [""] * (4 - len(cells))
        start = int(cells[0]) if cells[0].isdecimal() else end
        wanted = size_of(cells[1].removeprefix("+").removesuffix("iB")) if cells[1] not in ("", "+") else None
        size = min(
            total - start, total if wanted is None else wanted if cells[1].isdecimal() else wanted // SECTOR
        )
        kind = (
            SHORT.get(cells[2] or "L") or int(cells[2], 16) & 0xFF
            if (cells[2] or "L") in SHORT or not set(cells[2]) - set("0123456789abcdefABCDEF")
            else 0x83
        )
        if start >= total or size <= 0:
            process.err(
                f"{found.path}{count + 1}: Failed to add #{count + 1} partition: No space left on device\nLeaving.\n\n"
            )
            return 1
        head[446 + count * 16 : 462 + count * 16] = struct.pack(
            "<B3sB3sII", 0x80 if cells[3] == "*" else 0, b"\0\0\0", kind, b"\0\0\0", start, size
        )
        end, count = start + size, count + 1
    if reason := put_head(process.shell, found.path, bytes(head)):
        raise Failure(f"cannot open {found.path}: {reason}")
    if not quiet:
        after = volume_of(process.shell, found.path)
        process.out(
            "Checking that no-one is using this disk right now ... OK\n\n"
            + image_table(found)
            + "\n>>> Created a new DOS disklabel with disk identifier "
            + f"0x{number:08x}.\n"
        )
        process.out(f"{found.path}{count + 1}: Done.\n\nNew situation:\n")
        process.out(image_table(after).split("\n", 4)[-1] if after else "")
        process.out("\nThe partition table has been altered.\nSyncing disks.\n")
    return 0


COMMANDS: dict[str, Command] = {"sfdisk": sfdisk}
