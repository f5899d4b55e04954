"""What BusyBox writes to change a line on the screen: it draws the rest of a row again after every change.

Source: BusyBox 1.35 on a terminal, for lines and keys chosen at random."""

from __future__ import annotations

from .redisplay import cells_of

CLEAR_BELOW = "\x1b[J"
CLEAR_ALL = "\x1b[H\x1b[J"
MOST_BACKSPACES = 4
"""Columns that are gone back one by one."""


class AshScreen:
    """A line behind its prompt. `at` is the character under the cursor; what is to be written collects until
    it is taken."""

    def __init__(self, prompt: str, columns: int) -> None:
        self._columns = max(2, columns)
        self._whole = prompt.replace("\n", "\r\n")
        self.line, self.at = "", 0
        self._out: list[str] = []
        self._row, self._column = 0, 0
        self.prompt = prompt.rpartition("\n")[2]
        self._begin()

    def taken(self) -> str:
        """What is to be written since the last call."""
        text = "".join(self._out)
        self._out.clear()
        return text

    def write(self, text: str) -> None:
        """Write something that does not move the cursor."""
        self._out.append(text)

    def shift(self, column: int) -> None:
        """The terminal has answered in which column the cursor is: something stood before the prompt."""
        more = column - len(cells_of(self.prompt))
        if not self.at and more > 0:
            rows, self._column = divmod(self._column + more, self._columns)
            self._row += rows

    def forward(self) -> None:
        """Move right by writing the character under the cursor."""
        self._out.append(self.line[self.at])
        self.at += 1
        self._column += 1
        if self._column == self._columns:
            self._out.append("\r\r\n")
            self._row, self._column = self._row + 1, 0

    def to_end(self) -> None:
        """Move behind the last character."""
        while self.at < len(self.line):
            self.forward()

    def back(self, count: int) -> None:
        """Move left by so many characters, at most to the first."""
        count = min(count, self.at)
        self.at -= count
        if count <= self._column:
            self._column -= count
            self._out.append("\b" * count if count <= MOST_BACKSPACES else f"\x1b[{count}D")
            return
        place = self._row * self._columns + self._column - count
        up = self._row - place // self._columns
        self._row, self._column = divmod(place, self._columns)
        self._out.append(f"\r\x1b[{up}A" + (f"\x1b[{self._column}C" if self._column else ""))

    def insert(self, character: str) -> None:
        """Put a character before the cursor."""
        at = self.at
        self.line = self.line[:at] + character + self.line[at:]
        self.to_end()
        self.back(self.at - at - 1)

    def delete(self) -> None:
        """Remove the character under the cursor, if there is one."""
        at = self.at
        if at < len(self.line):
            self.line = self.line[:at] + self.line[at + 1 :]
            self.to_end()
            self.write(CLEAR_BELOW)
            self.back(self.at - at)

    def draw(self, line: str, at: int, *, whole: bool = False) -> None:
        """Another line, drawn with its prompt in place of the old one; `whole`: below, with all rows of the
        prompt."""
        up = 0 if whole else self._row
        self._out.append((f"\x1b[{up}A" if up else "") + "\r" + (self._whole if whole else self.prompt))
        self.line = line
        self._begin()
        self.to_end()
        self._out.append(CLEAR_BELOW)
        self.back(len(line) - at)

    def leave(self) -> None:
        """Go below the line."""
        self.to_end()
        if self.at == 0 or self._column:
            self._out.append("\r\n")

    def _begin(self) -> None:
        self.at = 0
        self._row, self._column = divmod(len(cells_of(self.prompt)), self._columns)
