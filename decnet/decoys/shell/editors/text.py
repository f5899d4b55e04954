"""The text that an editor changes: its lines, the cursor, what can be undone, the file behind it."""

from __future__ import annotations

from ..limits import OutOfWork
from ..state import Shell

MOST_BYTES = 256 * 1024
MOST_LINES = 8000
MOST_COLUMNS = 8192
MOST_UNDO = 20


class Text:
    """Lines without their ends; `row` and `column` are the cursor's, both from 0. Raises OutOfWork when it
    grows beyond its limits."""

    def __init__(self, shell: Shell, path: str) -> None:
        self._shell = shell
        self.path = path
        self.lines: list[str] = [""]
        self.row = self.column = self.top = 0
        self.is_changed = self.is_new = False
        self.ends_open = False
        """Whether an empty last line is the place behind the last newline, as in nano."""
        self.problem = ""
        """Why the file cannot be read, "" if it can."""
        self._before: list[tuple[list[str], int, int]] = []
        self._after: list[tuple[list[str], int, int]] = []
        if path:
            self._open()

    def _open(self) -> None:
        where = self._shell.absolute(self.path)
        node = self._shell.node(where)
        if node is None:
            self.is_new = True
        elif node.folder:
            self.problem = "is a directory"
        elif not self._shell.allowed(where, 4):
            self.problem = "Permission denied"
        else:
            text = (self._shell.read(where) or "")[:MOST_BYTES]
            self.lines = text.removesuffix("\n").split("\n")[:MOST_LINES]

    @property
    def writable(self) -> bool:
        """Whether the visitor may write the file."""
        return not self._shell.refusal(self._shell.absolute(self.path))

    @property
    def line(self) -> str:
        """The line of the cursor."""
        return self.lines[self.row]

    def content(self) -> bytes:
        """What the file would be."""
        if self.lines == [""]:
            return b""
        end = "" if self.ends_open and not self.lines[-1] else "\n"
        return ("\n".join(self.lines) + end).encode("utf-8", "surrogateescape")

    def save(self, path: str = "") -> str:
        """Write the file; the reason why not, "" on success."""
        where = self._shell.absolute(path or self.path)
        reason = self._shell.write(where, self.content(), 0o666 & ~self._shell.umask)
        if not reason and path in ("", self.path):
            self.is_changed = self.is_new = False
        return reason

    # Changes

    def remember(self) -> None:
        """What follows can be undone up to here."""
        self._before.append((self.lines.copy(), self.row, self.column))
        del self._before[:-MOST_UNDO]
        self._after.clear()

    def undo(self) -> bool:
        """Whether there was something to undo."""
        return self._swap(self._before, self._after)

    def redo(self) -> bool:
        """Whether there was something to redo."""
        return self._swap(self._after, self._before)

    def _swap(
        self, source: list[tuple[list[str], int, int]], other: list[tuple[list[str], int, int]]
    ) -> bool:
        if not source:
            return False
        other.append((self.lines.copy(), self.row, self.column))
        self.lines, self.row, self.column = source.pop()
        self.is_changed = True
        return True

    def set_line(self, line: str, row: int | None = None) -> None:
        """Replace a line."""
        if len(line) > MOST_COLUMNS:
            raise OutOfWork
        self.lines[self.row if row is None else row] = line
        self.is_changed = True

    def insert(self, text: str) -> None:
        """At the cursor, which moves behind it; it may have several lines."""
        line = self.line
        pieces = (line[: self.column] + text).split("\n")
        if len(self.lines) + len(pieces) > MOST_LINES or len(pieces[-1]) > MOST_COLUMNS:
            raise OutOfWork
        self.lines[self.row : self.row + 1] = [*pieces[:-1], pieces[-1] + line[self.column :]]
        self.row += len(pieces) - 1
        self.column = len(pieces[-1])
        self.is_changed = True

    def insert_lines(self, at: int, lines: list[str]) -> None:
        """Whole lines before the one with this number."""
        if len(self.lines) + len(lines) > MOST_LINES:
            raise OutOfWork
        self.lines[at:at] = lines
        self.is_changed = True

    def remove_lines(self, first: int, last: int) -> list[str]:
        """Both ends included; the removed ones."""
        removed = self.lines[first : last + 1]
        self.lines[first : last + 1] = []
        if not self.lines:
            self.lines = [""]
        self.row = min(first, len(self.lines) - 1)
        self.column = 0
        self.is_changed = True
        return removed

    def remove(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """The text from one place up to before another, which is removed. The cursor goes to the start."""
        (row, column), (last, end_column) = sorted((start, end))
        if row == last:
            removed = self.lines[row][column:end_column]
        else:
            inner = self.lines[row + 1 : last]
            removed = "\n".join([self.lines[row][column:], *inner, self.lines[last][:end_column]])
        self.lines[row : last + 1] = [self.lines[row][:column] + self.lines[last][end_column:]]
        self.row, self.column = row, column
        self.is_changed = True
        return removed

    def backspace(self) -> None:
        """Remove the character before the cursor, or join with the line before."""
        if self.column:
            self.set_line(self.line[: self.column - 1] + self.line[self.column :])
            self.column -= 1
        elif self.row:
            before = self.lines[self.row - 1]
            self.set_line(before + self.line, self.row - 1)
            del self.lines[self.row]
            self.row, self.column = self.row - 1, len(before)

    def delete(self) -> None:
        """Remove the character at the cursor, or join with the next line."""
        if self.column < len(self.line):
            self.set_line(self.line[: self.column] + self.line[self.column + 1 :])
        elif self.row + 1 < len(self.lines):
            self.set_line(self.line + self.lines.pop(self.row + 1))

    def move_to(self, row: int, column: int | None = None) -> None:
        """Within the text."""
        self.row = max(0, min(len(self.lines) - 1, row))
        self.column = max(0, min(len(self.line), self.column if column is None else column))


def screen_column(line: str, column: int) -> int:
    """Where a character of a line is drawn, with tabs of eight."""
    at = 0
    for char in line[:column]:
        at += 8 - at % 8 if char == "\t" else 1 if char >= " " else 2
    return at


def drawn(line: str) -> str:
    """A line as the screen shows it."""
    out, at = [], 0
    for char in line:
        piece = " " * (8 - at % 8) if char == "\t" else char if char >= " " else f"^{chr(ord(char) ^ 64)}"
        out.append(piece)
        at += len(piece)
    return "".join(out)
