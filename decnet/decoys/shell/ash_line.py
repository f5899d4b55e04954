"""A line that is typed at a prompt of BusyBox's ash: editing keys, history, completion.

Source: BusyBox 1.35 on a terminal, for lines and keys chosen at random."""

from __future__ import annotations

import re
import string
from collections.abc import Awaitable, Callable

from .ash_completion import Completed
from .ash_screen import CLEAR_ALL, CLEAR_BELOW, AshScreen
from .editor import BELL, END, ESCAPE, INTERRUPT, MOST_LINE, TAB

ASK = b"\x1b[6n"
"""Asks the terminal where the cursor is (xterm's DSR)."""
MOST_SOUGHT = 127
MOST_UNKNOWN = 15
"""Characters of an unknown sequence that are dropped if they come at once."""
KEYS = {
    "\x01": "home", "\x02": "left", "\x04": "delete", "\x05": "end", "\x06": "right", "\b": "erase",
    "\x0b": "kill", "\x0c": "clear", "\x0e": "down", "\x10": "up", "\x15": "kill before", "\x17": "kill word",
    "\x7f": "erase",
}  # fmt: skip
"""What a key does."""
SEQUENCES = {
    "[A": "arrow up", "[B": "down", "[C": "right", "[D": "left", "OA": "arrow up", "OB": "down",
    "OC": "right", "OD": "left", "[H": "home", "[F": "end", "OH": "home", "OF": "end",
    "[1~": "home", "[7~": "home", "[4~": "end", "[8~": "end", "[3~": "delete",
    "[2~": "", "[5~": "", "[6~": "",
    "[1;5D": "word left", "[1;5C": "word right", "[1;3D": "word left", "[1;3C": "word right",
    "b": "word left", "f": "word right", "d": "kill after", "\x7f": "kill back", "\b": "kill back",
}  # fmt: skip
"""What a sequence after Escape does."""
ANSWER = re.compile(r"\[\d{0,5}(?:;\d{0,5}R?)?")
"""Begin of the terminal's answer "[ROW;COLUMNR"."""


class AshLine:
    """One line. `key` takes a key and returns the whole line once it is complete, END for the end of the
    input, INTERRUPT for ^C. `asks`: the terminal is asked where the cursor is. `searches`: ^R searches the
    history. `traps`: ^C is answered by a trap."""

    def __init__(
        self,
        prompt: str,
        history: list[str],
        write: Callable[[bytes], Awaitable[None]],
        complete: Callable[[str], Completed],
        columns: int = 80,
        *,
        asks: bool = False,
        searches: bool = False,
        traps: bool = False,
    ) -> None:
        self._screen = AshScreen(prompt, columns)
        self._prompt, self._columns = self._screen.prompt, columns
        self._history = dict(enumerate(history))
        self._last = self._place = len(history)
        self._write = write
        self._complete = complete
        self._asks, self._searches, self._traps = asks, searches, traps
        self._escape: str | None = None
        self._choices: list[str] | None = None
        self._sought: str | None = None

    @property
    def inserts(self) -> bool:
        """Whether characters that are typed would all be inserted: `key` takes several of them at once."""
        return self._escape is None and self._sought is None

    async def begin(self) -> None:
        """The prompt has just been written, and nothing was typed before."""
        if self._asks:
            await self._write(ASK)

    async def key(self, key: str) -> str | None:
        """Process one key, or several characters."""
        done = self._key(key)
        if shown := self._screen.taken():
            await self._write(shown.encode("utf-8", "surrogateescape"))
        return done

    def _key(self, key: str) -> str | None:
        if self._escape is not None or key == ESCAPE:
            self._escaped(key)
            return None
        if self._sought is not None and self._seek(key):
            return None
        if key != TAB:
            self._choices = None
        line = self._screen.line
        if key in "\r\n":
            self._screen.leave()
            return line
        if key == INTERRUPT or (key == END and not line):
            self._screen.write(("^C" if self._traps else "^C\r\n") * (key == INTERRUPT))
            return key
        if key == TAB:
            self._tab()
        elif key == "\x12" and self._searches:
            self._sought = ""
            self._ask_for(line, self._screen.at)
        elif key in KEYS:
            self._do(KEYS[key])
        elif key[0] >= " ":
            self._insert(key)
        return None

    def _insert(self, text: str) -> None:
        for each in text[: MOST_LINE - len(self._screen.line)]:
            self._screen.insert(each)

    # Keys

    def _do(self, what: str) -> None:
        screen = self._screen
        line, at = screen.line, screen.at
        if what == "down":
            self._recall(1)
        elif what in ("up", "arrow up"):
            self._recall(-1, rings=1 + (what == "arrow up"))
        elif what == "home":
            screen.back(at)
        elif what == "end":
            screen.to_end()
        elif what == "left":
            screen.back(1)
        elif what == "right" and at < len(line):
            screen.forward()
        elif what == "erase" and at:
            screen.back(1)
            screen.delete()
        elif what == "delete":
            screen.delete()
        elif what == "clear":
            screen.write(CLEAR_ALL)
            screen.draw(line, at, whole=True)
        elif what.startswith("kill"):
            self._kill(what)
        elif what in ("word left", "word right"):
            self._by_word(what)

    def _kill(self, what: str) -> None:
        screen = self._screen
        at = screen.at
        if what == "kill":
            screen.line = screen.line[:at]
            screen.write(CLEAR_BELOW)
        elif what == "kill before" and at:
            screen.draw(screen.line[at:], 0)
        elif what == "kill word":
            for is_space in (True, False):
                while screen.at and screen.line[screen.at - 1].isspace() == is_space:
                    self._do("erase")
        elif what == "kill after":
            self._by_word("word right")
            count = screen.at - at
            screen.back(count)
            self._delete_many(count)
        elif what == "kill back":
            self._by_word("word left")
            self._delete_many(at - screen.at)

    def _delete_many(self, count: int) -> None:
        for _ in range(count):
            self._screen.delete()

    def _by_word(self, what: str) -> None:
        """To the begin of the word before, or behind the next one, a character at a time."""
        screen = self._screen
        if what == "word right":
            while screen.at < len(screen.line) and _is_between(screen.line[screen.at]):
                screen.forward()
            while screen.at < len(screen.line) and not _is_between(screen.line[screen.at]):
                screen.forward()
            return
        screen.back(1)
        while screen.at and _is_between(screen.line[screen.at]):
            screen.back(1)
        while screen.at and not _is_between(screen.line[screen.at - 1]):
            screen.back(1)

    def _recall(self, step: int, rings: int = 1) -> None:
        place = self._place + step
        if not 0 <= place <= self._last:
            self._screen.write(BELL.decode() * rings)
            return
        if self._screen.line:
            self._history[self._place] = self._screen.line
        self._place = place
        line = self._history.get(place, "")
        self._screen.draw(line, len(line))

    def _escaped(self, key: str) -> None:
        """Keys that send Escape and more."""
        if self._escape is None:
            self._escape = ""
            return
        sequence = self._escape = self._escape + key
        if sequence in SEQUENCES:
            self._escape = None
            self._of_search(SEQUENCES[sequence])
        elif ANSWER.fullmatch(sequence) and sequence[-1] == "R":
            self._escape = None
            if self._asks:
                self._screen.shift(int(sequence[1:-1].rpartition(";")[2] or "1") - 1)
        elif len(sequence) >= MOST_UNKNOWN:
            self._escape = None

    async def rest(self) -> None:
        """No more keys have come: an unknown sequence is over, of which a single key counts."""
        sequence = self._escape
        if not sequence or ANSWER.fullmatch(sequence) or any(each.startswith(sequence) for each in SEQUENCES):
            return
        self._escape = None
        self._of_search("")
        if len(sequence) == 1:
            await self.key(sequence)

    # Tab

    def _tab(self) -> None:
        screen = self._screen
        if self._choices is not None:
            if self._choices:
                line, at = screen.line, screen.at
                screen.leave()
                screen.write(_columns(self._choices, self._columns))
                screen.draw(line, at, whole=True)
            return
        line, at = screen.line, screen.at
        found = self._complete(line[:at])
        self._choices = None if len(found.choices) == 1 else found.choices[:2000]
        if len(found.choices) != 1:
            screen.write(BELL.decode())
        if found.added is not None and len(line) + len(found.added) < MOST_LINE:
            screen.draw(line[:at] + found.added + line[at:], at + len(found.added))

    # ^R

    def _ask_for(self, line: str, at: int) -> None:
        self._screen.prompt = f"(reverse-i-search)'{self._sought}': "
        self._screen.draw(line, at)

    def _of_search(self, what: str) -> None:
        """A key of several bytes, which ends a search."""
        if self._sought is not None:
            self._end_search()
        if what:
            self._choices = None
            self._do(what)

    def _end_search(self) -> None:
        self._sought = None
        self._screen.prompt = self._prompt
        self._screen.draw(self._screen.line, self._screen.at)

    def _seek(self, key: str) -> bool:
        """One key of a search in the history; False if it ends the search and has a meaning of its own."""
        sought = self._sought or ""
        place = self._place
        if key == "\x12":
            place -= 1
        elif key in "\x7f\b":
            sought = sought[:-1]
        elif key[0] < " ":
            self._end_search()
            return False
        else:
            sought = (sought + key)[:MOST_SOUGHT]
        while place >= 0:
            line = self._history.get(place)
            if line is not None and sought in line:
                self._sought, self._place = sought, place
                self._ask_for(line, line.index(sought))
                return True
            place -= 1
        self._screen.write(BELL.decode())
        return True


def _is_between(character: str) -> bool:
    return character == " " or character in string.punctuation


def _columns(names: list[str], columns: int) -> str:
    """The choices in columns."""
    width = max(map(len, names)) + 2
    across = max(1, columns // width)
    rows = -(-len(names) // across)
    lines = (names[row::rows] for row in range(rows))
    return "".join("".join(each.ljust(width) for each in line[:-1]) + line[-1] + "\r\n" for line in lines)
