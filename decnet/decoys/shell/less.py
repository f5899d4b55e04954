# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`less` on a terminal, in the pieces in which less 590 and 643 write to an xterm. Sources: forwback.c, jump.c, search.c."""

from __future__ import annotations

from collections.abc import Iterable

from .context import Context, Work
from .full_screen import (
    CLEAR,
    CLEAR_LINE,
    DOWN,
    END,
    ENTER_ALTERNATE,
    ESCAPE,
    GONE,
    HOME,
    KEYS_OFF,
    KEYS_ON,
    LEAVE_ALTERNATE,
    PAGE_DOWN,
    PAGE_UP,
    REVERSE,
    UP,
    FullScreen,
    on_terminal,
)  # fmt: skip
from .less_pages import Look, Pages
from .limits import OutOfWork
from .pager import UNMARKED, texts_of, unpaged
from .process import Process
from .regex import BadRegex, Regex, Syntax

FORWARD = (" ", "f", "\x06", "\x16", "z", PAGE_DOWN)
BACK = ("b", "\x02", "w", PAGE_UP)
ONE_DOWN = ("\r", "\n", "j", "e", "\x05", "\x0e", DOWN)
ONE_UP = ("k", "y", "\x19", "\x10", "\x0b", UP)
CLEAR_BOTTOM = "\r" + CLEAR_LINE
ABOVE = "\x1b[H\x1bM"
SKIPPING = "...skipping...\n"
BELL = "\x07"
MOST_TYPED = 500


def less(context: Context, process: Process) -> Work:
    """`less`."""
    if "--version" in process.args or "-V" in process.args:
        context.out("less 590 (GNU regular expressions)\nCopyright (C) 1984-2021  Mark Nudelman\n\n"
                    "less comes with NO WARRANTY, to the extent permitted by law.\nFor information about the terms of redistribution,\n"
                    "see the file named README in the less distribution.\nHome page: https://greenwoodsoftware.com/less\n")  # fmt: skip
        return 0
    if not on_terminal(context):
        process.args = [word for word in process.args if word[:1] not in ("-", "+") or word == "-"]
        return (yield from unpaged(context, process))
    found, status = yield from texts_of(context, process)
    if status == -1:
        context.err('Missing filename ("less --help" for help)\n')
        return 1
    if not found:
        return status
    flags = "".join(word[1:] for word in process.args if word.startswith("-") and not word.startswith("--"))
    look, begins, ends = Look.of(flags), KEYS_ON + "\r", KEYS_OFF
    if "X" not in flags:
        short = look.short and _fits(context, found, look)
        begins, ends = ("\r", "") if short else (ENTER_ALTERNATE + begins, ends + LEAVE_ALTERNATE)
    screen = FullScreen(context, begins=begins, ends=ends)
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        yield from Less(screen, found, context, look).run(
            to_end="G" in "".join(word for word in process.args if word[:1] == "+")
        )
    finally:
        screen.end()
    return 0


def _fits(context: Context, files: list[tuple[str, str]], look: Look) -> bool:
    """Whether there is one file, and the screen has room for it."""
    shell = context.shell
    return len(files) == 1 and Pages(files[0][1], shell.columns, shell.rows - 1, look).fits


class Less:
    """One run on a terminal."""

    def __init__(
        self, screen: FullScreen, files: list[tuple[str, str]], context: Context, look: Look
    ) -> None:
        self._screen = screen
        self._files = files
        self._number = 0
        self._context = context
        self._look = look
        self._knows_end = False
        self._message = ""
        self._fresh = True
        self._backwards = False
        self._pages = self._opened()

    def _opened(self) -> Pages:
        text = self._files[self._number][1]
        self._fresh = True
        return Pages(text, self._screen.columns, self._screen.rows - 1, self._look)

    def run(self, *, to_end: bool) -> Work:
        """Up to `q`. `to_end`: begin with the last page."""
        pages = self._pages
        self._lines_from(max(0, len(pages.lines) - pages.rows) if to_end else 0)
        if self._look.short and len(self._files) == 1 and pages.fits:
            self._screen.put(CLEAR_BOTTOM)
            return
        count, key = "", ""
        while True:
            if not key:
                self._screen.put(self._prompt() + CLEAR_LINE if not count else "")
                yield from self._screen.show()
                key = yield from self._screen.key()
            self._fit()
            self._fresh = False
            if key.isdecimal():
                self._screen.put((CLEAR_BOTTOM + ":" if not count else "") + _typed(key))
                count, key = count + key, ""
                continue
            self._screen.put(CLEAR_BOTTOM)
            number, count = int(count[:6] or 0), ""
            if key == "\x03" and self._look.interruptible:
                return
            if key in (GONE, "q", "Q") or (key == ":" and (yield from self._colon())):
                return
            if key == "Z" and (yield from self._screen.key()) == "Z":
                return
            yield from self._obey(key, number)
            key = (yield from self._told()) if self._message else ""

    def _told(self) -> Work:
        """Show a message up to the next key; that key, "" if it is only an answer."""
        self._screen.put(f"{CLEAR_BOTTOM}{REVERSE}{self._message}{UNMARKED}")
        self._message = ""
        yield from self._screen.show()
        key = yield from self._screen.key()
        self._screen.put(f"\x1b[{self._screen.rows};1H{CLEAR_LINE}")
        return "" if key in ("\r", "\n", " ") else key

    def _fit(self) -> None:
        """The terminal may have another size now."""
        screen, pages = self._screen, self._pages
        if (screen.columns, screen.rows - 1) == (pages.columns, pages.rows):
            return
        top, fresh = pages.top, self._fresh
        self._pages, self._fresh = self._opened(), fresh
        screen.put(CLEAR)
        self._lines_from(min(top, max(0, len(self._pages.lines) - self._pages.rows)))

    # Lines

    def _put(self, at: int, *, upwards: bool = False) -> None:
        """Write one line; a row that is full and goes on makes the terminal wrap by a blank."""
        line, ends = self._pages.lines[at]
        full = len(line) >= self._pages.columns and not ends
        self._screen.put(self._marked(line) + ("\n" if not full else "" if upwards else " \b"))
        self._context.spend(10)

    def _lines_from(self, top: int) -> None:
        pages = self._pages
        pages.top, pages.end = top, min(len(pages.lines), top + pages.rows)
        for at in range(top, pages.end):
            self._put(at)

    def _forward(self, count: int) -> None:
        pages = self._pages
        last = min(len(pages.lines), pages.end + count)
        if last <= pages.end:
            self._screen.put(BELL)
        for at in range(pages.end, last):
            self._put(at)
        pages.top, pages.end = pages.top + last - pages.end, last

    def _back(self, count: int) -> None:
        pages = self._pages
        first = max(0, pages.top - count)
        if first == pages.top:
            self._screen.put(BELL)
            return
        for at in range(pages.top - 1, first - 1, -1):
            self._screen.put(ABOVE)
            self._put(at, upwards=True)
        pages.top, pages.end = first, min(len(pages.lines), first + pages.rows)
        self._screen.put(f"\x1b[{pages.rows + 1};1H{CLEAR_BOTTOM}")

    def _jump(self, to: int, row: int = 0) -> None:
        """Show that line in that row, as jump_loc() decides between scrolling and a new screen."""
        pages = self._pages
        if pages.top <= to < pages.end:
            if (count := to - pages.top - row) > 0 and not pages.at_end:
                self._forward(count)
            elif count < 0 and pages.top:
                self._back(-count)
        elif to >= pages.end:
            if row and to - pages.end < row:
                self._forward(pages.rows - row + to - pages.end)
            else:
                self._screen.put(SKIPPING)
                self._lines_from(max(0, to - row))
        elif pages.top - to <= pages.rows - row:
            self._back(pages.top - to + row)
        else:
            self._screen.put(CLEAR)
            pages.top = min(len(pages.lines), max(0, to - row) + pages.rows)
            self._back(pages.rows)

    def _marked(self, line: str) -> str:
        regex = self._pages.regex
        if regex is None:
            return line
        out, at = [], 0
        for start, end in regex.matches(line):
            if end > start:
                out += [line[at:start], REVERSE, line[start:end], "\x1b[27m"]
                at = end
        return "".join(out) + line[at:]

    def _repaint(self) -> None:
        """Write the lines again at their places, as before and after a search."""
        pages = self._pages
        for row, at in enumerate(range(pages.top, pages.end)):
            self._screen.put(f"\x1b[{row + 1};1H")
            self._put(at)
        self._screen.put(f"\x1b[{pages.rows + 1};1H")

    def _prompt(self) -> str:
        name = self._files[self._number][0]
        if self._look.long:
            return self._long_prompt()
        several = f" (file {self._number + 1} of {len(self._files)})" if len(self._files) > 1 else ""
        if self._pages.at_end:
            more = self._number + 1 < len(self._files)
            ends = f"(END) - Next: {self._files[self._number + 1][0]}" if more else "(END)"
            return f"{REVERSE}{name + several + ' ' if self._fresh and name else ''}{ends}{UNMARKED}"
        return f"{REVERSE}{name}{several}{UNMARKED}" if self._fresh and name else ":"

    def _long_prompt(self) -> str:
        pages = self._pages
        self._knows_end = self._knows_end or pages.at_end
        if not pages.places:
            return f"{REVERSE}(END){UNMARKED}"
        first, last = pages.places[pages.top][0], pages.places[pages.end - 1][0]
        total, end = f"/{pages.places[-1][0]}" * self._knows_end, " (END)" * pages.at_end
        done = f" {pages.places[pages.end - 1][1] * 100 // max(1, pages.size)}%" if self._knows_end else ""
        return f"{REVERSE}lines {first}-{last}{total}{end or done}{UNMARKED}"

    def _obey(self, key: str, number: int) -> Work:
        pages, page = self._pages, self._pages.rows
        half = (page + 1) // 2
        down = {**dict.fromkeys(FORWARD, page), **dict.fromkeys(ONE_DOWN, 1), "d": half, "\x04": half}
        up = {**dict.fromkeys(BACK, page), **dict.fromkeys(ONE_UP, 1), "u": half, "\x15": half}
        if key in down:
            self._forward(number or down[key])
        elif key in up:
            self._back(number or up[key])
        elif key in ("g", "<", HOME):
            self._jump(self._row_of(number))
        elif key in ("G", ">", END):
            if number:
                self._jump(self._row_of(number))
            elif pages.lines:
                self._jump(len(pages.lines) - 1, pages.rows - 1)
        elif key in ("/", "?"):
            yield from self._search(key)
        elif key in ("n", "N"):
            self._screen.put("?" if self._backwards else "/")
            self._find("", backwards=self._backwards != (key == "N"))
        elif key == "\x1a":
            yield from self._screen.stop()
        elif key in ("=", "\x07"):
            self._message = self._where() + "  (press RETURN)"
        elif key == "h":
            self._message = "HELP -- Press RETURN for more, or q when done"
        elif key in ("v", "!", "|", "s"):
            self._message = "Command not available  (press RETURN)"

    def _row_of(self, number: int) -> int:
        """Where the file's line of this number begins."""
        numbers = (at for at, (each, _) in enumerate(self._pages.places) if each >= number)
        return next(numbers, max(0, len(self._pages.places) - 1))

    def _where(self) -> str:
        pages, name = self._pages, self._files[self._number][0]
        if not pages.places:
            return name
        first, (last, done) = pages.places[pages.top][0], pages.places[pages.end - 1]
        ends = " (END)" if pages.at_end else f" {round(done * 100 / max(1, pages.size))}%"
        return f"{name} lines {first}-{last}/{pages.places[-1][0]} byte {done}/{pages.size}{ends}".strip()

    def _asked(self, sign: str) -> Work:
        """A line that is typed at the bottom; None if it is given up."""
        text, screen = "", self._screen
        screen.put(sign)
        while True:
            yield from screen.show()
            key = yield from screen.key()
            if key in (GONE, ESCAPE, "\x03", "\x07") or (key in "\x7f\x08" and not text):
                screen.put(CLEAR_BOTTOM)
                return None
            if key in "\r\n":
                screen.put(CLEAR_BOTTOM)
                return text
            if key in "\x7f\x08":
                text = text[:-1]
                screen.put("\b" + CLEAR_LINE)
            elif key == "\x15":
                screen.put("\b" * len(text) + CLEAR_LINE)
                text = ""
            elif len(key) == 1 and len(text) < MOST_TYPED:
                text += key
                screen.put(_typed(key))

    def _search(self, sign: str) -> Work:
        pattern = yield from self._asked(sign)
        if pattern is not None:
            self._backwards = sign == "?"
            self._find(pattern, backwards=self._backwards)

    def _find(self, pattern: str, *, backwards: bool) -> None:
        pages = self._pages
        if not pattern and pages.regex is None:
            self._message = "No previous regular expression  (press RETURN)"
            return
        try:
            if pattern:
                pages.regex = None
                self._repaint()
                pages.regex = Regex(pattern, Syntax(extended=True))
                self._repaint()
            else:
                self._screen.put(CLEAR_BOTTOM)
            at = pages.find(pattern, backwards=backwards)
        except (BadRegex, OutOfWork):
            pages.regex = None
            self._message = "Invalid pattern  (press RETURN)"
            return
        if at >= 0:
            self._jump(at)
        else:
            self._message = "Pattern not found  (press RETURN)"

    def _colon(self) -> Work:
        """The commands that begin with a colon; whether one ends the program."""
        screen = self._screen
        screen.put(" :" + CLEAR_LINE)
        yield from screen.show()
        key = yield from screen.key()
        if key in ("q", "Q", GONE):
            return True
        step = {"n": 1, "p": -1, "x": -self._number}.get(key, 0)
        if key in ("n", "p") and not 0 <= self._number + step < len(self._files):
            self._message = f"No {'next' if key == 'n' else 'previous'} file  (press RETURN)"
        elif key in ("n", "p", "x"):
            self._number += step
            self._pages = self._opened()
            self._lines_from(0)
        elif key == "f":
            self._message = self._where()
        return False


def _typed(text: Iterable[str]) -> str:
    """Characters as they are typed at the end of the line at the bottom."""
    return "".join(f"{CLEAR_LINE}{char}\b{char}" for char in text)
