"""The formats of cpio(5): members as bytes, and bytes as members."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

TRAILER = "TRAILER!!!"
OLD, NEW, CRC, PORTABLE = "bin", "newc", "crc", "odc"
MAGICS = {b"070701": NEW, b"070702": CRC, b"070707": PORTABLE, b"\xc7\x71": OLD}
LONGEST_NAME = 4096


@dataclass(frozen=True)
class Member:
    """One file of an archive. `mode` has the type, as st_mode; `when` is seconds since the epoch."""

    name: str
    mode: int
    uid: int
    gid: int
    links: int
    when: int
    data: bytes
    inode: int = 0


class BadArchive(Exception):
    """Bytes that are not a whole archive."""


def packed(member: Member, form: str) -> bytes:
    """A member in one of the formats."""
    name = member.name.encode("utf-8", "surrogateescape") + b"\0"
    size, when = len(member.data), member.when & 0xFFFFFFFF
    if form in (NEW, CRC):
        check = sum(member.data) & 0xFFFFFFFF if form == CRC else 0
        values = (
            member.inode,
            member.mode,
            member.uid,
            member.gid,
            member.links,
            when,
            size,
            0,
            0,
            0,
            0,
            len(name),
            check,
        )
        head = (b"070702" if form == CRC else b"070701") + b"".join(b"%08X" % value for value in values)
        return _filled(head + name, 4) + _filled(member.data, 4)
    if form == PORTABLE:
        fields = (0, member.inode & 0o777777, member.mode, member.uid, member.gid, member.links, 0)
        head = b"070707" + b"".join(b"%06o" % value for value in fields)
        return head + b"%011o%06o%011o" % (when, len(name), size) + name + member.data
    numbers = (
        0o070707,
        0,
        member.inode & 0xFFFF,
        member.mode & 0xFFFF,
        member.uid & 0xFFFF,
        member.gid & 0xFFFF,
        member.links & 0xFFFF,
        0,
    )
    lengths = (when >> 16, when & 0xFFFF, len(name), size >> 16, size & 0xFFFF)
    return _filled(struct.pack("<13H", *numbers, *lengths) + name, 2) + _filled(member.data, 2)


def trailer(form: str) -> bytes:
    """The last member."""
    return packed(Member(TRAILER, 0, 0, 0, 1, 0, b""), form)


def members(data: bytes) -> Iterator[Member]:
    """The members of an archive. Raises BadArchive."""
    at = 0
    while True:
        form = MAGICS.get(data[at : at + 6]) or MAGICS.get(data[at : at + 2])
        if form is None:
            raise BadArchive
        member, at = _read(data, at, form)
        if member.name == TRAILER:
            return
        yield member


def _read(data: bytes, at: int, form: str) -> tuple[Member, int]:
    try:
        if form in (NEW, CRC):
            fields = [int(data[at + 6 + n * 8 : at + 14 + n * 8], 16) for n in range(13)]
            inode, mode, uid, gid, links, when, size, *_, length, _ = fields
            start, step = 110, 4
        elif form == PORTABLE:
            fields = [int(data[at + 6 + n * 6 : at + 12 + n * 6], 8) for n in range(7)]
            _, inode, mode, uid, gid, links, _ = fields
            when, length, size = (int(data[at + a : at + b], 8) for a, b in ((48, 59), (59, 65), (65, 76)))
            start, step = 76, 1
        else:
            _, _, inode, mode, uid, gid, links, _, *lengths = struct.unpack_from("<13H", data, at)
            when, length, size = lengths[0] << 16 | lengths[1], lengths[2], lengths[3] << 16 | lengths[4]
            start, step = 26, 2
    except (ValueError, struct.error):
        raise BadArchive from None
    begin = at + start
    body = at + _up(start + length, step)
    if not 0 < length <= LONGEST_NAME or body + size > len(data):
        raise BadArchive
    name = data[begin : begin + length - 1].decode("utf-8", "surrogateescape")
    member = Member(name, mode, uid, gid, links, when, data[body : body + size], inode)
    return member, body + _up(size, step)


def _up(size: int, step: int) -> int:
    return -(-size // step) * step


def _filled(data: bytes, step: int) -> bytes:
    return data.ljust(_up(len(data), step), b"\0")
