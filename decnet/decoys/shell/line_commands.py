"""What Alt with a key does with a line, and Ctrl-X with a key. Source: bash 5.2 (Readline 8.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .line_words import word_after, word_before
from .redisplay import Overwriting, Screen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .line_expansion import LineExpansion

ERASE, BELL = "\x7f\x08", b"\x07"
MOST_LINE = 4096
COMPLETES, LISTS = "/!$~@", "?="
"""Signs that complete one kind of name, and that list what Tab would offer."""
EXPANDS = "&\x05^*"
"""Signs that replace the line, or the word before the cursor."""


class Commands(Protocol):
    """The part of the editor that does these."""

    _line: str
    _at: int
    _back: int
    _mark: int
    _columns: int
    _kills: bool
    _ring: list[str]
    _yanked: tuple[int, int, int] | None
    _history: list[str]
    _undone: list[tuple[str, int, int]]
    _last_words: int
    _is_last_word: bool
    _is_readline: bool
    _prompt: str
    _screen: Screen | Overwriting
    _expands: LineExpansion | None
    _bytes: Callable[[bytes], Awaitable[None]]
    _complete: Callable[[str], tuple[str, list[str]]] | None

    async def _replace(self, line: str, at: int) -> None: ...
    async def _recall(self, step: int) -> None: ...
    async def _kill(self, line: str, start: int, end: int, goes_on: bool) -> None: ...
    async def _bell(self, key: str) -> None: ...
    async def _write(self, text: str) -> None: ...
    async def _list(self, choices: list[str]) -> None: ...
    async def _anew(self) -> None: ...
    async def _completed(self, complete: Callable[[str], tuple[str, list[str]]]) -> None: ...

    async def _by_word(self, key: str, kills: bool) -> None:
        """Alt with a key: by words, or the last word of the line before."""
        line, at = self._line, self._at
        key = key.lower() if self._is_readline else key
        if key in "._":
            await self._last_argument()
        elif key == " ":
            self._mark = self._at
        elif key == "b":
            await self._replace(line, word_before(line, at))
        elif key in ERASE:
            await self._kill(line, word_before(line, at), at, kills)
        elif key in "<>" and self._is_readline:
            await self._recall(len(self._history) - self._back if key == "<" else -self._back)
        elif key not in "fdulc":
            await self._by_sign(key)
        else:
            end = word_after(line, at)
            if key == "d":
                await self._kill(line, at, end, kills)
                return
            change = {"u": str.upper, "l": str.lower, "c": str.title}.get(key, str)
            await self._replace(line[:at] + change(line[at:end]) + line[end:], end)

    async def _by_sign(self, key: str) -> None:
        line, at, expands = self._line, self._at, self._expands
        if key == "t":
            await self._transpose_words()
        elif key == "y" and self._yanked is not None:
            await self._yank_pop(*self._yanked)
        elif key == "r" and self._undone:
            first, cursor, _ = self._undone[0]
            await self._replace(first, cursor)
            self._undone.clear()
        elif key == "\\":
            start, end = len(line[:at].rstrip(" \t")), len(line) - len(line[at:].lstrip(" \t"))
            await self._replace(line[:start] + line[end:], start)
        elif expands is None or not key or key not in COMPLETES + LISTS + EXPANDS:
            await self._bell("\x02")
        elif key in COMPLETES:
            await self._completed(lambda text: expands.complete(key, text))
        elif key in LISTS:
            await self._list_choices()
        else:
            await self._expand(key)

    async def _after_control_x(self, key: str) -> None:
        """The key after ^X."""
        expands = self._expands
        if key in ERASE and self._at:
            await self._kill(self._line, 0, self._at, False)
        elif key == "\x16" and expands is not None:
            await self._write(f"{self._screen.finish()}{expands.version}\r\n\r")
            await self._anew()
        elif key in COMPLETES and expands is not None:
            await self._choices(expands.complete(key, self._line[: self._at])[1], key)
        elif key in "*g" and expands is not None:
            await self._expand("glob" if key == "*" else "globs")
        else:
            await self._bell(key)

    async def _list_choices(self) -> None:
        choices = self._complete(self._line[: self._at])[1] if self._complete is not None else []
        await self._choices(choices, "\x02")

    async def _choices(self, choices: list[str], key: str) -> None:
        if choices:
            await self._write(self._screen.finish())
            await self._list(choices)
        else:
            await self._bell(key)

    async def _expand(self, key: str) -> None:
        found = self._expands.expanded(key, self._line, self._at) if self._expands is not None else None
        if found is None:
            await self._bell("\x02")
        elif isinstance(found, list):
            await self._write(self._screen.finish())
            await self._list(found)
        elif isinstance(found, str):
            await self._write(f"\r\r\n{found}\r\n\r")
            await self._anew()
        else:
            line, at = found
            await self._replace(line[:MOST_LINE], min(at, MOST_LINE))

    async def _transpose_words(self) -> None:
        line = self._line
        second_end = word_after(line, self._at)
        second = word_before(line, second_end)
        first = word_before(line, second)
        first_end = word_after(line, first)
        if first == second or second < first_end:
            await self._bell("\x02")
            return
        text = line[second:second_end] + line[first_end:second] + line[first:first_end]
        await self._replace(line[:first] + text + line[second_end:], second_end)

    async def _yank_pop(self, start: int, end: int, number: int) -> None:
        """Instead of what was inserted, what was killed before it."""
        number = (number - 1) % len(self._ring)
        text = self._ring[number]
        await self._replace(self._line[:start] + text + self._line[end:], start + len(text))
        self._yanked = (start, start + len(text), number)

    async def _last_argument(self) -> None:
        """The last word of the line before; again: instead of it that of the line before that one."""
        line, at = self._line, self._at
        back = self._last_words + 1 if self._is_last_word else 1
        if self._is_last_word:
            line, at, _ = self._undone.pop()
        if back > len(self._history):
            await self._bytes(BELL)
            await self._replace(line, at)
            return
        words = self._history[-back].split()
        word = (words[-1] if words else "")[: MOST_LINE - len(line)]
        self._undone.append((line, at, -1))
        kept = list(self._undone)
        await self._replace(line[:at] + word + line[at:], at + len(word))
        self._undone, self._last_words, self._is_last_word = kept, back, True
