"""How a program of ncurses moves the cursor and draws changes. Source: ncurses 6.4 (mvcur, PutRange)."""

from __future__ import annotations

LONG_DISTANCE = 8
SKIPPED = 5
"""Cells in a row that are unchanged before the cursor jumps over them."""
Place = tuple[int, int]


class Curses:
    """A screen of `rows` and `columns`, which was cleared."""

    def __init__(self, rows: int, columns: int) -> None:
        self._rows, self._columns = rows, columns
        self._shown = [""] * rows
        self._at: Place | None = (0, 0)
        self._out: list[str] = []

    def draw(self, lines: list[str], cursor: Place) -> str:
        """What changes the screen into these lines, with the cursor there."""
        for row in range(self._rows):
            line = (lines[row] if row < len(lines) else "").rstrip()[: self._columns]
            self._change(row, self._shown[row], line)
            self._shown[row] = line
        self._go(cursor)
        text = "".join(self._out)
        self._out.clear()
        return text

    def _change(self, row: int, old: str, new: str) -> None:
        width = max(len(old), len(new))
        before, after = old.ljust(width), new.ljust(width)
        changed = [at for at in range(width) if before[at] != after[at]]
        if not changed:
            return
        end = len(new) if len(new) < len(old) else changed[-1] + 1
        start = at = changed[0]
        for place in changed:
            if place >= end:
                break
            if place - at > SKIPPED:
                self._put(row, start, after[start:at])
                start = place
            at = place + 1
        self._put(row, start, after[start:at])
        if len(new) < len(old):
            self._go((row, len(new)))
            self._out.append("\x1b[K")

    def _put(self, row: int, column: int, text: str) -> None:
        if text:
            self._go((row, column))
            self._out.append(text)
            end = column + len(text)
            self._at = (row, end) if end < self._columns else None

    def _go(self, to: Place) -> None:
        if self._at != to:
            self._out.append(move(self._at, to, self._columns))
            self._at = to if to[1] < self._columns - 1 else None


def move(start: Place | None, end: Place, columns: int) -> str:
    """The shortest way from a place to another; `start` is None behind the last column."""
    direct = "\x1b[H" if end == (0, 0) else f"\x1b[{end[0] + 1};{end[1] + 1}H"
    if start is None:
        return direct
    distance = abs(start[0] - end[0]) + abs(start[1] - end[1])
    if LONG_DISTANCE < end[1] < columns - 1 - LONG_DISTANCE and distance > LONG_DISTANCE:
        return direct
    ways = [direct, _local(start, end), "\r" + _local((start[0], 0), end)]
    return min(ways, key=len)


def _local(start: Place, end: Place) -> str:
    rows, columns = end[0] - start[0], end[1] - start[1]
    vertical = (
        [f"\x1b[{end[0] + 1}d", f"\x1b[{rows}B"] if rows > 0 else [f"\x1b[{end[0] + 1}d", "\x1b[A" * -rows]
    )
    across = ["\x1b[C" * columns] if columns > 0 else ["\b" * -columns]
    across.append(f"\x1b[{end[1] + 1}G")
    return (min(vertical, key=len) if rows else "") + (min(across, key=len) if columns else "")
