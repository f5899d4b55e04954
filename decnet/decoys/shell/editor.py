"""A line that is typed at a prompt: editing keys, history, completion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

MOST_LINE = 4096
MOST_UNASKED = 99
"""Choices that are shown without a question."""
HOME, LAST, UP, DOWN, RIGHT, LEFT, DELETE = "\x01", "\x05", "A", "B", "C", "D", "3~"
END, INTERRUPT, TAB, SUSPEND = "\x04", "\x03", "\t", "\x1a"
Complete = Callable[[str], tuple[str, list[str]]]
"""For the text before the cursor: what is to be added, and the choices."""


BRACKETS, NO_BRACKETS = b"\x1b[?2004h", b"\x1b[?2004l\r"
"""Bracketed paste, which Readline enables around each line since 8.1."""


class Editor:
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
        brackets: bool = False,
    ) -> None:
        """`ends_on_interrupt`: ^C is the answer, not a new prompt. `brackets`: the terminal is asked to mark
        what is pasted (see BRACKETS)."""
        self._brackets, self._pastes = brackets, False
        self._prompt = prompt
        self._history = history
        self._write = write
        self._complete = complete
        self._columns = columns
        self._line = ""
        self._at = 0
        self._back = 0
        self._escape: str | None = None
        self._tabs = 0
        self._killed = ""
        self._ends_on_interrupt = ends_on_interrupt
        self._searched: str | None = None
        self._found = 0
        self._offered: list[str] = []

    @property
    def text(self) -> str:
        """What the line has now."""
        return self._line

    async def key(self, key: str) -> str | None:
        """Process one key."""
        self._tabs = self._tabs + 1 if key == TAB else 0
        if self._offered:
            await self._answer(key)
            return None
        if self._searched is not None and await self._search(key):
            return None
        if self._escape is not None or key == "\x1b":
            await self._escaped(key)
            return None
        if key in "\r\n" and self._pastes:
            self._line, self._at = (self._line + "\n")[:MOST_LINE], min(len(self._line) + 1, MOST_LINE)
            await self._write(b"\r\n")
            return None
        if key in "\r\n":
            await self._write(b"\r\n" + NO_BRACKETS * self._brackets)
            return self._line
        if key == INTERRUPT and self._ends_on_interrupt:
            again = NO_BRACKETS + BRACKETS + NO_BRACKETS + b"\r\n" if self._brackets else b"\r\n"
            await self._write(b"^C" + again)
            return INTERRUPT
        if key == INTERRUPT:
            await self._write(b"^C\r\n" + self._prompt.encode("utf-8", "surrogateescape"))
            self._line, self._at, self._back = "", 0, 0
            return None
        if key == END and not self._line:
            await self._write((NO_BRACKETS + b"\r\n") * self._brackets)
            return END
        await self._edit(key)
        return None

    async def _edit(self, key: str) -> None:
        line, at = self._line, self._at
        if key in "\x7f\x08":
            if at:
                await self._replace(line[: at - 1] + line[at:], at - 1)
        elif key in ("\x15", "\x0b", "\x17"):
            await self._kill(key)
        elif key == "\x19":
            await self._replace(
                (line[:at] + self._killed + line[at:])[:MOST_LINE], min(at + len(self._killed), MOST_LINE)
            )
        elif key == HOME:
            await self._replace(line, 0)
        elif key == LAST:
            await self._replace(line, len(line))
        elif key == "\x02":
            await self._replace(line, max(0, at - 1))
        elif key == "\x06":
            await self._replace(line, min(len(line), at + 1))
        elif key in ("\x10", "\x0e"):
            await self._recall(1 if key == "\x10" else -1)
        elif key == END:
            await self._replace(line[:at] + line[at + 1 :], at)
        elif key == "\x0c":
            shown = b"\x1b[H\x1b[2J" + (self._prompt + line).encode("utf-8", "surrogateescape")
            await self._write(shown)
        elif key == "\x12":
            self._searched, self._found = "", 0
            await self._show_search("")
        elif key == "\x14" and at and len(line) > 1:
            at = min(at, len(line) - 1)
            await self._replace(line[: at - 1] + line[at] + line[at - 1] + line[at + 1 :], at + 1)
        elif key == TAB and self._complete is not None:
            await self._completed()
        elif ord(key) < 32:
            await self._write(b"\x07")
        elif len(line) < MOST_LINE:
            await self._insert(key)

    async def _insert(self, key: str) -> None:
        if self._at == len(self._line):
            self._line += key
            self._at += 1
            await self._write(key.encode("utf-8", "surrogateescape"))
        else:
            await self._replace(self._line[: self._at] + key + self._line[self._at :], self._at + 1)

    async def _kill(self, key: str) -> None:
        line, at = self._line, self._at
        if key == "\x15":
            self._killed = line[:at]
            await self._replace(line[at:], 0)
        elif key == "\x0b":
            self._killed = line[at:]
            await self._replace(line[:at], at)
        else:
            kept = line[:at].rstrip()
            kept = kept[: kept.rfind(" ") + 1]
            self._killed = line[len(kept) : at]
            await self._replace(kept + line[at:], len(kept))

    async def _completed(self) -> None:
        assert self._complete is not None
        added, choices = self._complete(self._line[: self._at])
        if added:
            line = self._line[: self._at] + added + self._line[self._at :]
            if len(line) <= MOST_LINE:
                await self._replace(line, self._at + len(added))
        elif len(choices) > MOST_UNASKED and self._tabs > 1:
            self._offered = choices
            await self._write(f"\r\nDisplay all {len(choices)} possibilities? (y or n)".encode())
        elif len(choices) > 1 and self._tabs > 1:
            await self._write(b"\r\n")
            await self._list(choices)
        else:
            await self._write(b"\x07")

    async def _answer(self, key: str) -> None:
        """Whether all choices are to be shown."""
        choices, self._offered = self._offered, []
        await self._write(b"\r\n")
        await self._list(choices if key in "yY " else [])

    async def _list(self, choices: list[str]) -> None:
        shown = _columns(choices[:2000], self._columns) if choices else ""
        back = "\x08" * (len(self._line) - self._at)
        await self._write((shown + self._prompt + self._line + back).encode("utf-8", "surrogateescape"))

    # ^R

    async def _search(self, key: str) -> bool:
        """One key of a search in the history; False if it ends the search and has a meaning of its own."""
        text = self._searched or ""
        if key == "\x12":
            self._found += 1
        elif key in "\x7f\x08":
            text, self._found = text[:-1], 0
        elif key in ("\x07", INTERRUPT):
            await self._end_search("")
            return key == "\x07"
        elif ord(key) >= 32:
            text, self._found = text + key, 0
        else:
            await self._end_search(self._match(text))
            return False
        await self._show_search(text)
        return True

    def _match(self, text: str) -> str:
        fits = [line for line in reversed(self._history) if text and text in line]
        self._found = min(self._found, max(0, len(fits) - 1))
        return fits[self._found] if fits else ""

    async def _show_search(self, text: str) -> None:
        found = self._match(text)
        failed = "failed " if text and not found else ""
        self._searched = text
        shown = f"\r({failed}reverse-i-search)`{text}': {found}\x1b[K"
        back = "\x08" * (len(found) - found.rfind(text)) if text and found else ""
        await self._write((shown + back).encode("utf-8", "surrogateescape"))

    async def _end_search(self, line: str) -> None:
        self._searched, self._line, self._at = None, line, len(line)
        await self._write(("\r" + self._prompt + line + "\x1b[K").encode("utf-8", "surrogateescape"))

    async def _escaped(self, key: str) -> None:
        """Arrow keys and the like."""
        self._escape = "" if key == "\x1b" else (self._escape or "") + key
        sequence = self._escape
        begun = sequence in ("", "[", "O")
        if begun or (
            sequence[0] in "[O" and not (sequence[-1].isalpha() or sequence[-1] == "~") and len(sequence) < 8
        ):
            return
        self._escape = None
        if sequence[0] in "bfd.":
            await self._by_word(sequence[0])
            return
        move = sequence[1:]
        if move in ("200~", "201~"):
            self._pastes = self._brackets and move == "200~"
        elif move in (UP, DOWN):
            await self._recall(1 if move == UP else -1)
        elif move == LEFT and self._at:
            self._at -= 1
            await self._write(b"\x08")
        elif move == RIGHT and self._at < len(self._line):
            await self._write(self._line[self._at].encode("utf-8", "surrogateescape"))
            self._at += 1
        elif move == DELETE and self._at < len(self._line):
            await self._replace(self._line[: self._at] + self._line[self._at + 1 :], self._at)
        elif move in ("H", "1~", "7~"):
            await self._replace(self._line, 0)
        elif move in ("F", "4~", "8~"):
            await self._replace(self._line, len(self._line))

    async def _by_word(self, key: str) -> None:
        """Alt with b, f, d or a dot: by words, or the last word of the line before."""
        line, at = self._line, self._at
        if key == ".":
            words = self._history[-1].split() if self._history else []
            word = words[-1] if words else ""
            await self._replace((line[:at] + word + line[at:])[:MOST_LINE], min(at + len(word), MOST_LINE))
            return
        end = at
        while key == "b" and end and not line[end - 1].isalnum():
            end -= 1
        while key == "b" and end and line[end - 1].isalnum():
            end -= 1
        while key != "b" and end < len(line) and not line[end].isalnum():
            end += 1
        while key != "b" and end < len(line) and line[end].isalnum():
            end += 1
        if key == "d":
            await self._replace(line[:at] + line[end:], at)
        else:
            await self._replace(line, end)

    async def _recall(self, step: int) -> None:
        self._back = max(0, min(len(self._history), self._back + step))
        line = self._history[-self._back] if self._back else ""
        await self._replace(line, len(line))

    async def _replace(self, line: str, at: int) -> None:
        """Draw a changed line over the old one."""
        same = 0
        limit = min(len(line), len(self._line), self._at)
        while same < limit and line[same] == self._line[same]:
            same += 1
        left = "\x08" * (self._at - same)
        blank = max(0, len(self._line) - len(line))
        output = left + line[same:] + " " * blank + "\x08" * (blank + len(line) - at)
        self._line, self._at = line, at
        await self._write(output.encode("utf-8", "surrogateescape"))


def _columns(names: list[str], columns: int) -> str:
    width = max(len(name) for name in names) + 2
    across = max(1, columns // width)
    rows = -(-len(names) // across)
    return "".join(
        "".join(name.ljust(width) for name in names[row::rows]).rstrip() + "\r\n" for row in range(rows)
    )


class PlainLine:
    """One line as a shell without an editor gets it from the terminal's driver: dash."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        self._write = write
        self._line = ""

    async def key(self, key: str) -> str | None:
        """Process one key, as `Editor` does."""
        line = self._line
        if key in "\r\n":
            await self._write(b"\r\n")
            return line
        if key == INTERRUPT:
            await self._write(b"^C\r\n")
            return INTERRUPT
        if key == END:
            return END if not line else None
        if key in "\x7f\x08":
            self._line = line[:-1]
        elif key == "\x15":
            self._line = ""
        elif key == "\x17":
            self._line = line.rstrip()[: line.rstrip().rfind(" ") + 1]
        elif len(line) < MOST_LINE:
            self._line += key
            await self._write(_echoed(key).encode("utf-8", "surrogateescape"))
        erased = sum(len(_echoed(each)) for each in line[len(self._line) :])
        await self._write(b"\b \b" * erased)
        return None


def _echoed(key: str) -> str:
    return key if key >= " " or key == "\t" else f"^{chr(ord(key) ^ 64)}"
