"""A file or pipe that is filled from a device without end: `dd if=/dev/zero`."""

import hashlib
import os
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from ...host.disk import filesystem_of
from ...uploads import Incoming, record_file
from ...visitors import BEGINNING, MOST_FILE
from ..process import Process
from .common import Failure

BYTES_PER_SECOND = 1.1e9
AT_ONCE = 128 * 1024
MOST_HASHED = 64 * 1024 * 1024
"""Bytes of a file whose sums are known; no one has asked for those of a larger one yet."""
LONG = 3600.0


def fill(
    process: Process, source: str, target: str, wanted: int | None
) -> Generator[Any, Any, tuple[int, int]]:
    """Write `wanted` bytes of a device (None: without end) to a file, or to standard output (""); returns how
    many were written, and the status. It takes as long as a disk needs."""
    if target in ("", "/dev/stdout"):
        return (yield from _print(process, source, wanted)), 0
    if target == "/dev/null":
        while wanted is None:
            yield LONG
        yield wanted / BYTES_PER_SECOND
        return wanted, 0
    shell, where = process.shell, process.shell.absolute(target)
    reason = shell.refusal(where)
    if reason:
        raise Failure(f"failed to open '{target}': {reason}")
    room = filesystem_of(shell.mounts(), shell.real(where)).available * 1024
    length = room if wanted is None else min(wanted, room)
    yield length / BYTES_PER_SECOND
    yield from _store(process, source, where, length)
    if wanted is None or wanted > room:
        process.err(f"dd: error writing '{target}': No space left on device\n")
        return length, 1
    return length, 0


def _print(process: Process, source: str, wanted: int | None) -> Generator[Any, Any, int]:
    done = 0
    while wanted is None or done < wanted:
        piece = _piece(source, AT_ONCE if wanted is None else min(AT_ONCE, wanted - done))
        process.out(piece)
        done += len(piece)
        yield 0.0
    return done


def _store(process: Process, source: str, where: str, length: int) -> Generator[Any, Any, None]:
    """The file with its sums; of the content of a large one only the beginning is stored."""
    sums = {name: hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1")}
    kept, most = bytearray(), length if length <= MOST_FILE else BEGINNING
    with Incoming(keeps=False) as incoming:
        while incoming.size < min(length, MOST_HASHED):
            piece = _piece(source, min(AT_ONCE, length - incoming.size))
            incoming.add(piece)
            kept += piece[: most - len(kept)]
            for each in sums.values():
                each.update(piece)
            process.spend(len(piece) // 64)
            yield 0.0
        is_whole = incoming.size == length
        digests = {name: each.hexdigest() for name, each in sums.items()} | {"sha256": incoming.sha256}
        record_file(process.shell.session, where, incoming, whole=is_whole)
    shell = process.shell
    reason = shell.put(where, bytes(kept), length, 0o666 & ~shell.umask)
    node = shell.node(where)
    if not reason and node is not None and length > most and is_whole:
        shell.change(where, replace(node, digests=tuple(sorted(digests.items()))))


def _piece(source: str, size: int) -> bytes:
    return bytes(size) if source.endswith("zero") else os.urandom(size)
