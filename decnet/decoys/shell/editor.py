"""A line that is typed at a prompt: editing keys, history, completion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from .counting import Counting
from .line_commands import Commands
from .line_words import in_columns, start_of_kill
from .redisplay import Overwriting, Screen
from .searching import ABORT, Search
from .vi_line import ViKeys

if TYPE_CHECKING:
    from .line_expansion import LineExpansion

MOST_LINE = 4096
MOST_UNASKED = 99
"""Choices that are shown without a question."""
HOME, LAST, UP, DOWN, RIGHT, LEFT, DELETE = "\x01", "\x05", "A", "B", "C", "D", "3~"
END, INTERRUPT, TAB, SUSPEND = "\x04", "\x03", "\t", "\x1a"
ESCAPE, ERASE, PASTED = "\x1b", "\x7f\x08", "\x1b[201~"
MOST_KILLED = 10
MOST_UNDONE, MOST_AT_ONCE = 200, 20
"""Changes that can be taken back, and characters that are one of them."""
BELL = b"\x07"
Complete = Callable[[str], tuple[str, list[str]]]
"""For the text before the cursor: what is to be added, and the choices."""


BRACKETS, NO_BRACKETS = b"\x1b[?2004h", b"\x1b[?2004l\r"
"""Bracketed paste, which Readline enables around each line since 8.1."""


class Editor(Commands, Counting, ViKeys):
    """One line. `key` takes a key and returns the whole line once it is complete, END for the end of the
    input."""

    def __init__(
        self,
        prompt: str,
        history: list[str],
        write: Callable[[bytes], Awaitable[None]],
        complete: Complete | None = None,
        columns: int = 80,
        *,
        ends_on_interrupt: bool = False,
        shows_interrupt: bool = True,
        brackets: bool = False,
        is_readline: bool = False,
        is_old: bool = False,
        is_vi: bool = False,
        expands: LineExpansion | None = None,
        lists_at_once: bool = False,
    ) -> None:
        """`ends_on_interrupt`: ^C is the answer, not a prompt. `shows_interrupt`: it is shown. `brackets`:
        the terminal is asked to mark what is pasted (see BRACKETS). `is_readline`: the screen is changed, and
        rung, as Readline does (`is_old`: 8.1), with the keys of vi (`is_vi`). `expands`: what Alt with a sign
        does with the line. `lists_at_once`: choices are listed at the first Tab."""
        self._brackets, self._is_readline = brackets, is_readline
        self._prompt = prompt
        self._history = history
        self._bytes = write
        self._complete = complete
        self._columns = columns
        self._screen: Screen | Overwriting = Overwriting()
        if is_readline:
            self._screen = Screen(prompt, columns, is_old=is_old)
        self._line = ""
        self._at = 0
        self._back = 0
        self._edited: dict[int, str] = {}
        self._escape: str | None = None
        self._pasted: str | None = None
        self._tail = ""
        self._marked = (0, 0)
        self._is_quoted = False
        self._tabs = 0
        self._killed, self._kills = "", False
        self._ring: list[str] = []
        self._yanked: tuple[int, int, int] | None = None
        self._expands, self._lists_at_once = expands, lists_at_once
        self._vi = "insert" if is_vi else ""
        self._vi_pending, self._vi_last = "", ""
        self._vi_find: tuple[str, str] = ("", "")
        self._ends_on_interrupt, self._shows_interrupt = ends_on_interrupt, shows_interrupt
        self._search: Search | None = None
        self._mark, self._begun = 0, False
        self._undone: list[tuple[str, int, int]] = []
        self._last_words, self._is_last_word = 0, False
        self._offered: list[str] = []
        self._count: str | None = None
        self._holds = False

    @property
    def text(self) -> str:
        """What the line has now."""
        return self._line

    @property
    def inserts(self) -> bool:
        """Whether characters that are typed would all be inserted: `key` takes several of them at once."""
        return (
            self._escape is None
            and self._pasted is None
            and self._search is None
            and not (self._is_quoted or self._offered or self._begun)
            and self._count is None
            and self._vi != "command"
            and not self._vi_pending
        )

    async def key(self, key: str) -> str | None:
        """Process one key, or several characters (see `inserts`)."""
        if self._vi and self._search is None and not self._offered and self._pasted is None:
            done = await self._vi_key(key)
            if not isinstance(done, bool):
                return done
        if self._count is not None and self._escape is None and key != ESCAPE:
            return await self._counted(key)
        if not (key == ESCAPE or (self._escape == "" and key == "y")):
            self._yanked = None if key != "\x19" else self._yanked
        self._tabs = self._tabs + 1 if key == TAB else 0
        if not (key == ESCAPE or (self._escape == "" and key in "._")):
            self._is_last_word = False
        if self._offered:
            await self._answer(key)
        elif self._pasted is not None:
            await self._paste(key)
        elif self._search is not None and await self._searches(self._search, key):
            pass
        elif self._is_quoted:
            self._is_quoted = False
            await self._insert(key)
        elif self._begun:
            await self._second(key)
        elif self._escape is not None or key == ESCAPE:
            return await self._escaped(key)
        elif key in "\r\n" or key in (INTERRUPT, END):
            return await self._end(key)
        else:
            kills, self._kills = self._kills, False
            await self._edit(key, kills=kills)
        return None

    async def rest(self) -> None:
        """No key waits: an Escape of vi is one."""
        if self._vi_pending == ESCAPE:
            await self._vi_leave()

    async def _end(self, key: str) -> str | None:
        if key in "\r\n":
            if self._marked != (0, 0):
                await self._replace(self._line, self._at)
            await self._write(self._screen.finish())
            await self._bytes(NO_BRACKETS * self._brackets)
            return self._line
        if key == INTERRUPT and self._ends_on_interrupt:
            await self._bytes(
                b"^C" * self._shows_interrupt + (NO_BRACKETS + BRACKETS + NO_BRACKETS) * self._brackets
            )
            return INTERRUPT
        if key == INTERRUPT:
            await self._write(f"^C\r\n{self._prompt}")
            self._screen.begin(self._prompt)
            self._line, self._at, self._back = "", 0, 0
            return None
        if self._line:
            await self._move(DELETE)
            return None
        await self._bytes((NO_BRACKETS + b"\r\n") * self._brackets)
        return END

    async def _edit(self, key: str, *, kills: bool) -> None:
        line, at = self._line, self._at
        if key in ERASE and at:
            await self._replace(line[: at - 1] + line[at:], at - 1)
        elif key in ("\x15", "\x17") and not at:
            await self._bell(key)
            self._kills = kills
        elif key in ("\x15", "\x17", "\x0b"):
            await self._kill(line, start_of_kill(key, line, at), len(line) if key == "\x0b" else at, kills)
        elif key == "\x19" and self._killed:
            await self._insert(self._killed)
            self._yanked = (at, self._at, len(self._ring) - 1)
        elif key == HOME or (key == "\x02" and at):
            await self._replace(line, 0 if key == HOME else at - 1)
        elif key == LAST or (key == "\x06" and at < len(line)):
            await self._replace(line, len(line) if key == LAST else at + 1)
        elif key in ("\x10", "\x0e"):
            await self._recall(1 if key == "\x10" else -1)
        elif key == "\x0c":
            await self._write("\x1b[H\x1b[2J")
            await self._anew()
        elif key == "\x12":
            self._search = Search(self._history, line, at)
            await self._write(self._screen.ask(self._search.prompt, line, at))
        elif key == "\x14" and at and len(line) > 1:
            at = min(at, len(line) - 1)
            await self._replace(line[: at - 1] + line[at] + line[at - 1] + line[at + 1 :], at + 1)
        elif key in ("\x16", "\x11") and self._is_readline:
            self._is_quoted = True
        elif key == TAB and self._complete is not None:
            await self._completed(self._complete)
        elif key == "\x18" and self._is_readline:
            self._begun = True
        elif key == "\x1f" and self._is_readline:
            await self._undo()
        elif key == "\x00" and self._is_readline:
            self._mark = at
        elif key in (SUSPEND, "\x1c") and self._is_readline:
            pass  # Signals, which bash ignores at a prompt.
        elif ord(key[0]) < 32 or key == "\x7f":
            await self._bell(key)
        else:
            await self._insert(key)

    async def _write(self, text: str) -> None:
        await self._bytes(text.encode("utf-8", "surrogateescape"))

    async def _bell(self, key: str) -> None:
        if self._is_readline or key not in "\x7f\x08\x02\x06\x14\x15\x17":
            await self._bytes(BELL)

    async def _second(self, key: str) -> None:
        """The key after ^X: ^X goes to the mark and back, ^U takes back a change."""
        self._begun = False
        if key == "\x18":
            mark, self._mark = min(self._mark, len(self._line)), self._at
            self._at, self._marked = mark, (min(mark, self._mark), max(mark, self._mark))
            await self._write(self._screen.show(self._line, self._at, self._marked))
        elif key == "\x15":
            await self._undo()
        else:
            await self._after_control_x(key)

    async def _undo(self) -> None:
        if not self._undone:
            await self._bell("\x1f")
            return
        line, at, _ = self._undone.pop()
        kept, self._undone = self._undone, []
        await self._replace(line, at)
        self._undone = kept

    def _note_change(self, line: str, at: int) -> None:
        """Remember the line before a change: characters in a row are one, up to MOST_AT_ONCE."""
        added = len(line) - len(self._line)
        is_insert = added > 0 and at == self._at + added
        last = self._undone[-1] if self._undone else None
        if is_insert and last is not None and last[2] == self._at and self._at - last[1] < MOST_AT_ONCE:
            self._undone[-1] = (last[0], last[1], at)
        else:
            self._undone.append((self._line, self._at, at if is_insert else -1))
            del self._undone[:-MOST_UNDONE]

    async def _replace(self, line: str, at: int) -> None:
        """Another line, with the cursor before character `at`."""
        if line != self._line:
            self._note_change(line, at)
        self._line, self._at, self._marked = line, at, (0, 0)
        if not self._holds:
            await self._write(self._screen.show(line, at))

    async def _insert(self, text: str) -> None:
        text = text[: MOST_LINE - len(self._line)]
        await self._replace(self._line[: self._at] + text + self._line[self._at :], self._at + len(text))

    async def _anew(self) -> None:
        """The prompt and the line, where the cursor is."""
        await self._write(self._prompt)
        self._screen.begin(self._prompt)
        await self._write(self._screen.show(self._line, self._at))

    async def _kill(self, line: str, start: int, end: int, goes_on: bool) -> None:
        """Remove characters that ^Y inserts; what is killed at once is kept as one."""
        killed = line[start:end]
        if not killed:
            self._kills = goes_on
            return
        before = self._killed * goes_on
        self._killed = (before + killed if start == self._at else killed + before)[:MOST_LINE]
        self._kills = True
        self._ring[-1:] = [self._killed] if goes_on and self._ring else [*self._ring[-1:], self._killed]
        del self._ring[:-MOST_KILLED]
        await self._replace(line[:start] + line[end:], start)

    # Tab

    async def _completed(self, complete: Complete) -> None:
        added, choices = complete(self._line[: self._at])
        if added:
            self._tabs = 0
            await self._bytes(BELL * (len(choices) > 1 and self._is_readline and not self._lists_at_once))
            if len(self._line) + len(added) <= MOST_LINE:
                await self._insert(added)
        elif len(choices) > MOST_UNASKED and self._tabs > 1:
            self._offered = choices
            await self._write(f"{self._screen.finish()}Display all {len(choices)} possibilities? (y or n)")
        elif len(choices) > 1 and (self._tabs > 1 or self._lists_at_once):
            await self._write(self._screen.finish())
            await self._list(choices)
        else:
            await self._bytes(BELL)

    async def _answer(self, key: str) -> None:
        """Whether all choices are to be shown."""
        choices, self._offered = self._offered, []
        await self._write("\r\n")
        await self._list(choices if key in "yY " else [])

    async def _list(self, choices: list[str]) -> None:
        await self._write(in_columns(choices[:2000], self._columns) if choices else "")
        await self._anew()

    # ^R

    async def _searches(self, search: Search, key: str) -> bool:
        """One key of a search in the history; False if it ends the search and has a meaning of its own."""
        if search.key(key):
            await self._bytes(BELL * search.fails)
            shown = self._screen.prompt(search.prompt, search.line, search.at, search.marked)
            await self._write(shown)
            return True
        self._search = None
        if key not in ABORT:
            self._line, self._at = search.line, search.at
        elif key == INTERRUPT:
            return False
        await self._write(self._screen.prompt(self._prompt, self._line, self._at))
        return key in ABORT

    # What begins with Escape

    async def _escaped(self, key: str) -> str | None:
        """Arrow keys and the like; the line if the key completes it."""
        if key == ESCAPE and self._escape == "" and self._complete is not None and self._is_readline:
            self._escape = None
            await self._completed(self._complete)
            return None
        self._escape = "" if key == ESCAPE else (self._escape or "") + key
        sequence = self._escape
        begun = sequence in ("", "[", "O")
        if begun or (
            sequence[0] in "[O" and not (sequence[-1].isalpha() or sequence[-1] == "~") and len(sequence) < 8
        ):
            return None
        self._escape = None
        kills, self._kills = self._kills, False
        if sequence[0] not in "[O":
            if self._is_readline and (sequence[0].isdecimal() or sequence[0] == "-"):
                if self._count is None:
                    await self._count_shown("1")
                    self._count = ""
                await self._count_shown((self._count or "") + sequence[0])
            elif self._count is not None:
                await self._times("", sequence[0])
            elif sequence == "#" and self._is_readline:
                await self._replace("#" + self._line, 1)
                return await self._end("\r")
            else:
                await self._by_word(sequence[0], kills)
        elif sequence[1:] == "200~" and self._brackets:
            self._pasted = self._tail = ""
        else:
            await self._move(sequence[1:])
        return None

    async def _move(self, move: str) -> None:
        line, at = self._line, self._at
        if move in (UP, DOWN):
            await self._recall(1 if move == UP else -1)
        elif move == LEFT and at:
            await self._replace(line, at - 1)
        elif move == RIGHT and at < len(line):
            await self._replace(line, at + 1)
        elif move == DELETE and at < len(line):
            await self._replace(line[:at] + line[at + 1 :], at)
        elif move in ("H", "1~", "7~"):
            await self._replace(line, 0)
        elif move in ("F", "4~", "8~"):
            await self._replace(line, len(line))
        elif move in (LEFT, RIGHT, DELETE):
            await self._bell("\x02")
        elif move in ("1;5D", "1;5C"):
            await self._by_word("b" if move == "1;5D" else "f", False)

    async def _paste(self, key: str) -> None:
        """One character of what is pasted, which is inserted once all of it is there."""
        self._pasted = ((self._pasted or "") + key.replace("\r", "\n"))[: MOST_LINE + len(PASTED)]
        self._tail = (self._tail + key)[-len(PASTED) :]
        if self._tail != PASTED:
            return
        text, self._pasted = self._pasted.removesuffix(PASTED), None
        start = self._at
        text = text[: MOST_LINE - len(self._line)]
        self._line, self._at = self._line[:start] + text + self._line[start:], start + len(text)
        self._marked = (start, self._at)
        await self._write(self._screen.show(self._line, self._at, self._marked))

    async def _recall(self, step: int) -> None:
        back = self._back + step
        if not 0 <= back <= len(self._history):
            await self._bell("\x02")
            return
        self._edited[self._back] = self._line
        self._back = back
        line = self._edited.get(back, self._history[-back] if back else "")
        await self._replace(line, len(line))
