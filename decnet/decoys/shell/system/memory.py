# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""free."""

from __future__ import annotations

import time

from ...host.hardware import Memory
from ..process import Process, Running
from ..text.common import Failure, Options, tool
from .uptime import options_of

USAGE = """
Usage:
 free [options]

Options:
 -b, --bytes         show output in bytes
     --kilo          show output in kilobytes
     --mega          show output in megabytes
     --giga          show output in gigabytes
     --tera          show output in terabytes
     --peta          show output in petabytes
 -k, --kibi          show output in kibibytes
 -m, --mebi          show output in mebibytes
 -g, --gibi          show output in gibibytes
     --tebi          show output in tebibytes
     --pebi          show output in pebibytes
 -h, --human         show human-readable output
     --si            use powers of 1000 not 1024
 -l, --lohi          show detailed low and high memory statistics
 -t, --total         show total for RAM + swap
 -v, --committed     show committed memory and commit limit
 -s N, --seconds N   repeat printing every N seconds
 -c N, --count N     repeat printing N times, then exit
 -w, --wide          wide output

     --help     display this help and exit
 -V, --version  output version information and exit

For more details see free(1).
"""
LONG = """bytes=b kilo mega giga tera peta kibi=k mebi=m gibi=g tebi pebi human=h si lohi=l total=t committed=v
seconds=s count=c wide=w help version=V"""
DIVISORS = {"b": 1, "kilo": 1000, "mega": 1000**2, "giga": 1000**3, "tera": 1000**4, "k": 1024, "m": 1024**2,
            "g": 1024**3, "tebi": 1024**4, "pebi": 1024**5, "peta": 1000**5}  # fmt: skip
NEW_USED = ("12", "24.04")
"""Releases whose procps (4.0) counts as used what is not available."""
MOST_ROUNDS = 10_000


@tool
def free(process: Process) -> Running:
    """How the memory is used."""
    options = options_of(process, "bkmghltvs:c:wV", LONG, USAGE)
    if "V" in options:
        process.out("free from procps-ng 4.0.2\n")
        return 0
    rounds = options.value("c", "1" if "s" not in options else str(MOST_ROUNDS))
    if not rounds.isdecimal() or int(rounds[:9]) < 1:
        raise Failure(f"failed to parse count argument: '{rounds}'")
    seconds = options.value("s", "1")
    try:
        wait = float(seconds[:12])
    except ValueError:
        raise Failure(f"seconds argument failed: '{seconds}'") from None
    for number in range(min(MOST_ROUNDS, int(rounds[:9]))):
        if number:
            process.out("\n")
            yield wait
        process.out(_shown(process, options, process.shell.world.memory(int(time.time()))))
    yield 0.0
    return 0


def _shown(process: Process, options: Options, now: Memory) -> str:
    world = process.shell.world
    if world.system.busybox:
        return _busybox(now, options.last("bkmgh"))
    cache = now.cached + now.reclaimable
    used = (
        now.total - now.available
        if world.system.version in NEW_USED
        else now.total - now.free - now.buffers - cache
    )
    wide = "w" in options
    names = [
        "total",
        "used",
        "free",
        "shared",
        *(("buffers", "cache") if wide else ("buff/cache",)),
        "available",
    ]
    row = [
        now.total,
        used,
        now.free,
        now.shared,
        *((now.buffers, cache) if wide else (now.buffers + cache,)),
        now.available,
    ]
    swap = [now.swap_total, now.swap_total - now.swap_free, now.swap_free]
    out = " " * 8 + "".join(f"{name:>12}" for name in names) + "\n"
    out += "Mem:    " + _cells(options, row)
    if "l" in options:
        out += "Low:    " + _cells(options, [now.total, now.total - now.free, now.free])
        out += "High:   " + _cells(options, [0, 0, 0])
    out += "Swap:   " + _cells(options, swap)
    if "t" in options:
        out += "Total:  " + _cells(options, [now.total + swap[0], used + swap[1], now.free + swap[2]])
    if "v" in options:
        limit = now.swap_total + now.total // 2
        out += "Comm:   " + _cells(options, [limit, used * 3 // 2, limit - used * 3 // 2])
    return out


def _cells(options: Options, values: list[int]) -> str:
    return "".join(f"{_size(options, value):>12}" for value in values) + "\n"


def _size(options: Options, kib: int) -> str:
    if "h" in options:
        return _human(kib * 1024, 1000 if "si" in options else 1024)
    unit = next((name for name, _ in reversed(options.given) if name in DIVISORS), "k")
    return str(kib * 1024 // DIVISORS[unit])


def _human(size: int, base: int) -> str:
    """As procps does: one digit behind the point if that fits into three characters."""
    if size == 0:
        return "0B"
    names = "BKMGTP"
    for at in range(1, len(names)):
        end = names[at] + ("i" if base == 1024 else "")
        value = size / base**at
        if len(f"{value:.1f}") <= 3:
            return f"{value:.1f}{end}"
        if len(str(int(value))) <= 3:
            return f"{int(value)}{end}"
    return f"{size}B"


def _of_applet(kib: int, letter: str) -> str:
    """A size in BusyBox's free: rounded to the unit, or with a tenth and the unit's letter for `-h`."""
    if letter != "h" or not kib:
        return str((kib * 1024 + APPLET_UNITS[letter] // 2) // APPLET_UNITS[letter]) if letter != "h" else "0"
    value, units = float(kib), "KMGT"
    while value >= 1024:
        value, units = value / 1024, units[1:]
    return f"{value:.1f}{units[:1]}"


APPLET_UNITS = {"b": 1, "": 1024, "k": 1024, "m": 1 << 20, "g": 1 << 30}


def _busybox(now: Memory, letter: str) -> str:
    used = now.total - now.free - now.buffers - now.cached - now.reclaimable
    head = "              total        used        free      shared  buff/cache   available\n"
    row = (now.total, used, now.free, now.shared, now.buffers + now.cached + now.reclaimable, now.available)
    swap = (now.swap_total, now.swap_total - now.swap_free, now.swap_free)
    return (
        head
        + "Mem:   "
        + "".join(f"{_of_applet(cell, letter):>12}" for cell in row)
        + "\nSwap:  "
        + "".join(f"{_of_applet(cell, letter):>12}" for cell in swap)
        + "\n"
    )


COMMANDS = {"free": free}
