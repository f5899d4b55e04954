# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""systemd-analyze: how the machine has started, and what calendars and time spans mean."""

from __future__ import annotations

import time

from ..paged import SYSTEMD, paged, verb_in
from ..process import Command, Process, Running
from ..text.common import parse
from ..text.packaged import packaged
from .loaded import find
from .logged_errors import complain
from .unit_finding import units_of

SHORTHANDS = {
    "minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00", "weekly": "Mon *-*-* 00:00:00", "monthly": "*-*-01 00:00:00",
    "yearly": "*-01-01 00:00:00", "annually": "*-01-01 00:00:00", "quarterly": "*-01,04,07,10-01 00:00:00", "semiannually": "*-01,07-01 00:00:00",
}  # fmt: skip
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
UNITS = {
    "us": 1,
    "ms": 1000,
    "s": 10**6,
    "sec": 10**6,
    "m": 6 * 10**7,
    "min": 6 * 10**7,
    "h": 36 * 10**8,
    "hr": 36 * 10**8,
    "d": 864 * 10**8,
    "day": 864 * 10**8,
    "w": 6048 * 10**8,
    "week": 6048 * 10**8,
    "": 10**6,
}


@packaged(bare=True)
def analyze(process: Process) -> Running:
    """How the machine has started, and what texts mean."""
    options = parse(
        process,
        "H:M:qhv",
        "system user global order require from-pattern: to-pattern: fuzz: man:: generators:: no-pager host:=H machine:=M quiet=q iterations: base-time: json: unit: recursive-errors: image: root: version help offline:: threshold: security-policy: profile: table no-legend",
    )
    verb, words = (options.operands or ["time"])[0], options.operands[1:]
    yield 0.0
    if verb == "time":
        process.out(_times(process))
    elif verb in ("blame", "critical-chain"):
        process.out(_blame(process) if verb == "blame" else _chain(process))
    elif verb in ("calendar", "timespan", "timestamp"):
        return _texts(process, verb, words)
    elif verb in ("verify", "security", "cat-config", "condition"):
        return _units(process, verb, words)
    elif verb in (
        "unit-paths",
        "exit-status",
        "capability",
        "syscall-filter",
        "filesystems",
        "dump",
        "dot",
        "plot",
        "unit-files",
        "service-watchdogs",
        "log-level",
        "log-target",
    ):
        process.out(
            {
                "log-level": "info\n",
                "log-target": "journal\n",
                "service-watchdogs": "yes\n",
                "unit-paths": UNIT_PATHS,
            }.get(verb, "")
        )
    else:
        complain(process, f"Unknown command verb {verb}.")
        return 1
    return 0


MOST_SPAN = 200
UNIT_PATHS = """/etc/systemd/system.control
/run/systemd/system.control
/run/systemd/transient
/run/systemd/generator.early
/etc/systemd/system
/etc/systemd/system.attached
/run/systemd/system
/run/systemd/system.attached
/run/systemd/generator
/usr/local/lib/systemd/system
/lib/systemd/system
/usr/lib/systemd/system
/run/systemd/generator.late
"""


def _seconds(process: Process, purpose: str, low: int, high: int) -> float:
    return (
        process.shell.world.persona.number(f"boot {purpose} {process.shell.world.booted()}", low, high) / 1000
    )


def _times(process: Process) -> str:
    kernel, user = _seconds(process, "kernel", 1900, 4800), _seconds(process, "user", 4200, 11_900)
    graph = "graphical.target"
    return f"Startup finished in {kernel:.3f}s (kernel) + {user:.3f}s (userspace) = {kernel + user:.3f}s \n{graph} reached after {user - 0.02:.3f}s in userspace.\n"


def _blame(process: Process) -> str:
    found = []
    for unit in units_of(process.shell):
        if unit.active and unit.name.endswith(".service"):
            found.append((_seconds(process, unit.name, 8, 900), unit.name))
    rows = []
    for seconds, name in sorted(found, reverse=True):
        rows.append((f"{seconds:.3f}s" if seconds >= 1 else f"{round(seconds * 1000)}ms", name))
    width = max((len(text) for text, _ in rows), default=0)
    return "".join(f"{text:>{width}} {name}\n" for text, name in rows)


def _chain(process: Process) -> str:
    user = _seconds(process, "user", 4200, 11_900)
    head = 'The time when unit became active or started is printed after the "@" character.\nThe time the unit took to start is printed after the "+" character.\n\n'
    return f"{head}graphical.target @{user - 0.02:.3f}s\n└─multi-user.target @{user - 0.02:.3f}s\n  └─ssh.service @{user - 0.3:.3f}s +{_seconds(process, 'ssh.service', 8, 900) * 1000:.0f}ms\n    └─network.target @{user - 0.4:.3f}s\n"


def normalized(text: str) -> str:
    """A calendar expression in its full form, "" for an invalid one."""
    words = text.split()
    if len(words) == 1 and words[0].lower() in SHORTHANDS:
        return SHORTHANDS[words[0].lower()]
    day, date, clock = "", "*-*-*", "00:00:00"
    for word in words:
        if word[:3].capitalize() in DAYS and not set(word) - set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,.-"
        ):
            day = (
                word[:3].capitalize() + word[3:]
                if len(word) == 3 or not word.isalpha()
                else word[:3].capitalize()
            )
        elif ":" in word and not set(word) - set("0123456789:*/,.-"):
            parts = word.split(":")
            clock = ":".join(part.zfill(2) if part.isdecimal() else part for part in [*parts, "00"][:3])
        elif "-" in word and not set(word) - set("0123456789-*/,.~"):
            parts = word.split("-")
            date = "-".join(
                part.zfill(2) if part.isdecimal() else part
                for part in (parts if len(parts) > 2 else ["*", *parts])
            )
        elif word not in ("UTC",):
            return ""
    return f"{day} {date} {clock}".strip() if words else ""


def _texts(process: Process, verb: str, words: list[str]) -> int:
    if not words:
        complain(process, "Too few arguments.")
        return 1
    status = 0
    for word in words:
        if verb == "timespan":
            status |= _span(process, word)
        elif verb == "calendar":
            full = normalized(word)
            if not full:
                complain(process, f"Failed to parse calendar specification '{word}': Invalid argument")
                status = 1
                continue
            process.out((f"  Original form: {word}\n" if word != full else "") + f"Normalized form: {full}\n")
            process.out(_elapse(full))
        else:
            process.out(f"  Original form: {word}\n" if word != "now" else "")
    return status


def _elapse(full: str) -> str:
    """When a form with one time of the day comes next."""
    clock = full.rpartition(" ")[2]
    if set(clock) - set("0123456789:") or "*-*-*" not in full:
        return ""
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    day = full.partition(" ")[0]
    now = time.time()
    start = now - now % 86400 + hours * 3600 + minutes * 60 + seconds
    for ahead in range(9):
        when = start + ahead * 86400
        if when > now and (day[:3] not in DAYS or time.strftime("%a", time.gmtime(when)) in day):
            left = int(when - now)
            text = (
                f"{left // 3600}h {left // 60 % 60}min left"
                if left < 86400
                else f"{left // 86400} day{'s' if left >= 172_800 else ''} left"
            )
            return f"    Next elapse: {time.strftime('%a %Y-%m-%d %H:%M:%S UTC', time.gmtime(when))}\n       From now: {text}\n"
    return ""


def _span(process: Process, word: str) -> int:
    total, text = 0.0, word[:MOST_SPAN].replace(" ", "")
    while text:
        digits = len(text) - len(text.lstrip("0123456789."))
        number, rest = text[:digits], text[digits:]
        unit = rest[: len(rest) - len(rest.lstrip("abcdefghijklmnopqrstuvwxyz"))]
        name = unit if unit in UNITS else unit.rstrip("s") if unit.rstrip("s") in UNITS else "?"
        if not number or name not in UNITS or number.count(".") > 1 or number == ".":
            complain(process, f"Failed to parse time span '{word}': Invalid argument\n".rstrip("\n"))
            return 1
        total += float(number[:15]) * UNITS[name]
        text = rest[len(unit) :]
    process.out(f"Original: {word}\n      μs: {int(total)}\n   Human: {human_span(int(total))}\n")
    return 0


def human_span(micro: int) -> str:
    """`1min 30s`"""
    names = (
        ("month", 2_629_800 * 10**6),
        ("w", 604_800 * 10**6),
        ("d", 86400 * 10**6),
        ("h", 3600 * 10**6),
        ("min", 60 * 10**6),
        ("s", 10**6),
        ("ms", 1000),
        ("us", 1),
    )
    parts = []
    for name, size in names:
        count, micro = divmod(micro, size)
        if count:
            parts.append(f"{count}{name}")
    return " ".join(parts) or "0"


def _units(process: Process, verb: str, words: list[str]) -> int:
    status = 0
    for word in words:
        name = word.rpartition("/")[2] if verb == "verify" else word
        full = name if "." in name else f"{name}.service"
        exists = (
            process.shell.node(process.shell.absolute(word)) is not None
            if "/" in word
            else find(process.shell, name) is not None
        )
        if exists:
            continue
        complain(
            process,
            f"Unit {full} not found." if verb == "verify" else f"Unit {full} not found, cannot analyze.",
        )
        status = 1
    return status


COMMANDS: dict[str, Command] = {
    "systemd-analyze": paged(analyze, SYSTEMD, verb_in("blame", "critical-chain", "security", "dump")),
}
