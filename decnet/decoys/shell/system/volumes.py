"""What is on a disk, a partition or an image file: found by its superblock."""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

from ...host.hardware import Block, blocks
from ...host.node import Node
from ..process import Process
from ..state import Shell
from ..text.common import why_not

EXT_AT, EXT_MAGIC = 1024, b"\x53\xef"
SWAP_MAGIC = b"SWAPSPACE2"
PAGE = 4096
JOURNAL, EXTENTS, LARGE = 0x4, 0x40, 0x2


@dataclass(frozen=True)
class Volume:
    """One of them. `size` in bytes; `block`: the device, None for a file."""

    path: str
    size: int
    kind: str
    uuid: str
    label: str
    block: Block | None
    node: Node | None = None
    block_size: int = 1024


def block_of(shell: Shell, path: str) -> Block | None:
    """The device of a path."""
    where = shell.real(shell.absolute(path))
    name = where.removeprefix("/dev/").removeprefix("mapper/")
    return next(
        (each for each in blocks(shell.world) if each.name == name and where.startswith("/dev/")), None
    )


def reason_of(process: Process, path: str) -> str:
    """Why a path cannot be opened; "" if it can be."""
    if block_of(process.shell, path) is not None:
        return "" if process.shell.user == "root" else "Permission denied"
    reason = why_not(process, path)
    return "" if reason == "Is a directory" else reason


def volume_of(shell: Shell, path: str) -> Volume | None:
    """What is at a path; None if there is neither a file nor a device."""
    block = block_of(shell, path)
    if block is not None:
        return Volume(path, block.size * 1024, block.system, block.uuid, "", block, block_size=PAGE)
    node = shell.node(shell.absolute(path))
    if node is None:
        return None
    data = node.data
    kind, found, label, size = "", "", "", 0
    if data[EXT_AT + 56 : EXT_AT + 58] == EXT_MAGIC and len(data) >= EXT_AT + 136:
        compatible, incompatible = struct.unpack_from("<2I", data, EXT_AT + 92)
        kind = "ext4" if incompatible & EXTENTS else "ext3" if compatible & JOURNAL else "ext2"
        found, label = _uuid(data[EXT_AT + 104 : EXT_AT + 120]), _label(data[EXT_AT + 120 : EXT_AT + 136])
        size = 1024 << min(6, int.from_bytes(data[EXT_AT + 24 : EXT_AT + 28], "little"))
    elif data[PAGE - 10 : PAGE] == SWAP_MAGIC:
        kind, found, label = "swap", _uuid(data[1036:1052]), _label(data[1052:1068])
    return Volume(path, node.bytes, kind, found, label, None, node, size or 1024)


def _uuid(data: bytes) -> str:
    return str(uuid.UUID(bytes=data)) if len(data) == 16 else ""


def _label(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "replace")


def with_ext(
    old: bytes, kind: str, size: int, number: uuid.UUID, label: str, when: int, *, block: int
) -> bytes:
    """The begin of an image with the superblock of a new file system."""
    head = bytearray(max(2048, len(old[:PAGE])))
    count = size // block
    inodes = max(16, size // (4096 if block == 1024 else 16384) // 8 * 8)
    struct.pack_into(
        "<7I",
        head,
        EXT_AT,
        inodes,
        count,
        count // 20,
        count - count // 10,
        inodes - 11,
        int(block == 1024),
        (block // 1024).bit_length() - 1,
    )
    struct.pack_into("<5I", head, EXT_AT + 28, 0, 8192, 8192, inodes, 0)
    struct.pack_into("<IHH", head, EXT_AT + 48, when, 0, 0xFFFF)
    head[EXT_AT + 56 : EXT_AT + 58] = EXT_MAGIC
    struct.pack_into("<HHHII", head, EXT_AT + 58, 1, 1, 0, when, 0)
    struct.pack_into("<IIHH", head, EXT_AT + 72, 0, 1, 0, 0)
    struct.pack_into(
        "<IHHIII",
        head,
        EXT_AT + 84,
        11,
        256,
        0,
        JOURNAL | 0x38 if kind != "ext2" else 0x38,
        EXTENTS | 0x282 if kind == "ext4" else LARGE,
        0x46B if kind == "ext4" else 3,
    )
    head[EXT_AT + 104 : EXT_AT + 120] = number.bytes
    head[EXT_AT + 120 : EXT_AT + 136] = label.encode("utf-8", "replace")[:16].ljust(16, b"\0")
    return bytes(head)


def with_swap(size: int, number: uuid.UUID, label: str) -> bytes:
    """The first page of a swap area."""
    head = bytearray(PAGE)
    struct.pack_into("<3I", head, 1024, 1, size // PAGE - 1, 0)
    head[1036:1052] = number.bytes
    head[1052:1068] = label.encode("utf-8", "replace")[:16].ljust(16, b"\0")
    head[PAGE - 10 :] = SWAP_MAGIC
    return bytes(head)


def put_head(shell: Shell, path: str, head: bytes) -> str:
    """Write the begin of an image, whose size stays; the error."""
    where = shell.absolute(path)
    node = shell.node(where)
    if node is None:
        return "No such file or directory"
    if reason := shell.refusal(where):
        return reason
    data = head + node.data[len(head) :]
    return shell.put(where, data[: max(len(head), node.bytes)], node.bytes, node.mode)


def version_of(shell: Shell, package: str, default: str) -> str:
    """The upstream version of an installed package."""
    packages = shell.world.packages
    found = packages.get(package) if packages is not None else None
    text = found.version if found is not None else default
    return text.rpartition(":")[2].partition("-")[0].partition("+")[0]
