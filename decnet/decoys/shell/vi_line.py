"""The keys of vi in a line (`set -o vi`). Source: READLINE in bash(1), bash 5.2."""

from __future__ import annotations

from typing import Protocol

from .line_words import start_of_kill
from .redisplay import Overwriting, Screen
from .vi_motions import moved

ESCAPE, INTERRUPT = "\x1b", "\x03"
INSERTED = "\x01\x02\x05\x06\x07\x0b\x0c\x0f"
"""Control keys that insert themselves."""
FINDS, OPERATORS = "fFtT", "dcy"
MOST_COUNT = 999


class ViKeys(Protocol):
    """The part of the editor that has them. `_vi`: "" for none, or the mode: insert, command."""

    _vi: str
    _vi_pending: str
    _vi_last: str
    _vi_find: tuple[str, str]
    _line: str
    _at: int
    _back: int
    _escape: str | None
    _holds: bool
    _killed: str
    _ring: list[str]
    _history: list[str]

    _count: str | None
    _prompt: str
    _screen: Screen | Overwriting

    async def _count_shown(self, count: str) -> None: ...
    async def _write(self, text: str) -> None: ...
    async def _replace(self, line: str, at: int) -> None: ...
    async def _insert(self, text: str) -> None: ...
    async def _kill(self, line: str, start: int, end: int, goes_on: bool) -> None: ...
    async def _recall(self, step: int) -> None: ...
    async def _undo(self) -> None: ...
    async def _bell(self, key: str) -> None: ...
    async def _end(self, key: str) -> str | None: ...

    async def _vi_key(self, key: str) -> str | bool | None:
        """One key; True if it means the same as without vi, else what `key` returns."""
        if key in "\r\n\x03" or self._escape is not None:
            self._vi_pending = ""
            return True
        if self._vi_pending == ESCAPE:
            self._vi_pending = ""
            if key in "[O":
                self._escape = key
                return None
            await self._vi_leave()
        if key == ESCAPE:
            self._vi_pending = ESCAPE
            return None
        if self._vi == "command":
            return await self._vi_commands(key)
        if key in INSERTED:
            await self._insert(key)
            return None
        return True

    async def _vi_leave(self) -> None:
        """Escape: from inserting to commands."""
        self._vi_pending = ""
        if self._vi == "insert" and self._at:
            await self._replace(self._line, self._at - 1)
        self._vi = "command"

    async def _vi_commands(self, key: str) -> str | None:
        """One key of a command. A count is shown instead of the prompt."""
        before, self._vi_pending = self._vi_pending, self._vi_pending + key
        count, rest = _count(self._vi_pending)
        if not rest:
            if not before:
                await self._count_shown("1")
            await self._count_shown(str(count))
        elif before and not _count(before)[1]:
            await self._write(self._screen.prompt(self._prompt, self._line, self._at))
        self._count = None
        done, self._vi_pending = await self._vi_command(self._vi_pending)
        return done

    async def _vi_command(self, keys: str) -> tuple[str | None, str]:
        """Carry out a command if its keys are complete: what `key` returns, and the keys that remain."""
        count, rest = _count(keys)
        if not rest:
            return None, keys
        key = rest[0]
        if key in OPERATORS:
            return None, await self._vi_operator(keys, key, count, rest[1:])
        if key in FINDS or key == "r":
            if len(rest) < 2:
                return None, keys
            if key == "r":
                await self._vi_overwrite(rest[1], count or 1)
            else:
                await self._vi_move(rest, count)
            return None, ""
        if key == "#":
            await self._replace("#" + self._line, 1)
            return await self._end("\r"), ""
        await self._vi_simple(key, count)
        return None, ""

    async def _vi_operator(self, keys: str, operator: str, count: int, rest: str) -> str:
        """d, c or y with a motion; the keys that remain."""
        second, motion = _count(rest)
        if not motion or (motion[0] in FINDS and len(motion) < 2):
            return keys
        line, at = self._line, self._at
        if motion[0] == operator:
            start, end = 0, len(line)
        else:
            wanted = {"w": "e", "W": "E"}.get(motion[0], motion[0]) if operator == "c" else motion[0]
            target = self._vi_target(wanted + motion[1:], max(1, count) * max(1, second), stays=False)
            if target is None:
                await self._bell(motion[0])
                return ""
            place, inclusive = target
            start, end = min(at, place), max(at, place) + (inclusive and place >= at)
        await self._vi_apply(operator, start, end)
        return ""

    async def _vi_apply(self, operator: str, start: int, end: int) -> None:
        if operator == "y":
            self._killed = self._line[start:end]
            self._ring.append(self._killed)
            return
        await self._kill(self._line, start, end, False)
        if operator == "c":
            self._vi = "insert"
        else:
            await self._vi_clamp()

    async def _vi_simple(self, key: str, count: int) -> None:
        """A command of one key."""
        line, at, many = self._line, self._at, max(1, count)
        if key in "iIaAsSC":
            await self._vi_begin_insert(key, many)
        elif key in "xX\x7f":
            start, end = (at, min(len(line), at + many)) if key == "x" else (max(0, at - many), at)
            if key == "\x7f":
                await self._replace(line, start)
            elif start == end:
                await self._bell(key)
            else:
                await self._vi_apply("d", start, end)
        elif key == "D":
            await self._vi_apply("d", at, len(line))
        elif key == "Y":
            await self._vi_apply("y", at, len(line))
        elif key in "pP" and self._killed:
            place = min(len(line), at + (key == "p" and bool(line)))
            text = self._killed * min(many, 50)
            await self._replace(line[:place] + text + line[place:], place + len(text) - 1)
        elif key == "~" and line:
            end = min(len(line), at + many)
            await self._replace(line[:at] + line[at:end].swapcase() + line[end:], min(end, len(line) - 1))
        elif key in "uU\x1f":
            self._holds = True
            await self._undo()
            self._holds = False
            place = _end_of_added(line, self._line) if len(self._line) > len(line) else self._at
            await self._replace(self._line, max(0, min(place, len(self._line) - 1)))
        elif key in "kj-+\x10\x0e":
            await self._recall(many if key in "k-\x10" else -many)
            await self._replace(self._line, 0)
        elif key == "G":
            await self._recall(len(self._history) - self._back - (count - 1 if count else 0))
            await self._replace(self._line, 0)
        elif key in "\x15\x17" and at:
            await self._kill(line, start_of_kill(key, line, at), at, False)
        else:
            await self._vi_move(key, count)

    async def _vi_begin_insert(self, key: str, count: int) -> None:
        line, at = self._line, self._at
        self._vi = "insert"
        if key == "s":
            await self._kill(line, at, min(len(line), at + count), False)
        elif key in "SC":
            await self._kill(line, 0 if key == "S" else at, len(line), False)
        else:
            place = {"i": at, "I": 0, "a": min(len(line), at + 1), "A": len(line)}[key]
            await self._replace(line, place)

    async def _vi_overwrite(self, key: str, count: int) -> None:
        line, at = self._line, self._at
        end = min(len(line), at + count)
        await self._replace(line[:at] + key * (end - at) + line[end:], max(at, end - 1))

    async def _vi_move(self, motion: str, count: int) -> None:
        target = self._vi_target(motion, count, stays=True)
        if target is None:
            await self._bell(motion[0])
        else:
            await self._replace(self._line, target[0])

    def _vi_target(self, motion: str, count: int, *, stays: bool) -> tuple[int, bool] | None:
        """Where a motion goes, and whether what is there belongs to it; None if it is none. `stays`: not
        behind the last character."""
        if motion[0] in FINDS:
            self._vi_find = (motion[0], motion[1])
        elif motion[0] in ";,":
            kind, sign = self._vi_find
            if not kind:
                return None
            motion = (kind if motion[0] == ";" else kind.swapcase()) + sign
        found = moved(self._line, self._at, motion, count)
        if found is None or (stays and found[0] == self._at and motion[0] in "hl "):
            return None
        return (min(found[0], max(0, len(self._line) - 1)), found[1]) if stays else found

    async def _vi_clamp(self) -> None:
        if self._at and self._at == len(self._line):
            await self._replace(self._line, self._at - 1)


def _end_of_added(before: str, after: str) -> int:
    """Where what was added to a line ends."""
    start = next(
        (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before)
    )
    return start + len(after) - len(before)


def _count(keys: str) -> tuple[int, str]:
    """The number in front of a command, 0 for none, and the rest."""
    end = 0
    while end < len(keys) and keys[end].isdecimal() and (end or keys[0] != "0"):
        end += 1
    return min(MOST_COUNT, int(keys[:end] or "0")), keys[end:]
