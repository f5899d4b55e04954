# ruff: noqa: E501 (sequences)
"""`tput` and `reset` for an xterm. Source: terminfo of ncurses 6.4."""

from __future__ import annotations

from ..process import Process, Running
from ..text.common import tool

TEXTS = {
    "sgr0": "\x1b(B\x1b[m", "bold": "\x1b[1m", "dim": "\x1b[2m", "rev": "\x1b[7m", "smul": "\x1b[4m", "rmul": "\x1b[24m", "smso": "\x1b[7m",
    "rmso": "\x1b[27m", "clear": "\x1b[H\x1b[2J\x1b[3J", "el": "\x1b[K", "ed": "\x1b[J", "home": "\x1b[H", "civis": "\x1b[?25l",
    "cnorm": "\x1b[?12l\x1b[?25h", "smcup": "\x1b[?1049h\x1b[22;0;0t", "rmcup": "\x1b[?1049l\x1b[23;0;0t", "cr": "\r", "bel": "\a",
    "op": "\x1b[39;49m", "sc": "\x1b7", "rc": "\x1b8", "cuu1": "\x1b[A", "cuf1": "\x1b[C", "cub1": "\b", "cud1": "\n", "sitm": "\x1b[3m",
    "longname": "xterm with 256 colors",
}  # fmt: skip
"""By capability, what it writes."""
RESET = "\x1bc\x1b]104\a\x1b[!p\x1b[?3;4l\x1b[4l\x1b>\x1b[?69l"


@tool
def tput(process: Process) -> Running:
    """One capability: 1 if it is off, 4 if it is not known."""
    words, shell = [word for word in process.args if not word.startswith("-T")], process.shell
    terminal = shell.variables.get("TERM", "")
    yield 0.0
    if not words:
        process.err("usage: tput [-V] [-S] [-T term] capname\n")
        return 2
    if not terminal:
        process.err("tput: No value for $TERM and no -T specified\n")
        return 2
    name, *values = words
    numbers = [int(word[:4]) for word in values if word.isdecimal()]
    if name in TEXTS:
        process.out(TEXTS[name])
    elif name in ("cols", "lines", "colors"):
        known = {"cols": shell.columns, "lines": shell.rows, "colors": 256 if "256" in terminal else 8}
        process.out(f"{known[name]}\n")
    elif name in ("setaf", "setab") and numbers:
        process.out(_colour(numbers[0], 30 if name == "setaf" else 40))
    elif name == "cup" and len(numbers) > 1:
        process.out(f"\x1b[{numbers[0] + 1};{numbers[1] + 1}H")
    elif name in ("reset", "init"):
        process.out(RESET if name == "reset" else "\x1b[!p\x1b[?3;4l\x1b[4l\x1b>")
    else:
        process.err(f"tput: unknown terminfo capability '{name}'\n")
        return 4
    return 0


def _colour(number: int, base: int) -> str:
    if number < 8:
        return f"\x1b[{base + number}m"
    return f"\x1b[{base + 60 + number - 8}m" if number < 16 else f"\x1b[{base + 8};5;{number}m"


OF_BUSYBOX = "\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h"


@tool
def reset(process: Process) -> Running:
    """Put the terminal into the state that it has at first."""
    terminal = process.shell.variables.get("TERM", "")
    if process.applet:
        process.out(OF_BUSYBOX if process.to_terminal else "")
        yield 0.0
        return 0
    if not process.from_terminal and not process.to_terminal:
        process.err("reset: terminal attributes: No such device or address\n\n")
        return 10
    yield 1.0
    process.err(RESET if terminal.startswith("xterm") else "\x1bc")
    return 0


COMMANDS = {"tput": tput, "reset": reset}
