"""BusyBox's mktemp, rm -i, touch -d, cal: what it asks, and which words it takes."""

from __future__ import annotations

import calendar
import time
from typing import Any

from ..commands import command_of
from ..process import Command, Process, Running
from ..text.common import parse
from .applets import complain

ENDING = "XXXXXX"
DATE_PARTS = ("YYYY-MM-DD hh:mm", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD", "hh:mm", "hh:mm:ss", "MM.DD-hh:mm",
              "MM.DD-hh:mm:ss", "YYYY.MM.DD-hh:mm", "YYYY.MM.DD-hh:mm:ss")  # fmt: skip
"""Shapes of a date, beside digits alone with seconds after a dot."""


def passed_on(process: Process, name: str) -> Any:
    """The command as other systems have it."""
    command = command_of(name)
    assert command is not None
    return command(process)


def mktemp(process: Process) -> Any:
    """A name from a template with six X at its end."""
    given = [word for word in process.args if not word.startswith("-")]
    if "-p" in process.args:
        folder = process.args[process.args.index("-p") + 1 :][:1]
        given = [word for word in given if word not in folder]
    if given and not given[-1].endswith(ENDING):
        process.err("" if "-q" in process.args else "mktemp: (null): Invalid argument\n")
        return 1
    if not given:
        process.args = [*process.args, "-t", f"tmp.{ENDING}"]
    return passed_on(process, "mktemp")


def rm(process: Process) -> Running:
    """Remove files; with -i after a question for each."""
    options = parse(process, "irfRv")
    asks = options.last("if") == "i"
    if not asks:
        running = passed_on(process, "rm")
        return running if isinstance(running, int) else (yield from running)
    flags, status = [word for word in process.args if word.startswith("-") and word != "--"], 0
    for path in options.operands:
        node = process.shell.lstat(process.shell.absolute(path))
        if node is not None and (not node.folder or options.last("rR")):
            process.err(f"rm: {'descend into directory' if node.folder else 'remove'} '{path}'? ")
            yield 0.0
            line = yield from process.context.read_line(process.context.fds.get(0))
            if line[:1] not in (b"y", b"Y"):
                continue
        status = (
            yield from process.call(["rm", *[flag.replace("i", "") + "f" for flag in flags], path])
        ) or status
    return status


def touch(process: Process) -> Any:
    """Set times: `-d` takes BusyBox's forms of a date."""
    options = parse(process, "acd:fhmr:t:", "no-create=c date=d no-dereference=h reference=r")
    for letter in "dt":
        value = options.value(letter)
        if letter in options and not _is_date(value):
            process.err(f"touch: invalid date '{value}'\n")
            return 1
    value = options.value("d")
    if value and value.replace(".", "", 1).isdecimal():
        process.args = ["-t" if word == "-d" else word for word in process.args]
    return passed_on(process, "touch")


def tail(process: Process) -> Running:
    """The ends of files; one more complaint if none could be opened."""
    running = passed_on(process, "tail")
    status: int = running if isinstance(running, int) else (yield from running)
    shell = process.shell
    names = [word for word in process.args if not word.startswith(("-", "+")) and not word.isdecimal()]
    if status and names and all(shell.node(shell.absolute(name)) is None for name in names):
        process.err("tail: no files\n")
    return status


def date(process: Process) -> Any:
    """The time: `-d` takes BusyBox's forms of a date."""
    process.args = [
        part
        for word in process.args
        for part in (("-d", word[7:]) if word.startswith("--date=") else (word,))
    ]
    for at, word in enumerate(process.args[:-1]):
        text = process.args[at + 1]
        if word != "-d" or "-D" in process.args:
            continue
        if not _is_date(text):
            process.err(f"date: invalid date '{text}'\n")
            return 1
        day, dash, clock = text.partition("-")
        if dash and "." in day and ":" in clock:
            process.args[at + 1] = f"{day.replace('.', '-')} {clock}"
    return passed_on(process, "date")


def _is_date(text: str) -> bool:
    if text.startswith("@"):
        return text[1:].isdecimal()
    digits, dot, seconds = text.partition(".")
    if digits.isdecimal() and len(digits) in (2, 4, 6, 8, 10, 12) and (not dot or len(seconds) == 2):
        return True
    shape = "".join("9" if char.isdecimal() else char for char in text[:40])
    return any(shape == "".join("9" if char.isalpha() else char for char in form) for form in DATE_PARTS)


def cal(process: Process) -> int:
    """A month, or a year."""
    options = parse(process, "jmy")
    numbers = options.operands
    if len(numbers) > 2:
        return complain(process, "")
    today, limits = time.gmtime(), ((1, 12), (1, 9999))
    values = []
    for word, (low, high) in zip(numbers, limits[2 - len(numbers) :], strict=True):
        if not word.isdecimal():
            process.err(f"cal: invalid number '{word}'\n")
            return 1
        if len(word) > 5 or not low <= int(word) <= high:
            process.err(f"cal: number {word} is not in {low}..{high} range\n")
            return 1
        values.append(int(word))
    first = 0 if "m" in options else 6
    if "y" in options or len(values) == 1:
        process.out(calendar.TextCalendar(first).formatyear(values[-1] if values else today.tm_year, c=2))
        return 0
    month, year = values or (today.tm_mon, today.tm_year)
    process.out(_month(year, month, first, julian="j" in options))
    return 0


def _month(year: int, month: int, first: int, *, julian: bool) -> str:
    """Title, names of days and always six weeks; only those without a day keep their blanks."""
    width = 4 if julian else 3
    before = sum(calendar.monthrange(year, each)[1] for each in range(1, month)) if julian else 0
    weeks = calendar.Calendar(first).monthdayscalendar(year, month)
    names = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    title = f"{calendar.month_name[month]} {year}"
    lines = [" " * ((width * 7 - 1 - len(title)) // 2) + title]
    lines.append(" ".join(each.rjust(width - 1) for each in names[first:] + names[:first]))
    for week in [*weeks, *[[0] * 7] * (6 - len(weeks))]:
        days = [str(day + before) if day else "" for day in week]
        lines.append(" ".join(each.rjust(width - 1) for each in days).rstrip() or " " * (width * 7))
    return "\n".join(lines) + "\n"


COMMANDS: dict[str, Command] = {
    "mktemp": mktemp,
    "rm": rm,
    "touch": touch,
    "cal": cal,
    "tail": tail,
    "date": date,
}
