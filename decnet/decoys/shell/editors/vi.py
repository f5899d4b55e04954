# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`vi`: enough of it to change a small file and to leave. Its messages are those of vim 9.0."""

from __future__ import annotations

from ..context import Context, Work
from ..full_screen import (
    CLEAR,
    CLEAR_BELOW,
    CLEAR_LINE,
    ENTER_ALTERNATE,
    ESCAPE,
    GONE,
    KEYS_OFF,
    KEYS_ON,
    LEAVE_ALTERNATE,
    FullScreen,
    on_terminal,
)  # fmt: skip
from ..limits import OutOfWork
from ..process import Process
from ..tasks import Readable
from .text import Text, drawn, screen_column
from .vi_commands import Commands, State
from .vi_keys import Keys

MOST_FILES = 20


def vi(context: Context, process: Process) -> Work:
    """`vi` and `vim`."""
    is_vim = process.name == "vim"
    names = [word for word in process.args if word[:1] not in ("-", "+") or word == "-"]
    if "--version" in process.args:
        context.out(
            "VIM - Vi IMproved 9.0 (2022 Jun 28, compiled May 04 2023 10:24:44)\nIncluded patches: 1-1378, 1499\n"
        )
        return 0
    if not on_terminal(context):
        context.err("Vim: Warning: Output is not to a terminal\n")
        yield from _keys_of_pipe(context)
        return 1
    screen = FullScreen(
        context, begins=ENTER_ALTERNATE + KEYS_ON + CLEAR, ends="\r" + KEYS_OFF + LEAVE_ALTERNATE
    )
    state = State(
        context.shell, [Text(context.shell, name) for name in names[:MOST_FILES]] or [Text(context.shell, "")]
    )
    state.is_read_only = process.name == "view" or "-R" in process.args
    for word in process.args:
        if word.startswith("+"):
            state.text.move_to(int(word[1:7]) - 1 if word[1:].isdecimal() else len(state.text.lines) - 1, 0)
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        yield from Vi(screen, state, context, is_vim=is_vim).run()
    finally:
        screen.end()
    return 0


def _keys_of_pipe(context: Context) -> Work:
    """Without a terminal it reads its commands until they end."""
    source = context.engine.input
    while not source.ended:
        yield Readable(source)
        if not source.take():
            return


class Vi:
    """One run on a terminal."""

    def __init__(self, screen: FullScreen, state: State, context: Context, *, is_vim: bool) -> None:
        self._screen = screen
        self._state = state
        self._context = context
        self._is_vim = is_vim
        self._commands = Commands(state)
        self._keys = Keys(state, screen)

    def run(self) -> Work:
        state = self._state
        state.message = state.opened()
        while not state.is_over:
            yield from self._draw()
            key = yield from self._screen.key()
            if key == GONE:
                return
            state.message = ""
            try:
                yield from self._obey(key)
            except OutOfWork:
                state.message = "E342: Out of memory!"
            state.settle()

    def _obey(self, key: str) -> Work:
        state = self._state
        if key == "\x1a":
            yield from self._screen.stop()
        elif state.mode == "normal" and key in (":", "/", "?"):
            typed = yield from self._typed(key)
            if typed is None:
                return
            if key == ":":
                self._commands.run(typed)
                if state.command is not None:
                    yield from self._outside(state.command)
            else:
                state.search(typed, backwards=key == "?")
        elif state.mode == "normal":
            yield from self._keys.normal(key)
        else:
            self._keys.insert(key)

    def _outside(self, words: list[str]) -> Work:
        """Run a command, then wait for a key."""
        self._state.command = None
        self._screen.end()
        child = self._context.fork()
        yield child.whole(child.program(words))
        self._context.out("\nPress ENTER or type command to continue")
        self._context.engine.input.raw = True
        yield from self._screen.key()
        self._screen.begin()

    def _typed(self, sign: str) -> Work:
        """A line that is typed at the bottom; None if it is given up."""
        text, screen = "", self._screen
        while True:
            screen.at(screen.rows - 1, 0, sign + text + CLEAR_LINE)
            yield from screen.show()
            key = yield from screen.key()
            if key in (GONE, ESCAPE, "\x03") or (key in "\x7f\x08" and not text):
                return None
            if key in "\r\n":
                return text
            if key in "\x7f\x08":
                text = text[:-1]
            elif len(key) == 1 and len(text) < 500:
                text = "" if key == "\x15" else text + key

    # The screen

    def _draw(self) -> Work:
        """The whole screen, with the cursor's line in it."""
        screen, text = self._screen, self._state.text
        rows, columns = screen.rows - 1, screen.columns
        self._scroll(rows, columns)
        screen.put("\x1b[?25l\x1b[H")
        row, at, place = 0, text.top, (0, 0)
        while row < rows:
            shown = self._lines_of(at, columns) if at < len(text.lines) else ["~"]
            if row + len(shown) > rows and at < len(text.lines):
                shown = ["@"] * (rows - row)
            elif at == text.row:
                column = screen_column(text.line, text.column) + self._gutter
                place = (row + column // columns, column % columns)
            for piece in shown[: rows - row]:
                screen.at(row, 0, piece + CLEAR_LINE)
                row += 1
            at += 1
            self._context.spend(20)
        screen.at(rows, 0, self._bottom(columns) + CLEAR_BELOW)
        screen.at(*place)
        screen.put("\x1b[?25h")
        yield from screen.show()

    @property
    def _gutter(self) -> int:
        return 8 if self._state.shows_numbers else 0

    def _lines_of(self, at: int, columns: int) -> list[str]:
        line = drawn(self._state.text.lines[at])
        if self._state.shows_numbers:
            line = f"{at + 1:>7} {line}"
        return [line[start : start + columns] for start in range(0, len(line), columns)] or [""]

    def _scroll(self, rows: int, columns: int) -> None:
        text = self._state.text
        if text.row < text.top or text.row > text.top + 2 * rows:
            text.top = max(
                0,
                text.row - rows // 2
                if text.row > text.top + rows or text.row < text.top - rows
                else text.row,
            )
        while text.top < text.row and self._height(text.top, text.row, columns) > rows:
            text.top += 1

    def _height(self, first: int, last: int, columns: int) -> int:
        lines = self._state.text.lines[first : last + 1]
        return sum(max(1, -(-(len(drawn(line)) + self._gutter) // columns)) for line in lines)

    def _bottom(self, columns: int) -> str:
        state, text = self._state, self._state.text
        mode = (
            {"insert": "-- INSERT --", "replace": "-- REPLACE --"}.get(state.mode, "") if self._is_vim else ""
        )
        left = (state.message or mode)[: columns - 1]
        if not self._is_vim:
            return left
        shown = screen_column(text.line, text.column) + 1
        where = f"{text.row + 1},{text.column + 1 if text.line else '0'}"
        where += "" if shown == text.column + 1 and text.line else f"-{shown}"
        last = text.top + self._screen.rows - 1
        part = (
            "All"
            if not text.top and last >= len(text.lines)
            else "Top"
            if not text.top
            else "Bot"
            if last >= len(text.lines)
            else f"{text.top * 100 // max(1, len(text.lines) - self._screen.rows + 1)}%"
        )
        ruler = f"{where:<14}{part}"
        return f"{left:<{columns - 18}}{ruler}" if len(left) < columns - 18 else left
