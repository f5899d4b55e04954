"""The entries of earlier starts in the journal, and the choice among starts (journalctl(1))."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ...host.boot_log import started, stopped
from ...host.journal_files import Boot, boots
from ...host.world import World
from ..process import Process
from .shown import clock

OLD = ("11", "20.04", "22.04", "8.10")
"""Systems whose list of starts has no head."""
STAMP = "%a %Y-%m-%d %H:%M:%S UTC"
LOGS = ("syslog", "auth.log")


@dataclass(frozen=True)
class Entry:
    """One line of the log; `when` in seconds since the epoch."""

    when: float
    source: str
    pid: int
    text: str
    unit: str = ""


def earlier(world: World) -> list[Entry]:
    """What the machine logged when it was started and stopped before its last start."""
    found = []
    for boot in boots(world.machine)[:-1]:
        for log in LOGS:
            lines = [*started(world, log, boot.began), *stopped(world, log, boot.ended)]
            found += [_entry(when, text) for when, text in lines]
    return found


def _entry(when: float, line: str) -> Entry:
    """A line of syslog."""
    front, _, text = line.partition(": ")
    source, _, number = front.partition("[")
    pid = number.rstrip("]")
    if source == "kernel":
        text = text.partition("] ")[2]
    return Entry(when, source, int(pid) if pid.isdecimal() else 0, text)


def of_boot(entries: list[Entry], boot: Boot, world: World) -> list[Entry]:
    """Those of one start."""
    ended = boot.ended + 2 if boot.began != world.booted() else float("inf")
    return [entry for entry in entries if boot.began <= entry.when <= ended]


def chosen(world: World, wanted: str) -> Boot | None:
    """The start of `-b`: its number from the first (1) or back from the last (0, -1), or its identifier."""
    known = boots(world.machine)
    if len(wanted) == 32:
        return next((boot for boot in known if boot.id == wanted.lower()), None)
    text = wanted.lstrip("+-")
    if not (text.isdecimal() and len(text) < 6):
        return None
    at = int(text) - 1 if int(text) and not wanted.startswith("-") else len(known) - 1 - int(text)
    return known[at] if 0 <= at < len(known) else None


def joined(words: list[str]) -> list[str]:
    """The words of a command line, in which `-b` takes the start that may follow it."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in ("-b", "--boot") and _names_boot(word):
            found[-1] = f"--boot={word}"
        elif word.startswith("-b") and _names_boot(word[2:]):
            found.append(f"--boot={word[2:]}")
        else:
            found.append(word)
    return found


def _names_boot(word: str) -> bool:
    digits = word[1:] if word[:1] in ("+", "-") else word
    return digits.isdecimal() or (len(word) == 32 and not set(word.lower()) - set("0123456789abcdef"))


def list_boots(process: Process) -> None:
    """`--list-boots`."""
    world = process.shell.world
    known = boots(world.machine)
    is_old = world.system.version in OLD
    if not is_old:
        process.out(f"IDX BOOT ID                          {'FIRST ENTRY':<27} {'LAST ENTRY':<27}\n")
    width = len(str(1 - len(known)))
    for number, boot in enumerate(known, 1 - len(known)):
        first = clock(STAMP, boot.began)
        last = clock(STAMP, boot.ended + 1 if number else time.time())
        text = f"{first}—{last}" if is_old else f"{first} {last}"
        process.out(f"{number:>{width if is_old else 3}} {boot.id} {text}\n")
