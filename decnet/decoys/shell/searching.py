"""Ctrl-R: a search backwards through the history, as Readline's."""

from __future__ import annotations

AGAIN, ABORT = "\x12", ("\x07", "\x03")
MOST_SEARCHED = 256


class Search:
    """A search. `line` is what it has found, `at` where; `fails` if nothing has what was typed last."""

    def __init__(self, history: list[str], line: str, at: int) -> None:
        self._lines = [*history, line]
        self._number = len(history)
        self.text = ""
        self.line, self.at = line, at
        self.fails = False

    @property
    def prompt(self) -> str:
        """What is shown in front of the line."""
        return f"({'failed ' if self.fails else ''}reverse-i-search)`{self.text}': "

    @property
    def marked(self) -> tuple[int, int]:
        """The characters that were found."""
        return (0, 0) if self.fails else (self.at, self.at + len(self.text))

    def key(self, key: str) -> bool:
        """One key; False if it ends the search."""
        if key == AGAIN:
            if self.text:
                self._find(self._number, self.at - 1)
        elif key in "\x7f\x08":
            self.text = self.text[:-1]
        elif ord(key[0]) >= 32:
            self.text = (self.text + key)[:MOST_SEARCHED]
            self._find(self._number, self.at if len(self.text) > 1 else len(self.line))
        else:
            return False
        return True

    def _find(self, number: int, at: int) -> None:
        """The last place at or before `at`, in that line or one before it."""
        found = self._lines[number].rfind(self.text, 0, at + len(self.text)) if at >= 0 else -1
        while found < 0 and number:
            number -= 1
            found = self._lines[number].rfind(self.text)
        self.fails = found < 0
        if found >= 0:
            self._number, self.line, self.at = number, self._lines[number], found
