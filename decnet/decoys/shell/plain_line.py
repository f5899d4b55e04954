"""A line as a shell without an editor gets it from the terminal's driver: dash."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .editor import END, INTERRUPT, MOST_LINE


class PlainLine:
    """One line. `key` returns it once it is complete, as `Editor` does."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        self._write = write
        self._line = ""

    async def key(self, key: str) -> str | None:
        """Process one key."""
        line = self._line
        if key in "\r\n":
            await self._write(b"\r\n")
            return line
        if key == INTERRUPT:
            await self._write(b"^C\r\n")
            return INTERRUPT
        if key == END:
            return END if not line else None
        if key == "\x7f":
            self._line = line[:-1]
        elif key == "\x15":
            self._line = ""
        elif key == "\x17":
            self._line = line.rstrip()[: line.rstrip().rfind(" ") + 1]
        elif len(line) < MOST_LINE:
            self._line += key
            await self._write(_echoed(key).encode("utf-8", "surrogateescape"))
        erased = sum(len(_echoed(each)) for each in line[len(self._line) :])
        await self._write(b"\b \b" * erased)
        return None


def _echoed(key: str) -> str:
    return key if key >= " " or key == "\t" else f"^{chr(ord(key) ^ 64)}"
