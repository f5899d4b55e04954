# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`less` and `more` on a terminal; elsewhere both print as `cat` does. Compared with less 590 and util-linux 2.38."""

from __future__ import annotations

from .context import Context, Work
from .descriptors import Stream
from .full_screen import (
    CLEAR_BELOW,
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
    PLAIN,
    REVERSE,
    UP,
    FullScreen,
    on_terminal,
)  # fmt: skip
from .limits import OutOfWork
from .passing_on import cat, content_of
from .process import Process
from .regex import BadRegex, Regex, Syntax
from .tasks import Readable

MOST_BYTES = 1024 * 1024
MOST_LINES = 50_000
FORWARD = (" ", "f", "\x06", "\x16", "z", PAGE_DOWN)
BACK = ("b", "\x02", "w", PAGE_UP)
ONE_DOWN = ("\r", "\n", "j", "e", "\x05", "\x0e", DOWN)
ONE_UP = ("k", "y", "\x19", "\x10", "\x0b", UP)


class Pages:
    """A text as lines of the screen, and where one looks at it."""

    def __init__(self, text: str, columns: int, rows: int) -> None:
        self.lines = wrapped(text, columns)
        self.columns, self.rows, self.top = columns, rows, 0
        self.pattern = ""
        self.regex: Regex | None = None

    @property
    def last(self) -> int:
        """The highest place that still fills the screen."""
        return max(0, len(self.lines) - self.rows)

    @property
    def at_end(self) -> bool:
        return self.top >= self.last

    def move(self, count: int) -> None:
        """So many lines down, or up."""
        self.top = max(0, min(self.last, self.top + count))

    def search(self, pattern: str, *, backwards: bool) -> bool:
        """Go to the next line that has it; whether there is one."""
        self.pattern = pattern or self.pattern
        self.regex = Regex(self.pattern, Syntax(extended=True))
        places = range(self.top - 1, -1, -1) if backwards else range(self.top + 1, len(self.lines))
        for at in places:
            if self.regex.test(self.lines[at]):
                self.top = at
                return True
        return False


def wrapped(text: str, columns: int) -> list[str]:
    """The lines as the screen shows them: tabs expanded, control characters visible."""
    lines: list[str] = []
    for raw in text.removesuffix("\n").split("\n")[:MOST_LINES]:
        line = "".join(
            char if char >= " " or char in "\t\b" else f"^{chr(ord(char) ^ 64)}" for char in raw
        ).expandtabs()
        lines += [line[at : at + columns] for at in range(0, len(line), columns)] or [""]
    return lines if text else []


def _texts(context: Context, process: Process) -> Work:
    """(name, text) of each file that can be read, and the status."""
    names = [word for word in process.args if word == "-" or word[:1] not in ("-", "+")]
    found: list[tuple[str, str]] = []
    status = 0
    for name in names:
        data, reason = (yield from _input_of(context)) if name == "-" else content_of(context, name)
        if reason:
            context.err(f"{name} is a directory\n" if reason == "Is a directory" else f"{name}: {reason}\n")
            status = 1
        else:
            found.append((name, data[:MOST_BYTES].decode("utf-8", "replace")))
    if not names:
        source = context.fds.get(0)
        if isinstance(source, Stream) and source.is_terminal:
            return [], -1
        data, _ = yield from _input_of(context)
        found.append(("", data.decode("utf-8", "replace")))
    return found, status


def _input_of(context: Context) -> Work:
    source, data = context.fds.get(0), bytearray()
    while isinstance(source, Stream):
        if not source.is_readable:
            yield Readable(source)
        piece = source.take(32768)
        data += piece[: MOST_BYTES - len(data)]
        if not piece:
            break
        yield None
        if len(data) >= MOST_BYTES:
            source.has_reader = False
            break
    return bytes(data), ""


def _unpaged(context: Context, process: Process) -> Work:
    """`less` and `more` where there is no terminal: each file as it is, with their own errors; the status is 0."""
    if context.shell.world.system.busybox:
        return (yield cat(context, process))
    kept = []
    for word in process.args:
        _, reason = ("", "") if word == "-" else content_of(context, word)
        if not reason:
            kept.append(word)
        elif process.name == "less":
            text = f"{word} is a directory" if reason == "Is a directory" else f"{word}: {reason}"
            context.out(f"{text}\n")
        elif reason == "Is a directory":
            context.out(f"\n*** {word}: directory ***\n\n")
        else:
            context.err(f"more: {'' if process.applet else 'cannot open '}{word}: {reason}\n")
    if not kept and process.args:
        return 0
    process.args = kept
    return (yield cat(context, process))


def less(context: Context, process: Process) -> Work:
    """`less`."""
    if "--version" in process.args or "-V" in process.args:
        context.out("less 590 (GNU regular expressions)\nCopyright (C) 1984-2021  Mark Nudelman\n\n"
                    "less comes with NO WARRANTY, to the extent permitted by law.\nFor information about the terms of redistribution,\n"
                    "see the file named README in the less distribution.\nHome page: https://greenwoodsoftware.com/less\n")  # fmt: skip
        return 0
    if not on_terminal(context):
        process.args = [word for word in process.args if word[:1] not in ("-", "+") or word == "-"]
        return (yield from _unpaged(context, process))
    found, status = yield from _texts(context, process)
    if status == -1:
        context.err('Missing filename ("less --help" for help)\n')
        return 1
    if not found:
        return status
    flags = "".join(word[1:] for word in process.args if word.startswith("-") and not word.startswith("--"))
    screen = FullScreen(context, begins="" if "X" in flags else ENTER_ALTERNATE + KEYS_ON + "\r",
                        ends="\r" + CLEAR_LINE + KEYS_OFF + ("" if "X" in flags else LEAVE_ALTERNATE))  # fmt: skip
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        yield from _Less(screen, found, context, numbered="N" in flags).run(
            to_end="G" in "".join(word for word in process.args if word[:1] == "+")
        )
    finally:
        screen.end()
    return 0


class _Less:
    """One run on a terminal."""

    def __init__(
        self, screen: FullScreen, files: list[tuple[str, str]], context: Context, *, numbered: bool
    ) -> None:
        self._screen = screen
        self._files = files
        self._number = 0
        self._context = context
        self._numbered = numbered
        self._message = ""
        self._fresh = True
        self._backwards = False
        self._pages = self._opened()

    def _opened(self) -> Pages:
        text = self._files[self._number][1]
        if self._numbered:
            text = "".join(
                f"{at:>7} {line}\n" for at, line in enumerate(text.removesuffix("\n").split("\n"), 1)
            )
        self._fresh = True
        return Pages(text, self._screen.columns, self._screen.rows - 1)

    def run(self, *, to_end: bool) -> Work:
        self._pages.top = self._pages.last if to_end else 0
        count = ""
        while True:
            yield from self._draw(count)
            key = yield from self._screen.key()
            self._message, self._fresh = "", False
            if key.isdecimal():
                count += key
                continue
            number, count = int(count[:6] or 0), ""
            if key in (GONE, "q", "Q") or (key == ":" and (yield from self._colon())):
                return
            if key == "Z" and (yield from self._screen.key()) == "Z":
                return
            yield from self._obey(key, number)

    def _draw(self, count: str) -> Work:
        screen, pages = self._screen, self._pages
        if (screen.columns, screen.rows - 1) != (pages.columns, pages.rows):
            top, pages = pages.top, self._opened()
            self._pages = pages
            pages.top = min(top, pages.last)
        screen.put("\x1b[H")
        for row in range(pages.rows):
            at = pages.top + row
            line = self._marked(pages.lines[at]) if at < len(pages.lines) else "\x1b[1m~\x1b[0m"
            screen.put(line + CLEAR_LINE + f"\x1b[{row + 2};1H")
            self._context.spend(10)
        screen.put(self._prompt(count) + CLEAR_BELOW)
        yield from screen.show()

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

    def _prompt(self, count: str) -> str:
        if self._message:
            return f"{REVERSE}{self._message}\x1b[27m"
        name = self._files[self._number][0]
        several = f" (file {self._number + 1} of {len(self._files)})" if len(self._files) > 1 else ""
        if self._pages.at_end:
            more = self._number + 1 < len(self._files)
            ends = f"(END) - Next: {self._files[self._number + 1][0]}" if more else "(END)"
            return f"{REVERSE}{name + several + ' ' if self._fresh and name else ''}{ends}\x1b[27m"
        if count:
            return f":{count}"
        return f"{REVERSE}{name}{several}\x1b[27m" if self._fresh and name else ":"

    def _obey(self, key: str, number: int) -> Work:
        pages, page = self._pages, self._pages.rows
        if key in FORWARD:
            pages.move(number or page)
        elif key in BACK:
            pages.move(-(number or page))
        elif key in ONE_DOWN:
            pages.move(number or 1)
        elif key in ONE_UP:
            pages.move(-(number or 1))
        elif key in ("d", "\x04"):
            pages.move(number or page // 2)
        elif key in ("u", "\x15"):
            pages.move(-(number or page // 2))
        elif key in ("g", "<", HOME):
            pages.top = min(pages.last, max(0, number - 1))
        elif key in ("G", ">", END):
            pages.top = min(pages.last, number - 1) if number else pages.last
        elif key in ("/", "?"):
            yield from self._search(key)
        elif key in ("n", "N"):
            self._find("", backwards=self._backwards != (key == "N"))
        elif key == "\x1a":
            yield from self._screen.stop()
        elif key in ("=", "\x07"):
            self._message = self._where()
        elif key == "h":
            self._message = "HELP -- Press RETURN for more, or q when done"
        elif key in ("v", "!", "|", "s"):
            self._message = "Command not available"

    def _where(self) -> str:
        pages, name = self._pages, self._files[self._number][0]
        last = min(len(pages.lines), pages.top + pages.rows)
        size = len("\n".join(pages.lines)) + 1
        done = " (END)" if pages.at_end else f" {last * 100 // max(1, len(pages.lines))}%"
        return f"{name} lines {pages.top + 1}-{last}/{len(pages.lines)} byte {size}/{size}{done}".strip()

    def _asked(self, sign: str) -> Work:
        """A line that is typed at the bottom; None if it is given up."""
        text, screen = "", self._screen
        while True:
            screen.at(screen.rows - 1, 0, sign + text + CLEAR_LINE)
            yield from screen.show()
            key = yield from screen.key()
            if key in (GONE, ESCAPE, "\x03", "\x07") or (key in "\x7f\x08" and not text):
                return None
            if key in "\r\n":
                return text
            text = (
                text[:-1]
                if key in "\x7f\x08"
                else ""
                if key == "\x15"
                else (text + key)[:500]
                if len(key) == 1
                else text
            )

    def _search(self, sign: str) -> Work:
        pattern = yield from self._asked(sign)
        if pattern is not None:
            self._backwards = sign == "?"
            self._find(pattern, backwards=self._backwards)

    def _find(self, pattern: str, *, backwards: bool) -> None:
        if not pattern and not self._pages.pattern:
            self._message = "No previous search pattern"
            return
        try:
            if not self._pages.search(pattern, backwards=backwards):
                self._message = "Pattern not found  (press RETURN)"
        except (BadRegex, OutOfWork):
            self._pages.regex = None
            self._message = "Invalid pattern  (press RETURN)"

    def _colon(self) -> Work:
        """The commands that begin with a colon; whether one ends the program."""
        screen = self._screen
        screen.at(screen.rows - 1, 0, " :" + CLEAR_LINE)
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
        elif key == "f":
            self._message = self._where()
        return False


def more(context: Context, process: Process) -> Work:
    """`more`."""
    if not on_terminal(context):
        process.args = [word for word in process.args if word[:1] not in ("-", "+") or word == "-"]
        return (yield from _unpaged(context, process))
    names = [word for word in process.args if word[:1] not in ("-", "+")]
    for name in names:
        _, reason = content_of(context, name)
        if reason and reason != "Is a directory":
            context.err(f"more: {'' if process.applet else 'cannot open '}{name}: {reason}\n")
    process.args = [name for name in names if not content_of(context, name)[1]]
    if names and not process.args:
        return 1
    found, status = yield from _texts(context, process)
    if status == -1:
        context.err("more: bad usage\nTry 'more --help' for more information.\n")
        return 1
    screen = FullScreen(context, begins="", ends="")
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        for at, (name, text) in enumerate(found):
            head = f"::::::::::::::\n{name}\n::::::::::::::\n" if len(found) > 1 else ""
            if (yield from _pages(screen, head, text, found[at + 1][0] if at + 1 < len(found) else "")):
                break
    finally:
        screen.end()
    return 0


def _pages(screen: FullScreen, head: str, text: str, following: str) -> Work:
    """One file; whether the visitor quits."""
    pages = Pages(head + text, screen.columns, screen.rows - 1)
    at, room = 0, pages.rows
    while True:
        shown = pages.lines[at : at + room]
        at += len(shown)
        screen.put("".join(line + "\n" for line in shown))
        if at >= len(pages.lines):
            if following:
                screen.put(f"{REVERSE}--More--(Next file: {following}){PLAIN}")
                yield from screen.show()
                key = yield from screen.key()
                screen.put("\r" + CLEAR_LINE)
                return key in ("q", "Q", GONE, "\x03")
            yield from screen.show()
            return False
        done = sum(len(line) + 1 for line in pages.lines[:at]) * 100 // max(1, len(head + text))
        screen.put(f"{REVERSE}--More--({min(99, done)}%){PLAIN}")
        yield from screen.show()
        key = yield from screen.key()
        screen.put("\r" + CLEAR_LINE)
        if key in ("q", "Q", GONE, "\x03"):
            yield from screen.show()
            return True
        if key == "\x1a":
            yield from screen.stop()
        if key in ("b", "\x02"):
            at = max(0, at - 2 * pages.rows)
            screen.put(f"...back {1} page\n")
        room = {"\r": 1, "\n": 1, "j": 1, "d": pages.rows // 2 + 1}.get(
            key, pages.rows if key in (" ", "f", "z", "b", "\x02", PAGE_DOWN) else 0
        )
