"""Counts of Readline: Alt with digits, and what is done so many times."""

from __future__ import annotations

from typing import Protocol

from .redisplay import Overwriting, Screen

MOST_COUNT = 999
OPPOSITE = {
    "d": "\x7f",
    "\x7f": "d",
    "b": "f",
    "f": "b",
    "\x06": "\x02",
    "\x02": "\x06",
    "\x10": "\x0e",
    "\x0e": "\x10",
}
"""What a key means with a negative count."""


class Counting(Protocol):
    """The part of the editor that counts. `_holds`: a change is not shown yet."""

    _count: str | None
    _holds: bool
    _kills: bool
    _line: str
    _at: int
    _prompt: str
    _screen: Screen | Overwriting

    async def key(self, key: str) -> str | None:
        """Process one key."""

    async def _write(self, text: str) -> None: ...

    async def _insert(self, text: str) -> None: ...

    async def _by_word(self, key: str, kills: bool) -> None: ...

    async def _counted(self, key: str) -> str | None:
        """The key after a count (Alt with digits): another digit, or what is done so many times."""
        if key.isdecimal():
            await self._count_shown((self._count or "") + key)
            return None
        return await self._times(key, "")

    async def _count_shown(self, count: str) -> None:
        """Show a count in the place of the prompt."""
        self._count = count[:4] if count != "-" else count
        value = int(self._count) if self._count.lstrip("-") else -1
        await self._write(self._screen.prompt(f"(arg: {value}) ", self._line, self._at))

    async def _times(self, key: str, after_escape: str) -> str | None:
        """Do what a key means so many times, in one change of the screen."""
        count, self._count = self._count or "1", None
        value = max(-MOST_COUNT, min(MOST_COUNT, int(count) if count.lstrip("-") else -1))
        await self._write(self._screen.prompt(self._prompt, self._line, self._at))
        if value < 0:
            key, after_escape = OPPOSITE.get(key, key), OPPOSITE.get(after_escape, after_escape)
        if key.isprintable() and key and not after_escape:
            await self._insert(key * abs(value))
            return None
        done = None
        for left in range(abs(value) - 1, -1, -1):
            self._holds = left > 0
            if after_escape:
                kills, self._kills = self._kills, False
                await self._by_word(after_escape, kills)
            else:
                done = await self.key(key)
        return done
