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


def ulimit(context: Context, words: list[Any]) -> int:
    arguments = [str(word) for word in words[1:]]
    letters = (
        "".join(word[1:] for word in arguments if word.startswith("-")).replace("S", "").replace("H", "")
    )
    values = [word for word in arguments if not word.startswith("-")]
    stored = context.shell.notes
    usual = {letter: value for _, _, letter, value in LIMITS} | of_memory(context.shell.world.memory_kib)
    if any("H" in word for word in arguments if word.startswith("-")):
        usual |= HARD
    limits = {letter: stored.get(f" ulimit {letter}", value) for letter, value in usual.items()}
    if values:
        stored[f" ulimit {letters[:1] or 'f'}"] = values[0][:20]
        return 0
    if "a" in letters:
        if context.shell.dialect.bash:
            for name, unit, letter, _ in LIMITS:
                context.out(f"{name:<20}{f'({unit})':>20} {limits[letter]}\n")
        else:
            rows = IN_ASH if context.shell.dialect.name == "ash" else IN_DASH
            width = 32 if context.shell.dialect.name == "ash" else 20
            marks = {letter: f"(-{letter}) " if width > 20 else "" for _, letter in rows}
            context.out(
                "".join(f"{name:<{width}}{marks[letter] or ' '}{limits[letter]}\n" for name, letter in rows)
            )
        return 0
    for letter in letters or "f":
        if letter not in limits:
            context.complain(
                f"ulimit: -{letter}: invalid option"
                if context.shell.dialect.bash
                else f"ulimit: Illegal option -{letter}"
            )
            if context.shell.dialect.bash:
                context.err("ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]\n")
            return 2
        context.out(limits[letter] + "\n")
    return 0


def times(context: Context, words: list[Any]) -> int:
    context.out(
        "0m0.003s 0m0.002s\n0m0.001s 0m0.000s\n"
        if context.shell.dialect.bash
        else "0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n"
    )
    return 0


def umask(context: Context, words: list[Any]) -> int:
    shell = context.shell
    arguments = [str(word) for word in words[1:]]
    if arguments in ([], ["-p"]):
        context.out(("umask " if arguments else "") + f"{shell.umask:04o}\n")
        return 0
    if arguments == ["-S"]:
        bits = ~shell.umask & 0o777
        shown = [
            "".join(letter for letter, bit in zip("rwx", (4, 2, 1), strict=True) if bits >> shift & bit)
            for shift in (6, 3, 0)
        ]
        context.out(f"u={shown[0]},g={shown[1]},o={shown[2]}\n")
        return 0
    text = arguments[-1]
    if text.isdecimal():
        if set(text) & set("89") or int(text, 8) > 0o7777:
            context.complain(
                f"umask: {text}: octal number out of range"
                if shell.dialect.bash
                else f"umask: illegal mode: {text}"
                if shell.dialect.name == "ash"
                else f"umask: Illegal number: {text}"
            )
            return 2 if shell.dialect.name == "ash" else 1
        shell.umask = int(text, 8) & 0o777
    return 0


BUILTINS = {"ulimit": ulimit, "times": times, "umask": umask}
