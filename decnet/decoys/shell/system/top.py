# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`top -b` and vmstat."""

from __future__ import annotations

import time

from ...host.hardware import Memory
from ...host.processes import ProcessEntry
from ..process import Process, Running
from ..state import Shell
from ..text.common import Failure, parse, tool
from .uptime import options_of, uptime_line

MOST_ROUNDS = 100_000
HEAD_OF_VMSTAT = """procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----
 r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st
"""
USAGE_OF_VMSTAT = """
Usage:
 vmstat [options] [delay [count]]

Options:
 -a, --active           active/inactive memory
 -f, --forks            number of forks since boot
 -m, --slabs            slabinfo
 -n, --one-header       do not redisplay header
 -s, --stats            event counter statistics
 -d, --disk             disk statistics
 -D, --disk-sum         summarize disk statistics
 -p, --partition <dev>  partition specific statistics
 -S, --unit <char>      define display unit
 -w, --wide             wide output
 -t, --timestamp        show timestamp
 -y, --no-first         skips first line of output

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see vmstat(8).
"""


@tool
def top(process: Process) -> Running:
    """The processes that use most, without a terminal."""

    process.args = [
        f"-{word}" if at == 0 and word.isalpha() and not word.startswith("-") else word
        for at, word in enumerate(process.args)
    ]
    options = parse(process, "bcd:E:e:Hhin:O:o:p:Ssu:U:Vw::1", "")
    if "V" in options or "h" in options:
        process.out(
            "  procps-ng 4.0.2\nUsage:\n  top -hv | -bcEeHiOSs1 -d secs -n max -u|U user -p pids -o field -w [cols]\n"
            if "h" in options
            else "top from procps-ng 4.0.2\n"
        )
        return 0
    rounds = options.value("n", str(MOST_ROUNDS))
    if not rounds.isdecimal():
        raise Failure(f"bad iterations argument '{rounds}'")
    seconds = options.value("d", "3")
    if process.applet and not seconds.replace(".", "", 1).isdecimal():
        raise Failure(f"invalid number '{seconds}'")
    try:
        wait = max(0.1, float(seconds[:9]))
    except ValueError:
        raise Failure(f"bad delay interval '{seconds}'") from None
    wanted = {int(word[:9]) for value in options.values("p") for word in value.split(",") if word.isdecimal()}
    for number in range(int(rounds[:6])):
        if number:
            process.out("\n")
            yield wait
        process.out(_screen(process, wanted, options.value("u") or options.value("U"), full="c" in options))
    yield 0.0
    return 0


def _screen(process: Process, wanted: set[int], user: str, *, full: bool) -> str:
    shell, now = process.shell, int(time.time())
    entries = [
        entry
        for entry in shell.processes(now)
        if (not wanted or entry.pid in wanted) and (not user or entry.user == user)
    ]
    states = [entry.state[:1] for entry in entries]
    running = states.count("R")
    memory = shell.world.memory(now)
    noise = int.from_bytes(shell.world.persona.bytes_for(f"busy {now // 3}", 2), "big") % 9
    out = f"top -{uptime_line(shell, now)}\n"
    out += f"Tasks: {len(entries):>3} total, {running:>3} running, {len(entries) - running:>3} sleeping, {0:>3} stopped, {0:>3} zombie\n"
    out += f"%Cpu(s): {noise / 10:4.1f} us, {noise // 2 / 10 + 0.3:4.1f} sy,  0.0 ni, {99.7 - noise / 10 - noise // 2 / 10:4.1f} id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n"
    out += _memory_lines(shell, memory) + "\n"
    width = max(
        5,
        len(str(max((entry.pid for entry in shell.processes(now)), default=1))),
        7 if not shell.world.system.busybox else 5,
    )
    out += f"{'PID':>{width}} USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
    for entry in sorted(entries, key=lambda each: (each.state[:1] != "R", each.pid)):
        out += _row(shell, entry, memory.total, width, full=full)
    return out


def _memory_lines(shell: Shell, memory: Memory) -> str:
    def mib(kib: int) -> str:
        return f"{kib / 1024:8.1f}"

    cache = memory.buffers + memory.cached + memory.reclaimable
    new = shell.world.system.version in ("12", "24.04")
    used = memory.total - memory.available if new else memory.total - memory.free - cache
    return (
        f"MiB Mem : {mib(memory.total)} total, {mib(memory.free)} free, {mib(used)} used, {mib(cache)} buff/cache     \n"
        f"MiB Swap: {mib(memory.swap_total)} total, {mib(memory.swap_free)} free, {mib(memory.swap_total - memory.swap_free)} used. {mib(memory.available)} avail Mem \n"
    )


def _row(shell: Shell, entry: ProcessEntry, total: int, width: int, *, full: bool) -> str:
    real_time = entry.name.startswith(("migration/", "watchdogd", "idle_inject/", "irq/"))
    priority = "rt" if real_time else str(20 + entry.nice)
    hundredths = int(entry.cpu * 100)
    used = f"{hundredths // 6000}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"
    name = entry.command if full else entry.command.strip("[]") if entry.kernel else entry.name
    share = "6.2" if entry.state.startswith("R") else "0.0"
    user = entry.user if len(entry.user) <= 8 else entry.user[:7] + "+"
    return (
        f"{entry.pid:>{width}} {user:<8} {priority:>3} {entry.nice:>3} {entry.virtual:>7} {entry.resident:>6} {entry.resident * 3 // 4 // 4 * 4:>6} "
        f"{entry.state[:1]} {share:>5} {entry.resident * 100 / total:>5.1f} {used:>9} {name}\n"
    )


@tool
def vmstat(process: Process) -> Running:
    """Memory, swap, input and output, and processor."""
    options = options_of(
        process,
        "afmnsdDp:S:wtyhV",
        "active=a forks=f slabs=m one-header=n stats=s disk=d disk-sum=D partition=p unit=S wide=w timestamp=t no-first=y help version=V",
        USAGE_OF_VMSTAT,
    )
    if "h" in options:
        process.out(USAGE_OF_VMSTAT)
        return 0
    if "V" in options:
        process.out("vmstat from procps-ng 4.0.2\n")
        return 0
    words = options.operands
    if any(not word.isdecimal() for word in words):
        raise Failure(f"failed to parse argument: '{next(word for word in words if not word.isdecimal())}'")
    if any(letter in options for letter in "sfd"):
        from . import vmstat_tables

        unit = options.value("S") or "K"
        if unit not in vmstat_tables.UNITS:
            raise Failure("-S requires k, K, m or M (default is KiB)")
        process.out(
            vmstat_tables.counters(process, unit)
            if "s" in options
            else vmstat_tables.forks(process)
            if "f" in options
            else vmstat_tables.disks(process)
        )
        yield 0.0
        return 0
    rounds = int(words[1][:6]) if len(words) > 1 else MOST_ROUNDS if words else 1
    wait = max(1.0, float(words[0][:6])) if words else 0.0
    head = HEAD_OF_VMSTAT.replace(" buff  cache", "inact active") if "a" in options else HEAD_OF_VMSTAT
    process.out(head)
    for number in range(rounds):
        if number:
            yield wait
        process.out(_line(process.shell, first=number == 0, active="a" in options))
    yield 0.0
    return 0


def _line(shell: Shell, *, first: bool, active: bool) -> str:
    now = shell.world.memory(int(time.time()))
    noise = shell.world.persona.bytes_for(f"vmstat {int(time.time())}", 6)
    blocks_in, blocks_out = (noise[0] % 9 + 2, noise[1] % 20 + 9) if first else (0, noise[1] % 40)
    system = noise[2] % 40 + 38, noise[3] % 70 + 71
    busy = noise[4] % 2 if not first else 0
    cached = now.cached + now.reclaimable
    memory = (cached * 3 // 5, cached * 2 // 5) if active else (now.buffers, cached)
    return (
        f"{1 if first else noise[5] % 2:>2} {0:>2} {now.swap_total - now.swap_free:>6} {now.free:>6} {memory[0]:>6} {memory[1]:>6} {0:>4} {0:>4} "
        f"{blocks_in:>5} {blocks_out:>5} {system[0]:>4} {system[1]:>4} {busy:>2} {busy:>2} {100 - 2 * busy:>2} {0:>2} {0:>2}\n"
    )


COMMANDS = {"top": top, "vmstat": vmstat}
