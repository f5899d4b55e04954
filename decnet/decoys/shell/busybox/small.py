"""Applets of a few lines: usleep, linux32, linux64, ifup and ifdown (BusyBox 1.35)."""

from __future__ import annotations

from ..process import Command, Process, Running

MICROSECOND = 1e-6
LONGEST = 86_400.0


def usleep(process: Process) -> Running:
    """Wait so many microseconds."""
    word = next((each for each in process.args if each != "--"), "")
    if not word.isdecimal():
        process.err(f"usleep: invalid number '{word}'\n")
        return 1
    yield min(LONGEST, int(word[:12]) * MICROSECOND)
    return 0


def personality(process: Process) -> Running:
    """`linux32 PROGRAM`: run it."""
    words = process.args
    if not words:
        return (yield from process.call(["sh"]))
    if process.context.where(words[0]) is None:
        process.err(f"{process.name}: can't execute '{words[0]}': No such file or directory\n")
        return 127
    return (yield from process.call(words))


def if_up(process: Process) -> Running:
    """`ifup` and `ifdown` of a card that /etc/network/interfaces has, or not."""
    path = "/etc/network/interfaces"
    text = process.shell.read(path)
    yield 0.0
    if text is None:
        process.err(f"{process.name}: can't open '{path}': No such file or directory\n")
        return 1
    known = {line.split()[1] for line in text.splitlines() if line.startswith("iface ") and " " in line[6:]}
    unknown = [word for word in process.args if not word.startswith("-") and word not in known]
    for word in unknown:
        process.err(f"{process.name}: ignoring unknown interface {word}\n")
    return 1 if unknown else 0


COMMANDS: dict[str, Command] = {
    "usleep": usleep,
    "linux32": personality,
    "linux64": personality,
    "ifup": if_up,
    "ifdown": if_up,
}
