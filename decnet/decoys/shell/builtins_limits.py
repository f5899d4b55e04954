# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""Builtins about the limits and times of processes."""

from __future__ import annotations

from typing import Any

from .context import Context

LIMITS = (
    ("real-time non-blocking time", "microseconds, -R", "R", "unlimited"), ("core file size", "blocks, -c", "c", "0"),
    ("data seg size", "kbytes, -d", "d", "unlimited"), ("scheduling priority", "-e", "e", "0"),
    ("file size", "blocks, -f", "f", "unlimited"), ("pending signals", "-i", "i", "7656"),
    ("max locked memory", "kbytes, -l", "l", "251732"), ("max memory size", "kbytes, -m", "m", "unlimited"),
    ("open files", "-n", "n", "1024"), ("pipe size", "512 bytes, -p", "p", "8"),
    ("POSIX message queues", "bytes, -q", "q", "819200"), ("real-time priority", "-r", "r", "0"),
    ("stack size", "kbytes, -s", "s", "8192"), ("cpu time", "seconds, -t", "t", "unlimited"),
    ("max user processes", "-u", "u", "7656"), ("virtual memory", "kbytes, -v", "v", "unlimited"),
    ("file locks", "-x", "x", "unlimited"),
)  # fmt: skip
IN_DASH = (
    ("time(seconds)", "t"), ("file(blocks)", "f"), ("data(kbytes)", "d"), ("stack(kbytes)", "s"), ("coredump(blocks)", "c"),
    ("memory(kbytes)", "m"), ("locked memory(kbytes)", "l"), ("process", "u"), ("nofiles", "n"), ("vmemory(kbytes)", "v"),
    ("locks", "x"), ("rtprio", "r"),
)  # fmt: skip
IN_ASH = (
    ("core file size (blocks)", "c"), ("data seg size (kb)", "d"), ("scheduling priority", "e"), ("file size (blocks)", "f"),
    ("pending signals", "i"), ("max locked memory (kb)", "l"), ("max memory size (kb)", "m"), ("open files", "n"),
    ("POSIX message queues (bytes)", "q"), ("real-time priority", "r"), ("stack size (kb)", "s"), ("cpu time (seconds)", "t"),
    ("max user processes", "u"), ("virtual memory (kb)", "v"), ("file locks", "x"),
)  # fmt: skip


HARD = {"n": "1048576", "c": "unlimited", "s": "unlimited"}
"""Hard limits that are not the soft ones: systemd's defaults."""


def of_memory(kib: int) -> dict[str, str]:
    """The limits that the kernel and systemd derive from the memory: processes, signals, locked memory."""
    return {"u": str(kib // 264), "i": str(kib // 264), "l": str(kib // 8)}


UNITS = {letter: name for name, _, letter, _ in LIMITS}
MOST_OPEN = 1 << 20
"""The kernel's fs.nr_open."""


def ulimit(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:]]
    shell, stored = context.shell, context.shell.notes
    letters, values = "", list[str]()
    for word in arguments:
        is_option = word.startswith("-") and len(word) > 1 and not values
        letters, values = (letters + word[1:], values) if is_option else (letters, [*values, word])
    hard, soft = "H" in letters, "S" in letters
    letters = letters.replace("S", "").replace("H", "")
    usual = {letter: value for _, _, letter, value in LIMITS} | of_memory(shell.world.memory_kib)
    limits = usual | {
        letter: stored[f" ulimit {letter}"] for letter in usual if f" ulimit {letter}" in stored
    }
    most = (
        usual
        | HARD
        | {letter: stored[f" ulimit H{letter}"] for letter in usual if f" ulimit H{letter}" in stored}
    )
    for letter in letters.replace("a", ""):
        if letter not in limits:
            return _no_limit(context, letter)
    if values:
        letter = letters[:1] or "f"
        value = {"hard": most[letter], "soft": limits[letter]}.get(values[0], values[0])
        if refusal := _refused(context, letter, value, most[letter]):
            context.complain(refusal if refusal.startswith("invalid") else f"ulimit: {refusal}")
            return 2 if shell.dialect.name == "dash" else 1
        if hard or not soft:
            stored[f" ulimit H{letter}"] = value
        if soft or not hard:
            stored[f" ulimit {letter}"] = value
        return 0
    shown = most if hard and not soft else limits
    if "a" in letters:
        _show_all(context, shown)
        return 0
    for letter in letters or "f":
        unit = next(unit for _, unit, each, _ in LIMITS if each == letter)
        head = f"{UNITS[letter]:<20}{f'({unit})':>20} " if len(letters) > 1 and shell.dialect.bash else ""
        context.out(f"{head}{shown[letter]}\n")
    return 0


def _no_limit(context: Context, letter: str) -> int:
    if context.shell.dialect.name == "ash":
        context.err(f"ulimit: invalid option -- '{letter}'\n")
        return 1
    if not context.shell.dialect.bash:
        context.complain(f"ulimit: Illegal option -{letter}")
        return 2
    context.complain(f"ulimit: -{letter}: invalid option")
    context.err("ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]\n")
    return 2


def _refused(context: Context, letter: str, value: str, most: str) -> str:
    """Why a limit cannot be set, "" if it can be."""
    bash = context.shell.dialect.bash
    if value != "unlimited" and (not value.isdecimal() or len(value) > 18):
        if context.shell.dialect.name == "ash":
            return f"invalid number '{value}'"
        return f"{value}: invalid number" if bash else "bad number"
    is_root = context.shell.world.number_of(context.shell.user) == 0
    above = value == "unlimited" or int(value) > int(most if most != "unlimited" else MOST_OPEN)
    is_above = letter == "n" and above if is_root else most != "unlimited" and above
    if not is_above or (is_root and value.isdecimal() and int(value) <= MOST_OPEN):
        return ""
    if bash:
        return f"{UNITS[letter]}: cannot modify limit: Operation not permitted"
    return "error setting limit (Operation not permitted)"


def _show_all(context: Context, limits: dict[str, str]) -> None:
    """`ulimit -a`."""
    if context.shell.dialect.bash:
        for name, unit, letter, _ in LIMITS:
            context.out(f"{name:<20}{f'({unit})':>20} {limits[letter]}\n")
        return
    rows = IN_ASH if context.shell.dialect.name == "ash" else IN_DASH
    width = 32 if context.shell.dialect.name == "ash" else 20
    marks = {letter: f"(-{letter}) " if width > 20 else "" for _, letter in rows}
    context.out("".join(f"{name:<{width}}{marks[letter] or ' '}{limits[letter]}\n" for name, letter in rows))


def times(context: Context, words: list[Any]) -> int:
    context.out(
        "0m0.003s 0m0.002s\n0m0.001s 0m0.000s\n"
        if context.shell.dialect.bash
        else "0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n"
    )
    return 0


BUILTINS = {"ulimit": ulimit, "times": times}
