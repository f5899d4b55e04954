# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`watch` and `top` on a terminal: a command's output again and again. Compared with procps 4.0."""

from __future__ import annotations

import time

from .context import Context, Work
from .curses import Curses
from .descriptors import Collector
from .full_screen import (
    CLEAR,
    CLEAR_BELOW,
    CLEAR_LINE,
    ENTER_ALTERNATE,
    GONE,
    KEYS_OFF,
    KEYS_ON,
    LEAVE_ALTERNATE,
    REVERSE,
    FullScreen,
    on_terminal,
)  # fmt: skip
from .process import Process

MOST_OUTPUT = 64 * 1024
LONGEST_SECONDS = 86400.0


def output_of(context: Context, words: list[str]) -> Work:
    """What a program prints, and its status."""
    collector = Collector(MOST_OUTPUT)
    child = context.fork({**context.fds, 1: collector, 2: collector})
    status = yield child.whole(child.program(words))
    return bytes(collector.content).decode("utf-8", "replace"), status


def watch(context: Context, process: Process) -> Work:
    """`watch`."""
    words, seconds, titled, runs_directly = list(process.args), 2.0, True, False
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        if word in ("-n", "--interval") or (word.startswith("-n") and len(word) > 2):
            given = word[2:] if word.startswith("-n") and len(word) > 2 else words.pop(0) if words else ""
            if not given.replace(".", "", 1).isdecimal():
                context.err(f"watch: failed to parse argument: '{given}'\n")
                return 1
            seconds = max(0.1, min(LONGEST_SECONDS, float(given[:12])))
        elif word in ("-t", "--no-title"):
            titled = False
        elif word in ("-x", "--exec"):
            runs_directly = True
        elif word in ("-v", "--version"):
            context.out("watch from procps-ng 4.0.2\n")
            return 0
    if not words:
        context.err("\nUsage:\n watch [options] command\n\nTry 'watch --help'\n  for additional help text.\n")
        return 1
    if not on_terminal(context):
        context.err("Error opening terminal: unknown.\n")
        return 1
    command = words if runs_directly else ["sh", "-c", " ".join(words)]
    screen = FullScreen(
        context, begins=f"{ENTER_ALTERNATE}\x1b[1;{context.shell.rows}r\x1b(B\x1b[m\x1b[4l\x1b[?7h{CLEAR}",
        ends=f"\x1b[{context.shell.rows};1H{LEAVE_ALTERNATE}\r{KEYS_OFF}",
    )  # fmt: skip
    yield from screen.wait_for_terminal()
    screen.begin()
    drawn = Curses(screen.rows, screen.columns)
    try:
        while True:
            text, _ = yield from output_of(context, command)
            lines = _lines(screen, context, " ".join(words), text, seconds, titled=titled)
            screen.put(drawn.draw(lines, (screen.rows - 1, screen.columns - 1)))
            yield from screen.show()
            if (yield from _is_left(screen, seconds)):
                return 0
    finally:
        screen.end()


def _is_left(screen: FullScreen, seconds: float) -> Work:
    """Wait for the next run; whether ^C ends it."""
    key = yield from screen.key(seconds)
    while key != GONE:
        if key == "\x1a":
            yield from screen.stop()
        if key in ("\x03", "\x1c"):
            return True
        key = yield from screen.key(seconds)
    return False


def _lines(
    screen: FullScreen, context: Context, command: str, text: str, seconds: float, *, titled: bool
) -> list[str]:
    left = f"Every {seconds:.1f}s: {command}"
    right = f"{context.shell.world.hostname}: {time.strftime('%a %b %e %H:%M:%S %Y')}"
    room = screen.columns - len(right) - 1
    lines = [f"{left[:room]:<{room}} {right}", ""] if titled else []
    return lines + [line.expandtabs()[: screen.columns] for line in text.split("\n")]


def top(context: Context, process: Process) -> Work:
    """`top` on a terminal: what `top -b` prints, every three seconds, until `q`."""
    words = list(process.args)
    if context.shell.world.system.busybox:
        return (yield from _small_top(context, words))
    batch = any(word.startswith("-") and not word.startswith("--") and "b" in word for word in words)
    if batch or not on_terminal(context):
        if not batch:
            context.err("top: failed tty get\n")
            return 1
        return (yield from _batch(context, words))
    seconds, left = _delay(words), _runs(words)
    screen = FullScreen(context, begins=KEYS_ON + CLEAR, ends="\r" + KEYS_OFF + CLEAR_LINE + "\n")
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        while left:
            text, _ = yield from _batch(context, ["-b", "-n", "1"], captured=True)
            _show_top(screen, text)
            yield from screen.show()
            left -= 1
            key = (yield from screen.key(seconds)) if left else "q"
            if key in ("q", "\x03"):
                break
            if key == "\x1a":
                yield from screen.stop()
    finally:
        screen.at(screen.rows - 1, 0)
        screen.end()
    return 0


CLEAR_SCREEN = "\x1b[H\x1b[J"


def _small_top(context: Context, words: list[str]) -> Work:
    """`top` of BusyBox, with and without a terminal."""
    from .busybox_top import busybox_top

    letters = "".join(word.lstrip("-") for word in words if word.startswith("-") or word is words[0])
    is_batch = "b" in letters or not on_terminal(context)
    head = "" if "b" in letters else CLEAR_SCREEN
    seconds, left = max(1.0, _delay(words) if "-d" in words else 5.0), _runs(words)
    screen = FullScreen(context, begins="", ends="\n")
    if not is_batch:
        yield from screen.wait_for_terminal()
        screen.begin()
    try:
        while left:
            left -= 1
            if is_batch:
                context.out(head + busybox_top(context.shell))
                yield seconds if left else 0.0
                continue
            screen.put(
                "\x1b[H"
                + busybox_top(context.shell, rows=screen.rows, columns=screen.columns)
                .replace("\n", CLEAR_LINE + "\n")
                .rstrip("\n")
                + CLEAR_BELOW
            )
            yield from screen.show()
            if (yield from screen.key(seconds)) in ("q", "Q", "\x03"):
                break
    finally:
        screen.end()
    return 0


def _delay(words: list[str]) -> float:
    for at, word in enumerate(words):
        given = (
            words[at + 1]
            if word == "-d" and at + 1 < len(words)
            else word[2:]
            if word.startswith("-d")
            else ""
        )
        if given.replace(".", "", 1).isdecimal():
            return max(0.1, min(LONGEST_SECONDS, float(given[:12])))
    return 3.0


def _runs(words: list[str]) -> int:
    for at, word in enumerate(words):
        given = (
            words[at + 1]
            if word == "-n" and at + 1 < len(words)
            else word[2:]
            if word.startswith("-n")
            else ""
        )
        if given.isdecimal():
            return max(1, int(given[:6]))
    return 1_000_000


def _batch(context: Context, words: list[str], *, captured: bool = False) -> Work:
    """The table that is printed without a terminal."""
    from .commands import command_of

    command = command_of("top")
    if command is None:
        context.err("top: error\n")
        return ("", 1) if captured else 1
    if not captured:
        return (yield context.applet(command, "top", words))
    collector = Collector(MOST_OUTPUT)
    child = context.fork({**context.fds, 1: collector})
    status = yield child.whole(child.applet(command, "top", words))
    return bytes(collector.content).decode("utf-8", "replace"), status


def _show_top(screen: FullScreen, text: str) -> None:
    lines = text.rstrip("\n").split("\n")
    shown = []
    for line in lines[: screen.rows]:
        line = line[: screen.columns]
        is_head = line.lstrip().startswith("PID ")
        shown.append(f"{REVERSE}{line:<{screen.columns}}\x1b[m" if is_head else line)
    screen.put("\x1b[H" + "\n".join(line + CLEAR_LINE for line in shown) + CLEAR_BELOW)
