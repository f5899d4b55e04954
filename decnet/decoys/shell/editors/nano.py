# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""`nano`: enough of it to change a small file and to leave. Its screen is that of nano 7.2 without a configuration."""

from __future__ import annotations

from ..context import Context, Work
from ..full_screen import (
    CLEAR,
    CLEAR_LINE,
    DELETE,
    DOWN,
    END,
    ENTER_ALTERNATE,
    GONE,
    HOME,
    KEYS_OFF,
    KEYS_ON,
    LEAVE_ALTERNATE,
    LEFT,
    PAGE_DOWN,
    PAGE_UP,
    REVERSE,
    RIGHT,
    UP,
    FullScreen,
    on_terminal,
)  # fmt: skip
from ..limits import OutOfWork
from ..process import Process
from .text import Text, drawn, screen_column

OFF = "\x1b[0m"
HELP = (
    (("^G", "Help"), ("^X", "Exit")), (("^O", "Write Out"), ("^R", "Read File")), (("^W", "Where Is"), ("^\\", "Replace")),
    (("^K", "Cut"), ("^U", "Paste")), (("^T", "Execute"), ("^J", "Justify")), (("^C", "Location"), ("^/", "Go To Line")),
)  # fmt: skip
VERSIONS = {"debian 11": "5.4", "ubuntu 20": "4.8", "ubuntu 22": "6.2"}


def nano(context: Context, process: Process) -> Work:
    """`nano`."""
    system = context.shell.world.system
    release = f"{system.id} {system.version}"
    version = next((number for name, number in VERSIONS.items() if release.startswith(name)), "7.2")
    if "--version" in process.args or "-V" in process.args:
        context.out(
            f" GNU nano, version {version}\n (C) 2023 the Free Software Foundation and various contributors\n Compiled options: --disable-libmagic --enable-utf8\n"
        )
        return 0
    if not on_terminal(context):
        context.err(
            "Standard output is not a terminal\n" if version >= "6" else "Error opening terminal: unknown.\n"
        )
        return 1
    names = [word for word in process.args if word[:1] not in ("-", "+")]
    text = Text(context.shell, names[0] if names else "")
    screen = FullScreen(
        context, begins=ENTER_ALTERNATE + KEYS_ON + CLEAR, ends="\n\r" + KEYS_OFF + LEAVE_ALTERNATE
    )
    yield from screen.wait_for_terminal()
    screen.begin()
    try:
        yield from Nano(screen, text, context, version).run()
    finally:
        screen.end()
    return 0


class Nano:
    """One run on a terminal."""

    def __init__(self, screen: FullScreen, text: Text, context: Context, version: str) -> None:
        self._screen = screen
        self._text = text
        self._context = context
        self._version = version
        self._message = ""
        self._cut: list[str] = []
        self._cuts_on = False
        self._searched = ""

    def run(self) -> Work:
        text = self._text
        self._message = self._opened()
        text.ends_open = True
        if text.lines != [""]:
            text.lines.append("")
        while True:
            yield from self._draw()
            key = yield from self._screen.key()
            self._message = ""
            if key == GONE:
                return
            try:
                if (yield from self._obey(key)):
                    return
            except OutOfWork:
                self._message = "[ Nano is out of memory! ]"
            text.move_to(text.row, text.column)

    def _opened(self) -> str:
        text = self._text
        if text.problem:
            shown = (
                f'"{text.path}" is a directory'
                if "directory" in text.problem
                else f"Error reading {text.path}: {text.problem}"
            )
            text.path = ""
            return f"[ {shown} ]"
        if not text.path:
            return ""
        if text.is_new:
            return "[ New File ]"
        count = len(text.lines) if text.lines != [""] else 0
        locked = " (Warning: No write permission)" if not text.writable else ""
        return f"[ Read {count} line{'' if count == 1 else 's'}{locked} ]"

    def _obey(self, key: str) -> Work:
        """One key; whether the editor ends."""
        cuts_on, self._cuts_on = self._cuts_on, key == "\x0b"
        text, page = self._text, max(1, self._screen.rows - 5)
        if key == "\x18":
            return (yield from self._exit())
        if key == "\x0f":
            yield from self._write()
        elif key in ("\x17", "\x06"):
            yield from self._search()
        elif key == "\x0b":
            self._cut_line(more=cuts_on)
        elif key == "\x15":
            text.insert("\n".join([*self._cut, ""])) if self._cut else None
        elif key == "\x03":
            self._message = self._where()
        elif key in ("\x1f", "\x07"):
            yield from self._go_to() if key == "\x1f" else self._help()
        elif key == "\x14" or key == "\x1a":
            self._message = "[ Use ^T^Z to suspend ]" if key == "\x1a" else ""
        else:
            self._edit(key, page)
        return False

    def _edit(self, key: str, page: int) -> None:
        text = self._text
        moves = {
            UP: (text.row - 1, None), DOWN: (text.row + 1, None), "\x10": (text.row - 1, None), "\x0e": (text.row + 1, None),
            PAGE_UP: (text.row - page, None), PAGE_DOWN: (text.row + page, None), "\x19": (text.row - page, None),
            "\x16": (text.row + page, None), HOME: (text.row, 0), "\x01": (text.row, 0), END: (text.row, len(text.line)),
            "\x05": (text.row, len(text.line)),
        }  # fmt: skip
        if key in moves:
            text.move_to(*moves[key])
        elif key in (LEFT, "\x02"):
            place = (
                (text.row, text.column - 1)
                if text.column
                else (text.row - 1, 1 << 20)
                if text.row
                else (0, 0)
            )
            text.move_to(*place)
        elif key in (RIGHT,):
            at_end = text.column >= len(text.line) and text.row + 1 < len(text.lines)
            text.move_to(*((text.row + 1, 0) if at_end else (text.row, text.column + 1)))
        elif key in ("\x7f", "\x08"):
            text.backspace()
        elif key in (DELETE, "\x04"):
            text.delete()
        elif key in ("\r", "\n"):
            text.insert("\n")
        elif len(key) == 1 and (key >= " " or key == "\t"):
            text.insert(key)

    def _cut_line(self, *, more: bool) -> None:
        text = self._text
        if text.row == len(text.lines) - 1 and not text.line:
            return
        removed = text.remove_lines(text.row, text.row)
        self._cut = [*self._cut, *removed] if more else removed

    def _where(self) -> str:
        text = self._text
        total = sum(len(line) + 1 for line in text.lines) - 1
        before = sum(len(line) + 1 for line in text.lines[: text.row]) + text.column
        rows, width = len(text.lines), len(text.line) + 1
        return (
            f"[ line {text.row + 1}/{rows} ({(text.row + 1) * 100 // rows}%), col {text.column + 1}/{width} "
            f"({(text.column + 1) * 100 // width}%), char {before}/{total} ({before * 100 // max(1, total)}%) ]"
        )

    def _go_to(self) -> Work:
        typed = yield from self._asked("Enter line number, column number", "")
        numbers = [part.strip() for part in (typed or "").split(",")]
        if typed and numbers[0].lstrip("-").isdecimal() and len(numbers[0]) < 8:
            self._text.move_to(int(numbers[0]) - 1, 0)
        elif typed:
            self._message = "[ Invalid line or column number ]"

    def _help(self) -> Work:
        self._message = "[ Help is not available ]"
        yield None

    def _search(self) -> Work:
        before = f" [{self._searched}]" if self._searched else ""
        typed = yield from self._asked(f"Search{before}", "")
        if typed is None:
            self._message = "[ Cancelled ]"
            return
        self._searched = typed or self._searched
        text, wanted = self._text, self._searched.lower()
        rows = [*range(text.row, len(text.lines)), *range(text.row + 1)]
        for turn, row in enumerate(rows):
            at = text.lines[row].lower().find(wanted, text.column + 1 if not turn else 0)
            self._context.spend(2)
            if at >= 0 and wanted:
                text.move_to(row, at)
                self._message = "[ Search Wrapped ]" if turn > len(text.lines) - text.row - 1 else ""
                return
        self._message = f'[ "{self._searched}" not found ]'

    def _write(self) -> Work:
        """^O; whether the file was written."""
        path = yield from self._asked("File Name to Write", self._text.path)
        if path is None or not path:
            self._message = "[ Cancelled ]"
            return False
        text = self._text
        if path != text.path and self._context.shell.node(self._context.shell.absolute(path)) is not None:
            answer = yield from self._chosen(f'File "{path}" exists; OVERWRITE? ')
            if answer != "y":
                self._message = "[ Cancelled ]"
                return False
        reason = text.save(path)
        if reason:
            self._message = f"[ Error writing {path}: {reason} ]"
            return False
        text.path, text.is_changed, text.is_new = path, False, False
        text.lines += [""] if text.lines[-1] else []
        count = text.content().count(10)
        self._message = f"[ Wrote {count} line{'' if count == 1 else 's'} ]"
        return True

    def _exit(self) -> Work:
        """^X; whether the editor ends."""
        if not self._text.is_changed:
            return True
        answer = yield from self._chosen("Save modified buffer? ")
        if answer == "y":
            return (yield from self._write())
        if answer != "n":
            self._message = "[ Cancelled ]"
        return answer == "n"

    # Questions

    def _asked(self, question: str, text: str) -> Work:
        """A line that is typed at the bottom; None if it is given up."""
        screen = self._screen
        while True:
            self._bottom(f"{question}: {text}", (("^G", "Help"), ("^C", "Cancel")))
            screen.at(screen.rows - 3, min(screen.columns - 1, len(question) + 2 + len(text)))
            yield from screen.show()
            key = yield from screen.key()
            if key in ("\x03", GONE):
                return None
            if key in "\r\n":
                return text
            if key in "\x7f\x08":
                text = text[:-1]
            elif len(key) == 1 and key >= " ":
                text = (text + key)[:400]

    def _chosen(self, question: str) -> Work:
        """y, n or "" for ^C."""
        while True:
            self._bottom(question, ((" Y", "Yes"), (" N", "No"), ("^C", "Cancel")))
            self._screen.at(self._screen.rows - 3, len(question))
            yield from self._screen.show()
            key = yield from self._screen.key()
            if key in ("y", "Y", "n", "N"):
                return str(key).lower()
            if key in ("\x03", GONE):
                return ""

    # The screen

    def _bottom(self, question: str, keys: tuple[tuple[str, str], ...]) -> None:
        screen = self._screen
        screen.at(screen.rows - 3, 0, f"{REVERSE}{question[: screen.columns - 1]:<{screen.columns}}{OFF}")
        width = screen.columns // 4
        for row in (0, 1):
            shown = keys[row::2]
            line = "".join(f"{REVERSE}{key}{OFF} {name:<{width - 3}}" for key, name in shown)
            screen.at(screen.rows - 2 + row, 0, line + CLEAR_LINE)

    def _draw(self) -> Work:
        screen, text = self._screen, self._text
        rows, columns = screen.rows - 4, screen.columns
        if not text.top <= text.row < text.top + rows:
            text.top = max(0, text.row - rows // 2)
        screen.put("\x1b[?25l")
        screen.at(0, 0, self._title(columns))
        cursor = screen_column(text.line, text.column)
        shift = 0 if cursor < columns - 1 else cursor // (columns - 8) * (columns - 8)
        for row in range(rows):
            at = text.top + row
            line = drawn(text.lines[at]) if at < len(text.lines) else ""
            start = shift if at == text.row else 0
            shown = line[start : start + columns]
            screen.at(row + 1, 0, ("<" + shown[1:] if start else shown)[:columns] + CLEAR_LINE)
            self._context.spend(20)
        screen.at(rows + 1, 0, CLEAR_LINE)
        if self._message:
            screen.at(
                rows + 1,
                max(0, (columns - len(self._message)) // 2),
                f"{REVERSE}{self._message[:columns]}{OFF}",
            )
        self._draw_help(columns)
        screen.at(text.row - text.top + 1, cursor - shift)
        screen.put("\x1b[?25h")
        yield from screen.show()

    def _title(self, columns: int) -> str:
        text = self._text
        name = text.path or "New Buffer"
        left = f"  GNU nano {self._version}"
        middle = name + (" *" if text.is_changed else "")
        at = max(len(left) + 2, (columns - len(name)) // 2)
        return (
            f"{REVERSE}{left}{' ' * (at - len(left))}{middle}{' ' * max(0, columns - at - len(middle))}{OFF}"
        )

    def _draw_help(self, columns: int) -> None:
        count = min(len(HELP), max(1, columns // 13))
        width = columns // count
        for row in (0, 1):
            line = "".join(
                f"{REVERSE}{pair[row][0]}{OFF} {pair[row][1]:<{width - 3}}" for pair in HELP[:count]
            )
            self._screen.at(self._screen.rows - 2 + row, 0, line + CLEAR_LINE)
