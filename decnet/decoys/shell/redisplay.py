"""What Readline writes to change a line on the screen of an xterm.

Source: bash 5.2 (Readline 8.2) in a UTF-8 locale, for lines and keys chosen at random."""

from __future__ import annotations

CLEAR_REST = "\x1b[K"
MARK, UNMARK = "\x1b[7m", "\x1b[27m"
MARKED = "\x00"
"""In front of a character that is shown reversed."""


TAB_STOP = 8


def cells_of(text: str, *, is_prompt: bool = False, start: int = 0) -> list[str]:
    """The characters of a prompt or a line as the screen shows them, `start` cells behind the left edge. An
    escape sequence of a prompt has no room of its own: it is written with what follows. A wide character has
    a second, empty cell."""
    cells: list[str] = []
    before = ""
    at = 0
    while at < len(text):
        if text[at] == "\x1b" and is_prompt:
            end = _end_of_escape(text, at)
            before, at = before + text[at:end], end
            continue
        if text[at] == "\t" and not is_prompt:
            cells += [" "] * (TAB_STOP - (start + len(cells)) % TAB_STOP)
            at += 1
            continue
        if text[at] >= FIRST_OF_ANOTHER_WIDTH and (width := width_of(text[at])) != 1:
            if not width and cells:
                cells[-1 - (not cells[-1])] += text[at]
            cells += [before + text[at], ""] if width else []
            before, at = ("", at + 1) if width else (before, at + 1)
            continue
        is_plain = (text[at] >= " " and text[at] != "\x7f") or text[at] == "\n"
        shown = text[at] if is_plain else f"^{chr(ord(text[at]) ^ 64)}"
        cells += [before + shown[0], *shown[1:]]
        before, at = "", at + 1
    if before and cells:
        cells[-1] += before
    return cells


FIRST_OF_ANOTHER_WIDTH = "\u0300"


def width_of(character: str) -> int:
    """How many columns a character takes: 0, 1 or 2."""
    from unicodedata import combining, east_asian_width

    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


def _end_of_escape(text: str, at: int) -> int:
    if text[at + 1 : at + 2] == "]":
        bell = text.find("\x07", at)
        return bell + 1 if bell >= 0 else len(text)
    at += 2
    while at < len(text) and not text[at].isalpha():
        at += 1
    return at + 1


class Screen:
    """The rows that one line takes. `show` returns the bytes, as text, that change it into another."""

    def __init__(self, prompt: str, columns: int, *, is_old: bool = False) -> None:
        """`is_old`: Readline 8.1, which clears the rest of the row of a search, and counts what a prompt
        does not show when it chooses how to go back in the first row."""
        self._columns, self._is_old = max(2, columns), is_old
        self.begin(prompt)

    def begin(self, prompt: str) -> None:
        """The prompt has just been written at the left edge."""
        self._prompt = cells_of(prompt.rpartition("\n")[2], is_prompt=True)
        self._rows = self._split(self._prompt)
        self._row, self._column = len(self._rows) - 1, len(self._rows[-1])
        self._out: list[str] = []

    def show(self, line: str, at: int, marked: tuple[int, int] = (0, 0)) -> str:
        """Show the line with the cursor before character `at`, and with some characters reversed."""
        first, last = marked
        before = len(self._prompt)
        cells = [*self._prompt, *cells_of(line[:first], start=before)]
        cells += [MARKED * (each != "\n") + each for each in cells_of(line[first:last], start=len(cells))]
        cells += cells_of(line[last:], start=len(cells))
        self._show(cells, before + len(cells_of(line[:at], start=before)))
        return self._taken()

    def ask(self, prompt: str, line: str, at: int) -> str:
        """Show the line after another prompt, without regard to what is there."""
        self._prompt = cells_of(prompt, is_prompt=True)
        self._go(0, 0)
        text = "".join(self._out)
        self._rows, self._out = [[], *self._rows[1:]], []
        if not self._is_old:
            return text + self.show(line, at)
        text += self.show(line, len(line))
        return text + CLEAR_REST + self.show(line, at)

    def prompt(self, prompt: str, line: str, at: int, marked: tuple[int, int] = (0, 0)) -> str:
        """Show the line after another prompt."""
        self._prompt = cells_of(prompt.rpartition("\n")[2], is_prompt=True)
        return self.show(line, at, marked)

    def _show(self, cells: list[str], at: int) -> None:
        new = self._split(cells)
        for number, row in enumerate(new):
            old = list(self._rows[number]) if number < len(self._rows) else []
            if self._column == self._columns and self._row == number - 1:
                self._wrap(old, row)
            self._change(number, old, row)
        for number in range(len(new), len(self._rows)):
            self._go(number, 0)
            self._write(CLEAR_REST)
        self._rows = new
        below = 0
        while below + 1 < len(new) and at >= len(new[below]):
            at -= len(new[below])
            below += 1
        self._go(below, at)

    def finish(self) -> str:
        """Go below the line."""
        last = len(self._rows) - 1
        if last and not self._rows[last] and self._rows[last - 1][-1:] == ["\n"]:
            self._write("\x1b[A")
        elif last and not self._rows[last] and self._column == 0:
            # The cursor alone has a row: the mark of a wrapped row is removed.
            self._go(last - 1, self._columns - 1)
            self._write(CLEAR_REST + self._rows[last - 1][-1])
        elif self._row < last:
            self._go(last, 0)
        return self._taken() + "\r\n"

    def _taken(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text

    def _split(self, cells: list[str]) -> list[list[str]]:
        """The cells by rows; a newline ends one, and belongs to it."""
        rows: list[list[str]] = [[]]
        for at, cell in enumerate(cells):
            if cell and cells[at + 1 : at + 2] == [""] and len(rows[-1]) == self._columns - 1:
                rows.append([])  # Both halves of a wide character are in one row.
            rows[-1].append(cell)
            if cell == "\n" or len(rows[-1]) == self._columns:
                rows.append([])
        return rows

    def _write(self, text: str) -> None:
        self._out.append(text)

    def _put(self, cells: list[str]) -> None:
        """Write cells at the cursor."""
        marked = False
        for cell in cells:
            if (cell[:1] == MARKED) != marked:
                self._write(UNMARK if marked else MARK)
                marked = not marked
            self._write(cell.removeprefix(MARKED))
        if marked:
            self._write(UNMARK)
        self._column += len(cells)

    def _wrap(self, old: list[str], new: list[str]) -> None:
        """The next character makes the terminal wrap: it is written first."""
        self._row, self._column = self._row + 1, 0
        self._put(new[:1] if new and new[0] != "\n" else [" "])
        old[:1] = new[:1]

    def _change(self, number: int, old: list[str], new: list[str]) -> None:
        old, new = [each for each in old if each != "\n"], [each for each in new if each != "\n"]
        same = _same(old, new)
        if same < max(len(old), len(new)):
            self._go(number, same)
            self._replace(old, new, same, _kept(old, new, same))

    def _replace(self, old: list[str], new: list[str], same: int, kept: int) -> None:
        """The rest of a row from `same` on, of which the last `kept` cells are equal."""
        grown, rest = len(new) - len(old), len(new) - same
        middle = new[same : len(new) - kept]
        if kept and grown > 0:
            self._write(f"\x1b[{grown}@")
            self._put(middle)
        elif grown >= 0:
            self._put(middle)
        elif rest and 2 * rest >= -grown:
            self._write(f"\x1b[{-grown}P")
            self._put(middle)
        else:
            self._put(new[same:])
            self._write(CLEAR_REST)

    def _unseen(self) -> int:
        """How many characters of the prompt are not shown."""
        return sum(map(len, self._prompt)) - len(self._prompt)

    def _go(self, row: int, column: int) -> None:
        if row > self._row:
            self._write("\r\n" * (row - self._row) + "\r")
            self._column = 0
        elif row < self._row:
            self._write("\x1b[A" * (self._row - row))
        self._row = row
        if column < self._column:
            unseen = self._unseen() if self._is_old and row == 0 else 0
            if column == 0 or column + unseen + 1 < self._column - column - unseen:
                self._write("\r")
                self._column = 0
            else:
                self._write("\b" * (self._column - column))
                self._column = column
        self._write("\x1b[C" * (column - self._column))
        self._column = column


def _same(old: list[str], new: list[str]) -> int:
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count


def _kept(old: list[str], new: list[str], same: int) -> int:
    """How many cells at the end stay: none without a blank among them, as in Readline, which does not
    count the first that differs."""
    most = min(len(old), len(new)) - same - 1
    count = 0
    while count < most and old[-1 - count] == new[-1 - count]:
        count += 1
    if " " not in old[len(old) - count :]:
        return 0
    return count + (count == most and old[-1 - count] == new[-1 - count])


class Overwriting:
    """The same for an editor that writes the rest of the line again after every change, in one row."""

    def __init__(self) -> None:
        self._line, self._at = "", 0

    def begin(self, prompt: str) -> None:
        """The prompt has just been written at the left edge."""
        self._line, self._at = "", 0

    def show(self, line: str, at: int, marked: tuple[int, int] = (0, 0)) -> str:
        """Show the line with the cursor before character `at`."""
        old, cursor = self._line, self._at
        self._line, self._at = line, at
        if line == old:
            return line[cursor:at] if at > cursor else "\b" * (cursor - at)
        same = _same(list(old[:cursor]), list(line))
        blank = max(0, len(old) - len(line))
        return "\b" * (cursor - same) + line[same:] + " " * blank + "\b" * (blank + len(line) - at)

    def ask(self, prompt: str, line: str, at: int) -> str:
        """Show the line after another prompt."""
        self._line, self._at = line, at
        return f"\r{prompt}{line}{CLEAR_REST}" + "\b" * (len(line) - at)

    def prompt(self, prompt: str, line: str, at: int, marked: tuple[int, int] = (0, 0)) -> str:
        """Show the line after another prompt."""
        return self.ask(prompt, line, at)

    def finish(self) -> str:
        """Go below the line."""
        return "\r\n"
