"""Between a channel and the command line of a machine without a Unix shell."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ...waits import Turn, at_most
from ..editor import END, INTERRUPT, Editor
from ..state import Answer
from ..stream import Stream
from .base import Console

if TYPE_CHECKING:
    from . import Kind

MOST_LINE = 4096
MOST_HISTORY = 200
MOST_LINES = 2000
MOST_KEYS = 256 * 1024
"""Limit of characters that are kept when typed ahead."""


async def run_line(console: Console, channel: Stream, line: str) -> int:
    """The one line of a connection without a prompt; its status."""
    answer = console.execute(line)
    await _pause(answer, channel, deque())
    end = "\r\n" if channel.terminal else "\n"
    await channel.write(_bytes(answer.out, end))
    await channel.write(_bytes(answer.error, end), error=channel.terminal is None)
    return answer.status


async def run_lines(console: Kind, channel: Stream) -> int:
    """All that is typed on it; the status of the last line."""
    if channel.terminal is None:
        return await _plain(console, channel)
    await channel.write(_bytes(console.hello(), "\r\n"))
    keys: deque[str] = deque()
    for _ in range(MOST_LINES):
        await channel.write(console.prompt().encode())
        line = await _read_line(console, channel, keys)
        if line is None or await _carry_out(console, channel, keys, line):
            return int(console.variables.get("?", "0"))
    return 1


async def _read_line(console: Console, channel: Stream, keys: deque[str]) -> str | None:
    """The next line; None at the end of the input."""
    write = channel.write if console.echoes else _only_ends(channel)
    history = console.history if console.echoes else []
    editor, turn, skips = Editor(console.prompt(), history, write, console.complete), Turn(), False
    while keys or await _type_ahead(channel, keys):
        while keys:
            await turn.pass_on()
            key = keys.popleft()
            skipped, skips = skips and key == "\n", key == "\r"
            text = console.help(editor.text) if key == "?" and console.echoes else None
            if text is not None:
                again = f"?\n{text}\n{console.prompt()}{editor.text}"
                await channel.write(_bytes(again, "\r\n"))
                continue
            done = None if skipped else await editor.key(key)
            if done is not None:
                if done != END and keys and keys[0] == "\n" and key == "\r":
                    keys.popleft()
                return None if done == END else done
    return None


async def _carry_out(console: Console, channel: Stream, keys: deque[str], line: str) -> bool:
    """Whether the console ended."""
    if console.echoes:
        if not line.strip():
            return False
        console.session.record("command", input=line, way="shell")
        console.history.append(line)
        del console.history[:-MOST_HISTORY]
    answer = console.run(line)
    await _pause(answer, channel, keys)
    console.variables["?"] = str(answer.status)
    await _write_pages(console, channel, keys, answer.out + answer.error)
    return console.leaving


async def _write_pages(console: Console, channel: Stream, keys: deque[str], text: str) -> None:
    """Print as much as the screen has room for, and wait for a key: the next page, the next line, no more."""
    lines = text.splitlines(keepends=True)
    room = console.page - 1 if console.page else len(lines)
    while len(lines) > room:
        await channel.write(_bytes("".join(lines[:room]) + console.more, "\r\n"))
        del lines[:room]
        if not keys and not await _type_ahead(channel, keys):
            return
        key = keys.popleft()
        size = len(console.more) - 1
        await channel.write(_bytes("\b" * size + " " * size + "\b" * size, "\r\n"))
        if key not in " \r\n":
            return
        room = console.page - 1 if key == " " else 1
    await channel.write(_bytes("".join(lines), "\r\n"))


def _only_ends(channel: Stream) -> Callable[[bytes], Awaitable[None]]:
    """What is typed is not shown, but its end."""

    async def write(data: bytes) -> None:
        if data.endswith(b"\r\n"):
            await channel.write(b"\r\n")

    return write


async def _plain(console: Console, channel: Stream) -> int:
    """A console without a terminal: reads lines and prints output, without prompt and echo."""
    waiting, status, turn = b"", 0, Turn()
    for _ in range(MOST_LINES):
        while b"\n" not in waiting and len(waiting) <= MOST_LINE:
            data = await channel.read()
            if not data:
                break
            waiting += data
        if not waiting:
            break
        await turn.pass_on()
        raw, _, waiting = waiting.partition(b"\n")
        line = raw.decode("utf-8", "backslashreplace").rstrip("\r")
        if line.strip() or not console.echoes:
            if console.echoes:
                console.session.record("command", input=line, way="shell")
            answer = console.run(line)
            await _pause(answer, channel, deque())
            await channel.write(_bytes(answer.out, "\n"))
            await channel.write(_bytes(answer.error, "\n"), error=True)
            status = answer.status
        if console.leaving:
            break
    return status


async def _pause(answer: Answer, channel: Stream, pending: deque[str]) -> None:
    """Wait as long as the command would take. On a terminal the visitor ends it by leaving or with ^C; other
    keys wait in `pending` for the next reader."""
    if not answer.delay:
        return
    if channel.terminal is None:
        await asyncio.sleep(answer.delay)
        return
    try:
        async with at_most(answer.delay):
            while INTERRUPT not in pending and await _type_ahead(channel, pending):
                continue
    except TimeoutError:
        return
    if INTERRUPT in pending:
        while pending.popleft() != INTERRUPT:
            continue
        answer.out, answer.error, answer.status = "^C\n", "", 130


async def _type_ahead(channel: Stream, pending: deque[str]) -> bool:
    """Store the next keys; False at the end of the input."""
    data = await channel.read()
    pending.extend(data.decode("utf-8", "replace")[: MOST_KEYS - len(pending)])
    return bool(data)


def _bytes(text: str, newline: str) -> bytes:
    raw = text.replace("\n", newline) if newline != "\n" else text
    return raw.encode("utf-8", "surrogateescape")
