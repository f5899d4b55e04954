# ruff: noqa: E501 (tables)
"""The commands of vi that change the text with one key."""

from __future__ import annotations

from collections.abc import Callable

from ..full_screen import DELETE
from .text import MOST_COLUMNS, MOST_LINES, Text
from .vi_commands import State


def _insert_at(column: Callable[[Text], int]) -> Callable[[State, int], None]:
    def run(state: State, count: int) -> None:
        state.text.remember()
        state.text.column = column(state.text)
        state.mode = "insert"

    return run


def _open_line(below: int) -> Callable[[State, int], None]:
    def run(state: State, count: int) -> None:
        state.text.remember()
        state.text.insert_lines(state.text.row + below, [""])
        state.text.move_to(state.text.row + below, 0)
        state.mode = "insert"

    return run


def _cut(state: State, count: int) -> None:
    text = state.text
    if not text.line:
        return
    text.remember()
    state.register = (
        text.remove((text.row, text.column), (text.row, min(len(text.line), text.column + count))),
        False,
    )


def _cut_before(state: State, count: int) -> None:
    text = state.text
    text.remember()
    state.register = (text.remove((text.row, max(0, text.column - count)), (text.row, text.column)), False)


def _cut_rest(state: State, count: int) -> None:
    text = state.text
    text.remember()
    state.register = (text.remove((text.row, text.column), (text.row, len(text.line))), False)


def _change_rest(state: State, count: int) -> None:
    _cut_rest(state, count)
    state.mode = "insert"


def _substitute(state: State, count: int) -> None:
    _cut(state, count)
    state.mode = "insert"


def _change_line(state: State, count: int) -> None:
    state.text.remember()
    state.register = (state.text.line, True)
    state.text.set_line("")
    state.mode = "insert"


def _replace(state: State, count: int) -> None:
    state.text.remember()
    state.mode = "replace"


def _yank_line(state: State, count: int) -> None:
    text = state.text
    state.register = ("\n".join(text.lines[text.row : text.row + count]), True)


def _put(after: int) -> Callable[[State, int], None]:
    def run(state: State, count: int) -> None:
        text, (content, is_lines) = state.text, state.register
        if not content and not is_lines:
            state.message = 'E353: Nothing in register "'
            return
        text.remember()
        if is_lines:
            text.insert_lines(text.row + after, content.split("\n") * min(count, MOST_LINES))
            text.move_to(text.row + after, 0)
        else:
            text.column = min(len(text.line), text.column + after)
            text.insert(content * min(count, MOST_COLUMNS // max(1, len(content)) + 1))

    return run


def _join(state: State, count: int) -> None:
    text = state.text
    if text.row + 1 < len(text.lines):
        text.remember()
        text.set_line(text.line.rstrip() + " " + text.lines.pop(text.row + 1).lstrip())


def _undo(state: State, count: int) -> None:
    if not state.text.undo():
        state.message = "Already at oldest change"


def _redo(state: State, count: int) -> None:
    if not state.text.redo():
        state.message = "Already at newest change"


def _toggle(state: State, count: int) -> None:
    text = state.text
    if text.line:
        text.remember()
        text.set_line(
            text.line[: text.column] + text.line[text.column].swapcase() + text.line[text.column + 1 :]
        )
        text.column += 1


COMMANDS: dict[str, Callable[[State, int], None]] = {
    "i": _insert_at(lambda text: text.column), "I": _insert_at(lambda text: len(text.line) - len(text.line.lstrip())),
    "a": _insert_at(lambda text: min(len(text.line), text.column + 1)), "A": _insert_at(lambda text: len(text.line)),
    "o": _open_line(1), "O": _open_line(0), "x": _cut, DELETE: _cut, "X": _cut_before, "D": _cut_rest, "C": _change_rest,
    "s": _substitute, "S": _change_line, "R": _replace, "Y": _yank_line, "p": _put(1), "P": _put(0), "J": _join,
    "u": _undo, "\x12": _redo, "~": _toggle, "n": lambda state, count: state.search_again(reverse=False),
    "N": lambda state, count: state.search_again(reverse=True),
}  # fmt: skip
