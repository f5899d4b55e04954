"""The beginning of a program's file, as a loader reads it to learn the processor."""

from __future__ import annotations

import struct
from dataclasses import dataclass

I386, MIPS, X86_64, ARM, AARCH64 = 3, 8, 62, 40, 183


@dataclass(frozen=True)
class Architecture:
    """`machine` as in <elf.h>; `bits` 32 or 64; `flags` of the processor."""

    machine: int
    bits: int
    little: bool
    flags: int = 0


X86_64_SYSTEM = Architecture(X86_64, 64, little=True)
EXECUTABLE, SHARED = 2, 3


def fits(content: bytes, architecture: Architecture) -> bool:
    """Whether the kernel of such a machine would start this file."""
    if len(content) < 52 or content[:4] != b"\x7fELF":
        return False
    order = "<" if content[5] == 1 else ">"
    kind, machine = struct.unpack(order + "HH", content[16:20])
    own = (2 if architecture.bits == 64 else 1, 1 if architecture.little else 2)
    older = architecture.machine == X86_64 and (content[4], machine) == (1, I386)
    same = (content[4], content[5]) == own and machine == architecture.machine
    return kind in (EXECUTABLE, SHARED) and (same or older)


def header(architecture: Architecture, size: int) -> bytes:
    """The ELF header and program headers of an executable of `size` bytes."""
    wide, order = architecture.bits == 64, "<" if architecture.little else ">"
    start = 0x400000
    own, each, count = (64, 56, 2) if wide else (52, 32, 2)
    ident = b"\x7fELF" + bytes((2 if wide else 1, 1 if architecture.little else 2, 1)) + bytes(9)
    sections = max(0, size - 40 * 28) & ~7
    form = order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH")
    kind = 2
    fields = (
        kind,
        architecture.machine,
        1,
        start + 0x3C20,
        own,
        sections,
        architecture.flags,
        own,
        each,
        count,
    )
    head = ident + struct.pack(form, *fields, 64 if wide else 40, 28, 27)
    code = size * 9 // 10 & ~0xFFF
    rows = (
        (1, 5, 0, start, code, code),
        (1, 6, code, start + code + 0x10000, size - code, size - code + 0x4000),
    )
    return head + b"".join(_row(order, row, wide=wide) for row in rows)


def _row(order: str, row: tuple[int, int, int, int, int, int], *, wide: bool) -> bytes:
    kind, flags, offset, address, size, memory = row
    if wide:
        return struct.pack(order + "IIQQQQQQ", kind, flags, offset, address, address, size, memory, 0x1000)
    return struct.pack(order + "IIIIIIII", kind, offset, address, address, size, memory, flags, 0x10000)
