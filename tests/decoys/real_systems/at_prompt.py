"""Types a command at a shell's prompt and returns what the terminal shows until the next prompt."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

PROMPT = re.compile(rb"(?:^|[\r\n\x07h])[^\r\n]*[#$] (?:\x1b\[[0-9;?]*[a-zA-Z])*$")
QUIET_SECONDS = 20.0
"""After so long without anything new, a command is taken to wait for input."""
LONGEST_SECONDS = 100.0
Read = Callable[[float], bytes]
"""Bytes that arrived within that many seconds; b"" if none did. Raises EOFError at the end."""


def typed(read: Read, write: Callable[[bytes], None], text: str) -> str:
    """What is shown after the command was typed: its echo, its output, and the next prompt."""
    screen = Screen(read)
    screen.until_prompt(QUIET_SECONDS)
    screen.seen.clear()
    for line in text.split("\n"):
        write(line.encode() + b"\r")
        if line != text.rpartition("\n")[2]:
            screen.quiet(0.3)
    for key in (b"", b"\x04", b"\x03", b"\x03"):
        write(key)
        if screen.until_prompt(QUIET_SECONDS):
            break
    return screen.seen.decode("utf-8", "replace")


class Screen:
    """What has arrived so far."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.seen = bytearray()

    def until_prompt(self, quiet: float) -> bool:
        """Whether a prompt came; False after that many seconds of silence. True if the shell has left."""
        last, deadline = time.monotonic(), time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < min(last + quiet, deadline):
            try:
                data = self._read(0.15)
            except EOFError:
                return True
            if data:
                self.seen += data
                last = time.monotonic()
            elif PROMPT.search(bytes(self.seen[-400:])):
                return True
        return False

    def quiet(self, seconds: float) -> None:
        """Read until nothing comes for so long."""
        while data := self._read(seconds):
            self.seen += data
