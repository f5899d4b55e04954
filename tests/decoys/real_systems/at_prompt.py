"""Types a command at a shell's prompt and returns what the terminal shows until the next prompt."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress

PROMPT = re.compile(rb"(?:^|[\r\n\x07h])[^\r\n]*[#$] (?:\x1b\[[0-9;?]*[a-zA-Z])*$")
KEYS = re.compile(r"[^\x00-\x1f]+\n?|\x1b(?:[\[O][0-9;]*)?.|[\x00-\x1f]")
"""What is typed at once: characters, or a key that is not one, of which ESC begins some. A key of the
terminal's driver (Ctrl-C) discards what has not been read before it."""
STATUS = re.compile(rb"^echo \$\?\r\n(?:\x1b\[\?2004l\r)?(\d+)\r\n")
QUIET_SECONDS = 20.0
"""After so long without anything new, a command is taken to wait for input."""
KEY_SECONDS = 0.3
"""A key has its effect in less."""
LONGEST_SECONDS = 100.0
Read = Callable[[float], bytes]
"""Bytes that arrived within that many seconds; b"" if none did. Raises EOFError at the end."""


def typed(read: Read, write: Callable[[bytes], None], text: str) -> tuple[str, int | None]:
    """What is shown after the command was typed (its echo, its output, the next prompt), and its status."""
    screen = Screen(read, write)
    screen.until_prompt(QUIET_SECONDS)
    screen.seen.clear()
    for keys in KEYS.findall(text):
        screen.type(keys.replace("\n", "\r"))
        screen.quiet(KEY_SECONDS * (keys != text))
    for key in ("\r", "\x04", "\x03", "\x03"):
        screen.type(key)
        if screen.until_prompt(QUIET_SECONDS):
            break
    return screen.seen.decode("utf-8", "replace"), _status(screen)


def _status(screen: Screen) -> int | None:
    """What the shell names as the status of the last command; None if it has left, or still waits."""
    screen.seen.clear()
    screen.type("echo $?\r")
    screen.until_prompt(QUIET_SECONDS)
    found = STATUS.search(bytes(screen.seen))
    return int(found[1]) if found else None


class Screen:
    """What has arrived so far."""

    def __init__(self, read: Read, write: Callable[[bytes], None]) -> None:
        self._read, self._write = read, write
        self.seen = bytearray()
        self.ended = False

    def type(self, keys: str) -> None:
        """Send keys; the shell may have left."""
        with suppress(OSError):
            self._write(keys.encode())

    def until_prompt(self, quiet: float) -> bool:
        """Whether a prompt came; False after that many seconds of silence. True if the shell has left."""
        last, deadline = time.monotonic(), time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < min(last + quiet, deadline):
            if data := self._next(0.15):
                self.seen += data
                last = time.monotonic()
            elif self.ended or PROMPT.search(bytes(self.seen[-400:])):
                return True
        return False

    def quiet(self, seconds: float) -> None:
        """Read until nothing comes for so long."""
        while seconds and (data := self._next(seconds)):
            self.seen += data

    def _next(self, seconds: float) -> bytes:
        try:
            return b"" if self.ended else self._read(seconds)
        except EOFError:
            self.ended = True
            return b""
