# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`more` on a terminal, and what `less` has in common with it; elsewhere both print as `cat` does. Compared with
util-linux 2.38."""

from __future__ import annotations

from .context import Context, Work
from .descriptors import Stream
from .full_screen import CLEAR_LINE, GONE, PAGE_DOWN, REVERSE, FullScreen, on_terminal
from .passing_on import cat, content_of
from .process import Process
from .tasks import Readable

MOST_BYTES = 1024 * 1024
MOST_LINES = 50_000
UNMARKED = "\x1b[27m"


def texts_of(context: Context, process: Process) -> Work:
    """(name, text) of each file that can be read, and the status."""
    names = [word for word in process.args if word == "-" or word[:1] not in ("-", "+")]
    found: list[tuple[str, str]] = []
    status = 0
    for name in names:
        data, reason = (yield from _input_of(context)) if name == "-" else content_of(context, name)
        if reason:
            text = f"{name} is a directory" if reason == "Is a directory" else f"{name}: {reason}"
            context.err(f"{process.name}: can't open '{name}': {reason}\n" if process.applet else f"{text}\n")
            status = 1
        else:
            found.append((name, data[:MOST_BYTES].decode("utf-8", "replace")))
    if not names:
        source = context.fds.get(0)
        if isinstance(source, Stream) and source.is_terminal:
            return [], -1
        data, _ = yield from _input_of(context)
        found.append(("", data.decode("utf-8", "replace")))
    return found, status


def _input_of(context: Context) -> Work:
    source, data = context.fds.get(0), bytearray()
    while isinstance(source, Stream):
        if not source.is_readable:
            yield Readable(source)
        piece = source.take(32768)
        data += piece[: MOST_BYTES - len(data)]
        if not piece:
            break
        yield None
        if len(data) >= MOST_BYTES:
            source.has_reader = False
            break
    return bytes(data), ""


def unpaged(context: Context, process: Process) -> Work:
    """`less` and `more` where there is no terminal: each file as it is, with their own errors; the status is 0."""
    if context.shell.world.system.busybox:
        readable = []
        for word in process.args:
            reason = "" if word == "-" else content_of(context, word)[1]
            readable += [] if reason else [word]
            context.err(f"{process.name}: can't open '{word}': {reason}\n" if reason else "")
            if reason and process.name == "less":
                return 1
        if process.args and not readable:
            return 1
        process.args = readable
        return (yield cat(context, process))
    kept = []
    for word in process.args:
        _, reason = ("", "") if word == "-" else content_of(context, word)
        if not reason:
            kept.append(word)
        elif process.name == "less":
            text = f"{word} is a directory" if reason == "Is a directory" else f"{word}: {reason}"
            context.out(f"{text}\n")
        elif reason == "Is a directory":
            context.out(f"\n*** {word}: directory ***\n\n")
        else:
            context.err(f"more: {'' if process.applet else 'cannot open '}{word}: {reason}\n")
    if not kept and process.args:
        return 0
    process.args = kept
    return (yield cat(context, process))


def more(context: Context, process: Process) -> Work:
    """`more`."""
    if not on_terminal(context):
        process.args = [word for word in process.args if word[:1] not in ("-", "+") or word == "-"]
        if process.args and not process.applet:
            return (yield from _headed(context, process))
        return (yield from unpaged(context, process))
    names = [word for word in process.args if word[:1] not in ("-", "+")]
    for name in names:
        _, reason = content_of(context, name)
        if reason and reason != "Is a directory":
            context.err(f"more: {'' if process.applet else 'cannot open '}{name}: {reason}\n")
    process.args = [name for name in names if not content_of(context, name)[1]]
    if names and not process.args:
        return 1
    found, status = yield from texts_of(context, process)
    if status == -1:
        context.err("more: bad usage\nTry 'more --help' for more information.\n")
        return 1
    screen = FullScreen(context, begins="", ends="")
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        for at, (name, text) in enumerate(found):
            head = f"::::::::::::::\n{name}\n::::::::::::::\n" if len(found) > 1 else ""
            if (yield from _pages(screen, head, text, found[at + 1][0] if at + 1 < len(found) else "")):
                break
    finally:
        screen.end()
    return 0


def _headed(context: Context, process: Process) -> Work:
    """Files for which there is no terminal: each below its name, as util-linux prints them."""
    for name in process.args:
        _, reason = content_of(context, name)
        if not reason:
            context.out(f"::::::::::::::\n{name}\n::::::::::::::\n")
        process.args = [name]
        yield from unpaged(context, process)
    return 0


def _pages(screen: FullScreen, head: str, text: str, following: str) -> Work:
    """One file; whether the visitor quits."""
    lines = _wrapped(head + text, screen.columns)
    page = screen.rows - 1
    at, room = 0, page
    while True:
        shown = lines[at : at + room]
        at += len(shown)
        screen.put("".join(line + "\n" for line in shown))
        if at >= len(lines):
            if following:
                screen.put(f"{REVERSE}--More--(Next file: {following}){UNMARKED}")
                yield from screen.show()
                key = yield from screen.key()
                screen.put("\r" + CLEAR_LINE)
                return key in ("q", "Q", GONE, "\x03")
            yield from screen.show()
            return False
        done = sum(len(line) + 1 for line in lines[:at]) * 100 // max(1, len(head + text))
        screen.put(f"{REVERSE}--More--({min(99, done)}%){UNMARKED}")
        yield from screen.show()
        key = yield from screen.key()
        screen.put("\r" + CLEAR_LINE)
        if key in ("q", "Q", GONE, "\x03"):
            yield from screen.show()
            return True
        if key == "\x1a":
            yield from screen.stop()
        if key in ("b", "\x02"):
            at = max(0, at - 2 * page)
            screen.put(f"...back {1} page\n")
        room = {"\r": 1, "\n": 1, "j": 1, "d": page // 2 + 1}.get(
            key, page if key in (" ", "f", "z", "b", "\x02", PAGE_DOWN) else 0
        )


def _wrapped(text: str, columns: int) -> list[str]:
    """The lines as `more` breaks them: tabs stay, and count as the screen shows them."""
    lines: list[str] = []
    for raw in text.removesuffix("\n").split("\n")[:MOST_LINES] if text else ():
        line, used = "", 0
        for char in raw:
            width = 8 - used % 8 if char == "\t" else 1
            if used + width > columns:
                lines.append(line)
                line, used = "", 0
            line, used = line + char, used + width
        lines.append(line)
    return lines
