"""Programs that fill the terminal: its keys one by one, and drawing at places of the screen.

The sequences are those of terminfo's `xterm-256color` (ncurses 6.4).
"""

from __future__ import annotations

from collections import deque

from .context import Context, Work
from .descriptors import Screen
from .tasks import TERMINAL_STOP, Readable, Within, Writable

ESCAPE_SECONDS = 0.05
"""How long a key that begins with ESC may take to arrive."""
MOST_KEYS = 4096
UP, DOWN, RIGHT, LEFT, HOME, END = "<up>", "<down>", "<right>", "<left>", "<home>", "<end>"
PAGE_UP, PAGE_DOWN, DELETE, INSERT = "<pageup>", "<pagedown>", "<delete>", "<insert>"
ESCAPE, GONE = "\x1b", ""
"""GONE: the visitor has left, or the time is up."""
LETTERS = {"A": UP, "B": DOWN, "C": RIGHT, "D": LEFT, "H": HOME, "F": END}
NUMBERS = {"1": HOME, "2": INSERT, "3": DELETE, "4": END, "5": PAGE_UP, "6": PAGE_DOWN, "7": HOME, "8": END}
ENTER_ALTERNATE = "\x1b[?1049h\x1b[22;0;0t"
LEAVE_ALTERNATE = "\x1b[?1049l\x1b[23;0;0t"
KEYS_ON, KEYS_OFF = "\x1b[?1h\x1b=", "\x1b[?1l\x1b>"
CLEAR, CLEAR_LINE, CLEAR_BELOW = "\x1b[H\x1b[2J", "\x1b[K", "\x1b[J"
REVERSE, PLAIN, BOLD = "\x1b[7m", "\x1b[m", "\x1b[1m"


def on_terminal(context: Context) -> bool:
    """Whether the output goes to the visitor's terminal, whose keys can be read."""
    return context.engine.input.is_terminal and isinstance(context.fds.get(1), Screen)


class FullScreen:
    """The terminal of one such program."""

    def __init__(self, context: Context, *, begins: str, ends: str) -> None:
        self._context = context
        self._begins, self._ends = begins, ends
        self._keys: deque[str] = deque()
        self._pending: list[str] = []
        self._is_on = False

    @property
    def columns(self) -> int:
        return max(20, min(self._context.shell.columns, 500))

    @property
    def rows(self) -> int:
        return max(4, min(self._context.shell.rows, 200))

    def wait_for_terminal(self) -> Work:
        """In the background it stops, until it is in the foreground."""
        engine, task = self._context.engine, self._context.engine.running
        # A task that is about to get the terminal is not kept yet.
        while task is not None and task.kept and engine.foreground and task.group != engine.foreground:
            task.stopped = True
            yield 0.0

    def begin(self) -> None:
        """Take the keys, and prepare the screen."""
        self._context.engine.input.raw = True
        self._is_on = True
        self._pending.append(self._begins)

    def end(self, last: str = "") -> None:
        """Give the terminal back; also when a signal ends the program."""
        if self._is_on:
            self._context.engine.input.raw = False
            self._is_on = False
            self._context.out("".join(self._pending) + last + self._ends)
            self._pending.clear()

    def put(self, text: str) -> None:
        """Add to what is drawn next."""
        self._pending.append(text)

    def at(self, row: int, column: int, text: str = "") -> None:
        """Draw at a place; both count from 0."""
        self._pending.append(f"\x1b[{row + 1};{column + 1}H{text}")

    def show(self) -> Work:
        """Pass on what was drawn."""
        self._context.out("".join(self._pending))
        self._pending.clear()
        end = self._context.fds.get(1)
        if end is not None and end.is_full:
            yield Writable(end)

    def stop(self) -> Work:
        """^Z: give the terminal back until the program goes on."""
        self.end()
        self._context.engine.press(TERMINAL_STOP)
        yield 0.0
        self.begin()

    def key(self, seconds: float = 0.0) -> Work:
        """The next key: a character or a name; GONE after so many seconds, 0.0: without limit."""
        until = self._context.engine.now() + seconds if seconds else 0.0
        while not self._keys:
            source = self._context.engine.input
            if not source.is_readable:
                yield Within(Readable(source), until) if until else Readable(source)
            if not source.is_readable:
                return GONE
            text = source.take(MOST_KEYS).decode("utf-8", "replace")
            if not text:
                return GONE
            if text.endswith("\x1b") or _is_open(text):
                yield Within(Readable(source), self._context.engine.now() + ESCAPE_SECONDS)
                text += source.take(MOST_KEYS).decode("utf-8", "replace") if source.is_readable else ""
            self._keys.extend(keys_of(text))
        return self._keys.popleft()


def _is_open(text: str) -> bool:
    """Whether a sequence at the end of the keys has not ended."""
    rest = text[text.rfind("\x1b") :] if "\x1b" in text else ""
    return len(rest) < 8 and rest[1:2] in ("[", "O") and not rest[2:].strip("0123456789;")


def keys_of(text: str) -> list[str]:
    """The keys that were typed: characters, and names for the sequences of other keys."""
    keys, at = [], 0
    while at < len(text):
        if text[at] != "\x1b" or text[at + 1 : at + 2] not in ("[", "O") or at + 2 >= len(text):
            keys.append(text[at])
            at += 1
            continue
        end = at + 2
        while end < len(text) - 1 and text[end] in "0123456789;" and end - at < 8:
            end += 1
        is_numbered = text[end] == "~"
        key = NUMBERS.get(text[at + 2 : end].split(";")[0]) if is_numbered else LETTERS.get(text[end])
        keys.append(key or text[at])
        at = end + 1 if key else at + 1
    return keys
