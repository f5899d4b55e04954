# ruff: noqa: E501 (tables)
"""The movements of vi. Each gets the text, a count, and the rows of the screen."""

from __future__ import annotations

from collections.abc import Callable

from ..full_screen import DOWN, END, HOME, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP
from .text import Text


def _left(text: Text, count: int, rows: int) -> None:
    text.column = max(0, text.column - count)


def _right(text: Text, count: int, rows: int) -> None:
    text.column = min(len(text.line), text.column + count)


def _by_rows(direction: int, *, page: float = 0.0) -> Callable[[Text, int, int], None]:
    def move(text: Text, count: int, rows: int) -> None:
        text.row = max(
            0, min(len(text.lines) - 1, text.row + direction * (int(page * (rows - 2)) or 1) * count)
        )

    return move


def _to_start(text: Text, count: int, rows: int) -> None:
    text.column = 0


def _to_end(text: Text, count: int, rows: int) -> None:
    text.column = len(text.line)


def _to_first(text: Text, count: int, rows: int) -> None:
    text.column = len(text.line) - len(text.line.lstrip())


def _down_to_first(text: Text, count: int, rows: int) -> None:
    text.move_to(text.row + count, 0)
    _to_first(text, 1, rows)


def _words(step: Callable[[Text], tuple[int, int]]) -> Callable[[Text, int, int], None]:
    def move(text: Text, count: int, rows: int) -> None:
        for _ in range(min(count, 1000)):
            text.move_to(*step(text))

    return move


def _kind(char: str) -> int:
    return 0 if char.isspace() else 1 if char.isalnum() or char == "_" else 2


def _next_word(text: Text) -> tuple[int, int]:
    line, at = text.line, text.column
    kind = _kind(line[at]) if at < len(line) else 0
    while at < len(line) and _kind(line[at]) == kind and kind:
        at += 1
    while at < len(line) and line[at].isspace():
        at += 1
    if at < len(line) or text.row + 1 >= len(text.lines):
        return text.row, at
    following = text.lines[text.row + 1]
    return text.row + 1, len(following) - len(following.lstrip())


def _word_before(text: Text) -> tuple[int, int]:
    before = text.line[: text.column].rstrip()
    if not before:
        return (
            (text.row - 1, word_start(text.lines[text.row - 1], len(text.lines[text.row - 1])))
            if text.row
            else (0, 0)
        )
    return text.row, word_start(before, len(before) - 1)


def word_start(line: str, at: int) -> int:
    at = min(at, len(line) - 1)
    while at > 0 and _kind(line[at - 1]) == _kind(line[at]):
        at -= 1
    return max(0, at)


def _word_end(text: Text) -> tuple[int, int]:
    line, at = text.line, text.column + 1
    while at < len(line) and line[at].isspace():
        at += 1
    while at + 1 < len(line) and _kind(line[at + 1]) == _kind(line[at]):
        at += 1
    return text.row, min(at, max(0, len(line) - 1))


MOVES: dict[str, Callable[[Text, int, int], None]] = {
    "h": _left, LEFT: _left, "\x08": _left, "\x7f": _left, "l": _right, RIGHT: _right, " ": _right,
    "j": _by_rows(1), DOWN: _by_rows(1), "\x0e": _by_rows(1), "k": _by_rows(-1), UP: _by_rows(-1), "\x10": _by_rows(-1),
    "\x06": _by_rows(1, page=1), PAGE_DOWN: _by_rows(1, page=1), "\x02": _by_rows(-1, page=1), PAGE_UP: _by_rows(-1, page=1),
    "\x04": _by_rows(1, page=0.5), "\x15": _by_rows(-1, page=0.5), "0": _to_start, HOME: _to_start, "$": _to_end,
    END: _to_end, "^": _to_first, "\r": _down_to_first, "\n": _down_to_first, "+": _down_to_first,
    "w": _words(_next_word), "W": _words(_next_word), "b": _words(_word_before), "B": _words(_word_before),
    "e": _words(_word_end), "E": _words(_word_end),
}  # fmt: skip


def target_of(text: Text, key: str, count: int, *, changes: bool = False) -> tuple[int, int] | None:
    """Where a movement would end, for an operator; None if it is none. `changes`: for `c`, whose `w` keeps the
    blanks behind the word."""
    row, column = text.row, text.column
    if key not in MOVES:
        return None
    if changes and key in ("w", "W") and text.line[column : column + 1].strip():
        key = "e" if _kind(text.line[column]) == _kind(text.line[column + 1 : column + 2] or " ") else "l"
    MOVES[key](text, count, 24)
    place, text.row, text.column = (text.row, text.column), row, column
    if key in ("w", "W") and place[0] > row:
        place = (row, len(text.lines[row]))
    return (place[0], place[1] + (key in ("e", "E")))
