# ruff: noqa: E501 (facts in rows)
"""Memory, file systems, processors and disks in SNMP (HOST-RESOURCES-MIB and UCD-SNMP-MIB), as net-snmp reports them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..host.hardware import load
from ..host.proc import stat, vmstat
from ..host.proc_hardware import diskstats
from . import ber
from .software import HOST, NO_OBJECT
from .tree import Rows, Table, Value

if TYPE_CHECKING:
    from ..host.hardware import Memory
    from ..host.mount import Mount
    from .host_view import Host

UCD: ber.Oid = (1, 3, 6, 1, 4, 1, 2021)
STORAGE_KINDS: ber.Oid = (*HOST, 2, 1)
OTHER, RAM, VIRTUAL, FIXED_DISK = 1, 2, 3, 4
KNOWN = {"ext2": 23, "ext3": 23, "ext4": 23, "vfat": 22}
"""Numbers in hrFSTypes; the others that the agent knows are of another type."""
SHOWN = (*KNOWN, "tmpfs", "xfs", "btrfs", "jffs2")
BEFORE = 30
"""The storages with lower numbers are kinds of memory."""
NEVER = ber.string(b"\0\0\1\1\0\0\0\0")
UNIT = 4096
SECTOR = 512
PROCESSOR, NETWORK, COPROCESSOR = 3 << 16, 4 << 16, 12 << 16
"""Where the numbers of a kind of device begin."""
GUESS = "Guessing that there's a floating point co-processor"
MINIMUM_SWAP = 16_000
NO_LOAD = "12.00"
"""From where on the load is an error, unless it is configured."""
WITH_AVAILABLE = (5, 9, 2)


def tables(host: Host) -> list[Table]:
    """The tables of storages, devices, load and disk traffic."""
    return [
        Table((*HOST, 2, 3, 1), range(1, 7), lambda: _storages(host)),
        Table((*HOST, 3, 2, 1), range(1, 7), lambda: _devices(host)),
        Table((*HOST, 3, 3, 1), (1, 2), lambda: _processors(host)),
        Table((*HOST, 3, 4, 1), (1,), lambda: {(NETWORK + at,): (ber.integer(at),) for at in (1, 2)}),
        Table((*HOST, 3, 8, 1), range(1, 10), lambda: _file_systems(host)),
        Table((*UCD, 10, 1), (1, 2, 3, 4, 5, 6, 100, 101), lambda: _load(host)),
        Table((*UCD, 13, 15, 1, 1), (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14), lambda: _disks(host)),
    ]


def scalars(host: Host) -> Iterator[tuple[ber.Oid, Value]]:
    """Memory and processor time."""
    yield (*HOST, 2, 2, 0), lambda: ber.integer(host.world.memory_kib)
    yield (*UCD, 4, 1, 0), ber.integer(0)
    yield (*UCD, 4, 2, 0), ber.text("swap")
    for at, (number, size) in enumerate(SIZES.items()):
        yield (*UCD, 4, number, 0), _memory(host, size, ber.integer)
        if host.version >= (5, 9):
            yield (*UCD, 4, 18 + at, 0), _memory(host, size, ber.counter64)
    if host.version >= WITH_AVAILABLE:
        yield (*UCD, 4, 27, 0), _memory(host, lambda found: found.available, ber.counter64)
    yield (*UCD, 4, 100, 0), _memory(host, lambda found: found.swap_free < MINIMUM_SWAP, ber.integer)
    yield (*UCD, 4, 101, 0), lambda: _swap_message(host.memory())
    yield (*UCD, 11, 1, 0), ber.integer(1)
    yield (*UCD, 11, 2, 0), ber.text("systemStats")
    for number, name in {**RATES, **TIMES, **PAGES}.items():
        yield (*UCD, 11, number, 0), _system(host, number, name)
    yield (*UCD, 11, 67, 0), lambda: ber.integer(host.world.processors)


# Memory

SIZES: dict[int, Callable[[Memory], int]] = {
    3: lambda found: found.swap_total,
    4: lambda found: found.swap_free,
    5: lambda found: found.total,
    6: lambda found: found.free,
    11: lambda found: found.free + found.swap_free,
    12: lambda found: MINIMUM_SWAP,
    13: lambda found: found.shared,
    14: lambda found: found.buffers,
    15: lambda found: found.cached + found.reclaimable,
}
"""UCD-SNMP-MIB's memory by the numbers of its objects, in KiB."""


def _memory(host: Host, size: Callable[[Memory], int], encode: Callable[[int], bytes]) -> Value:
    return lambda: encode(int(size(host.memory())))


def _swap_message(found: Memory) -> bytes:
    low = found.swap_free < MINIMUM_SWAP
    return ber.text(f"Running out of swap space ({found.swap_free})" if low else "")


def _storages(host: Host) -> Rows:
    now = host.memory()
    taken = now.total - now.free
    swapped = now.swap_total - now.swap_free
    cached = now.cached + now.reclaimable
    kinds = [
        (1, RAM, "Physical memory", now.total, taken),
        (3, VIRTUAL, "Virtual memory", now.total + now.swap_total, taken + swapped),
        (6, OTHER, "Memory buffers", now.total, now.buffers),
        (7, OTHER, "Cached memory", cached, cached),
        (8, OTHER, "Shared memory", now.shared, now.shared),
        (10, VIRTUAL, "Swap space", now.swap_total, swapped),
    ]
    if host.version >= WITH_AVAILABLE:
        kinds.append((11, OTHER, "Available memory", now.available, 0))
    rows = [(number, kind, name, 1024, size, used) for number, kind, name, size, used in kinds]
    rows += [
        (BEFORE + number, FIXED_DISK, each.target, UNIT, each.size * 1024 // UNIT, each.used * 1024 // UNIT)
        for number, each in _shown(host)
    ]
    return {
        (number,): (
            ber.integer(number), ber.oid((*STORAGE_KINDS, kind)), ber.text(name), ber.integer(unit), ber.integer(size),
            ber.integer(used),
        )
        for number, kind, name, unit, size, used in rows
    }  # fmt: skip


# File systems and devices


def _shown(host: Host) -> Iterator[tuple[int, Mount]]:
    """The file systems that the agent knows, each with its number among all mounts."""
    places: list[str] = []
    for each in host.world.mounts:
        if each.target not in places:
            places.append(each.target)
            if each.kind in SHOWN and each.size:
                yield len(places), each


def _file_systems(host: Host) -> Rows:
    return {
        (number,): (
            ber.integer(number), ber.text(each.target), ber.text(""), ber.oid((*HOST, 3, 9, KNOWN.get(each.kind, 1))),
            ber.integer(2 if each.options.split(",")[0] == "ro" else 1), ber.integer(1 if each.target == "/" else 2),
            ber.integer(BEFORE + number), NEVER, NEVER,
        )
        for number, each in _shown(host)
    }  # fmt: skip


def _devices(host: Host) -> Rows:
    name, running = host.processor, 2
    rows: list[tuple[int, int, str, int | None, int | None]] = [
        (PROCESSOR + at, 3, name, running, None) for at in range(host.world.processors)
    ]
    cards = ("lo", host.world.interface())
    rows += [(NETWORK + at, 4, f"network interface {card}", running, 0) for at, card in enumerate(cards, 1)]
    if host.is_x86:
        rows.append((COPROCESSOR, 12, GUESS, None, None))
    return {
        (number,): (
            ber.integer(number), ber.oid((*HOST, 3, 1, kind)), ber.text(text), NO_OBJECT,
            None if status is None else ber.integer(status), None if errors is None else ber.counter(errors),
        )
        for number, kind, text, status, errors in rows
    }  # fmt: skip


def _processors(host: Host) -> Rows:
    """The load of the last minute, in percent."""
    share = load(host.world, int(time.time()))[0] * 100
    busy = min(100, int(share / host.world.processors))
    return {
        (PROCESSOR + at,): (NO_OBJECT, ber.integer(max(0, busy - at % 3)))
        for at in range(host.world.processors)
    }


# Load and traffic


def _load(host: Host) -> Rows:
    averages = load(host.world, int(time.time()))
    return {
        (number,): (
            ber.integer(number), ber.text(f"Load-{minutes}"), ber.text(f"{value:.2f}"), ber.text(NO_LOAD),
            ber.integer(int(value * 100 + 0.5)), ber.floating(value), ber.integer(0), ber.text(""),
        )
        for number, (minutes, value) in enumerate(zip((1, 5, 15), averages, strict=True), 1)
    }  # fmt: skip


def _disks(host: Host) -> Rows:
    rows = [line.split() for line in diskstats(host.world).splitlines()]
    return {(number,): _disk(number, fields) for number, fields in enumerate(rows, 1)}


def _disk(number: int, fields: list[str]) -> tuple[bytes, ...]:
    reads, sectors_read, writes, sectors_written, busy = (int(fields[at]) for at in (3, 5, 7, 9, 12))
    read, written = sectors_read * SECTOR, sectors_written * SECTOR
    none = ber.integer(0)
    return (
        ber.integer(number), ber.text(fields[2]), ber.counter(read), ber.counter(written), ber.counter(reads),
        ber.counter(writes), none, none, none, ber.counter64(read), ber.counter64(written), ber.counter64(busy * 1000),
    )  # fmt: skip


TIMES = {50: "user", 51: "nice", 52: "system", 53: "idle", 54: "iowait", 55: "kernel", 56: "irq", 61: "softirq",
         64: "steal", 65: "guest", 66: "guest_nice"}  # fmt: skip
ORDER = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
"""Of the numbers in /proc/stat."""
PAGES = {57: "pgpgout", 58: "pgpgin", 59: "intr", 60: "ctxt", 62: "pswpin", 63: "pswpout"}
RATES = {
    3: "pswpin",
    4: "pswpout",
    5: "pgpgout",
    6: "pgpgin",
    7: "intr",
    8: "ctxt",
    9: "user",
    10: "system",
    11: "idle",
}
"""Of the last minute, which is like all others: the first six per second, the last three in percent."""
BLOCKS = ("pgpgin", "pgpgout")
"""In KiB there, in blocks of 512 bytes here."""


def _system(host: Host, number: int, name: str) -> Value:
    def value() -> bytes:
        found = _kernel(host)
        total = found.get(name, 0) * (2 if name in BLOCKS else 1)
        if number in RATES:
            up = max(1, int(time.time()) - host.world.booted())
            whole = sum(found[each] for each in ORDER)
            return ber.integer(total // up if number < 9 else total * 100 // max(1, whole))
        return ber.counter(total)

    return value


def _kernel(host: Host) -> dict[str, int]:
    """The numbers of /proc/stat and /proc/vmstat by their names."""
    found: dict[str, int] = {}
    for line in [*stat(host.world).splitlines(), *vmstat(host.world).splitlines()]:
        name, first, *more = line.split()
        if name == "cpu":
            found |= dict(zip(ORDER, map(int, (first, *more)), strict=False))
        else:
            found.setdefault(name, int(first))
    return found
