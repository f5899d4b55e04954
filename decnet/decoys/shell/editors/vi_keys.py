"""The keys of vi in normal and in insert mode."""

from __future__ import annotations

from ..context import Work
from ..full_screen import (
    DELETE,
    DOWN,
    ESCAPE,
    GONE,
    UP,
    FullScreen,
)
from .vi_changes import COMMANDS
from .vi_commands import State
from .vi_moves import MOVES, target_of, word_start

OPERATORS = "dcy"
BELL = "\x07"


class Keys:
    """What keys do to a state."""

    def __init__(self, state: State, screen: FullScreen) -> None:
        self._state = state
        self._screen = screen

    # Insert mode

    def insert(self, key: str) -> None:
        """One key in insert or replace mode."""
        text, state = self._state.text, self._state
        if key in (ESCAPE, "\x03"):
            state.mode = "normal"
            text.column -= text.column > 0
        elif key in ("\r", "\n"):
            text.insert("\n")
        elif key in ("\x7f", "\x08"):
            text.backspace()
        elif key == DELETE:
            text.delete()
        elif key == "\x17":
            start = len(text.line[: text.column].rstrip())
            text.remove((text.row, text.line[:start].rfind(" ") + 1), (text.row, text.column))
        elif key == "\x15":
            text.remove((text.row, 0), (text.row, text.column))
        elif len(key) > 1 and key in MOVES:
            MOVES[key](text, 1, self._screen.rows)
        elif len(key) == 1 and (key >= " " or key == "\t"):
            if state.mode == "replace" and text.column < len(text.line):
                text.delete()
            text.insert(key)

    # Normal mode

    def normal(self, key: str) -> Work:
        """One command of normal mode, whose other keys it reads."""
        count, key = yield from self._counted(key)
        if key in OPERATORS:
            yield from self._operate(key, count)
        elif key in MOVES:
            MOVES[key](self._state.text, count or 1, self._screen.rows)
        elif key in COMMANDS:
            COMMANDS[key](self._state, count or 1)
        elif key == "G":
            self._state.text.move_to((count or len(self._state.text.lines)) - 1, 0)
        elif key in ("g", "Z", "r", "f", "F", "t", "m", "'", ">", "<", "z"):
            yield from self._with_second(key, count)
        elif key not in (ESCAPE, "\x0c"):
            self._screen.put(BELL)

    def _counted(self, key: str) -> Work:
        """The number before a command, 0 for none, and the command."""
        digits = ""
        while key.isdecimal() and (digits or key != "0"):
            digits += key
            key = yield from self._screen.key()
        return int(digits[:6] or 0), key

    def _with_second(self, key: str, count: int) -> Work:
        second, text, state = (yield from self._screen.key()), self._state.text, self._state
        if key == "g" and second == "g":
            text.move_to((count or 1) - 1, 0)
        elif key == "Z" and second in ("Z", "Q"):
            reason = text.save() if second == "Z" and text.is_changed else ""
            state.message = "E212: Can't open file for writing" if reason else ""
            state.is_over = not reason
        elif key == "r" and len(second) == 1 and second >= " " and text.column < len(text.line):
            text.remember()
            text.set_line(text.line[: text.column] + second + text.line[text.column + 1 :])
        elif key in ("f", "t"):
            at = text.line.find(second, text.column + 1)
            text.column = at - (key == "t") if at >= 0 else text.column
        elif key == "F":
            at = text.line.rfind(second, 0, text.column)
            text.column = at if at >= 0 else text.column
        elif key == second and key in "><":
            text.remember()
            for row in range(text.row, min(len(text.lines), text.row + (count or 1))):
                line = text.lines[row]
                text.set_line(
                    "\t" + line if key == ">" else line[1:] if line[:1] == "\t" else line.lstrip(" "), row
                )

    def _operate(self, operator: str, count: int) -> Work:
        """`d`, `c` or `y` with what follows it."""
        more, key = yield from self._counted((yield from self._screen.key()))
        count, text = (count or 1) * (more or 1), self._state.text
        if key in (GONE, ESCAPE):
            return
        if operator != "y":
            text.remember()
        if key == operator or key in ("j", "k", "G", DOWN, UP):
            self._whole_lines(operator, key, count)
            return
        if key == "i" or key == "a":
            key, text.column = "w", word_start(text.line, text.column)
            yield from self._screen.key()
        place = target_of(text, key, count, changes=operator == "c")
        if place is None:
            return
        start, end = sorted(((text.row, text.column), place))
        if operator == "y":
            self._state.register = (
                text.lines[start[0]][start[1] : end[1] if end[0] == start[0] else None],
                False,
            )
            return
        self._state.register = (text.remove(start, end), False)
        self._state.mode = "insert" if operator == "c" else "normal"

    def _whole_lines(self, operator: str, key: str, count: int) -> None:
        text, state = self._state.text, self._state
        first = last = text.row
        if key in ("j", DOWN):
            last += count
        elif key in ("k", UP):
            first -= count
        elif key == "G":
            last = len(text.lines) - 1
        else:
            last += count - 1
        first, last = max(0, first), min(len(text.lines) - 1, last)
        state.register = ("\n".join(text.lines[first : last + 1]), True)
        amount = last - first + 1
        if operator == "y":
            state.message = f"{amount} lines yanked" if amount > 2 else ""
            return
        text.remove_lines(first, last)
        if operator == "c":
            text.insert_lines(first, [""]) if text.lines != [""] else None
            text.move_to(first, 0)
            state.mode = "insert"
        elif amount > 2:
            state.message = f"{amount} fewer lines" if text.lines != [""] else "--No lines in buffer--"
        if text.lines == [""] and operator == "d":
            state.message = "--No lines in buffer--"
