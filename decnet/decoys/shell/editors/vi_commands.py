# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""What vi keeps while it runs, and the commands behind its colon."""

from __future__ import annotations

import re

from ..limits import OutOfWork
from ..regex import BadRegex, Regex, Syntax
from ..state import Shell
from .text import MOST_COLUMNS, Text

COMMAND = re.compile(
    r"\s*(%|(?:\d{1,7}|[.$])(?:\s*,\s*(?:\d{1,7}|[.$]))?)?\s*([a-z]*|=|!)(!?)\s*(.*)", re.DOTALL
)
MOST_MATCHES = 20_000


class State:
    """The files, the mode, the last message."""

    def __init__(self, shell: Shell, texts: list[Text]) -> None:
        self.shell = shell
        self.texts = texts
        self.number = 0
        self.mode = "normal"
        self.message = ""
        self.is_over = self.is_read_only = self.shows_numbers = False
        self.command: list[str] | None = None
        """What is to be run outside of the editor."""
        self.register: tuple[str, bool] = ("", False)
        """What was deleted or yanked, and whether it is whole lines."""
        self._pattern, self._backwards = "", False

    @property
    def text(self) -> Text:
        """The current file."""
        return self.texts[self.number]

    def settle(self) -> None:
        """The cursor is on a character; in insert mode it may be behind the last one."""
        text = self.text
        text.row = max(0, min(text.row, len(text.lines) - 1))
        most = len(text.line) - (self.mode == "normal")
        text.column = max(0, min(text.column, most))

    def opened(self) -> str:
        """The message about a file that was opened."""
        text = self.text
        if not text.path:
            return ""
        if text.problem:
            return (
                f'"{text.path}" [Permission Denied]'
                if text.problem == "Permission denied"
                else f'"{text.path}" {text.problem}'
            )
        if text.is_new:
            folder = self.shell.node(self.shell.absolute(text.path).rpartition("/")[0] or "/")
            return f'"{text.path}" [New{" DIRECTORY" if folder is None else ""}]'
        locked = "[readonly] " if self.is_read_only or not text.writable else ""
        return f'"{text.path}" {locked}{_size(text)}'

    def search(self, pattern: str, *, backwards: bool) -> None:
        """Go to the next match, around the end of the file."""
        self._pattern, self._backwards = pattern or self._pattern, backwards
        self.search_again(reverse=False)

    def search_again(self, *, reverse: bool) -> None:
        """`n` and `N`."""
        backwards = self._backwards != reverse
        if not self._pattern:
            self.message = "E35: No previous regular expression"
            return
        try:
            place = self._found(Regex(self._pattern, Syntax()), backwards=backwards)
        except (BadRegex, OutOfWork):
            place = None
        if place is None:
            self.message = f"E486: Pattern not found: {self._pattern}"
            return
        ahead = place > (self.text.row, self.text.column)
        self.text.move_to(*place)
        if backwards == ahead:
            self.message = (
                f"search hit {'TOP, continuing at BOTTOM' if backwards else 'BOTTOM, continuing at TOP'}"
            )
        else:
            self.message = ("?" if backwards else "/") + self._pattern

    def _found(self, regex: Regex, *, backwards: bool) -> tuple[int, int] | None:
        text, here = self.text, (self.text.row, self.text.column)
        places: list[tuple[int, int]] = []
        for row, line in enumerate(text.lines):
            if regex.test(line):
                places += [(row, start) for start, _ in regex.matches(line)]
            if len(places) > MOST_MATCHES:
                break
        if not places:
            return None
        if backwards:
            return next((each for each in reversed(places) if each < here), places[-1])
        return next((each for each in places if each > here), places[0])


def _size(text: Text) -> str:
    content = text.content()
    return f"{content.count(10)}L, {len(content)}B"


class Commands:
    """The commands behind the colon."""

    def __init__(self, state: State) -> None:
        self._state = state

    def run(self, typed: str) -> None:
        """Execute one."""
        state, found = self._state, COMMAND.fullmatch(typed)
        if not found or not typed.strip():
            return
        where, name, bang, rest = found[1] or "", found[2], bool(found[3]), found[4]
        if name.startswith("s") and name not in ("se", "set", "sh", "shell", "su", "split", "sp"):
            self._substitute(where, typed[found.start(2) + 1 :])
        elif not name:
            state.text.move_to(self._lines(where)[1], 0)
        elif name in ("w", "wr", "write", "wq", "x", "xit", "exit", "wa", "wqa", "xa"):
            self._write(name, bang, rest)
        elif name in ("q", "quit", "qa", "qall", "cq"):
            self._quit(bang)
        elif name in ("e", "ed", "edit", "n", "next", "N", "prev", "bn", "bp"):
            self._edit(name, bang, rest)
        elif name in ("d", "de", "delete"):
            self._delete(where)
        elif name in ("se", "set"):
            self._set(rest)
        elif name in ("f", "file", "u", "undo", "r", "read", "noh", "nohlsearch", "syntax", "syn"):
            self._small(name, rest)
        elif name in ("!", "sh", "shell"):
            state.command = [state.shell.world.system.shell] if name != "!" else ["sh", "-c", rest]
        else:
            state.message = f"E492: Not an editor command: {typed.strip()}"

    def _lines(self, where: str) -> tuple[int, int]:
        """The first and the last line of a range, from 0."""
        text = self._state.text
        last = len(text.lines) - 1
        if where == "%":
            return 0, last
        numbers = [
            last if part == "$" else text.row if part in (".", "") else min(last, max(0, int(part) - 1))
            for part in (each.strip() for each in where.split(","))
        ]
        return min(numbers), max(numbers)

    def _write(self, name: str, bang: bool, path: str) -> None:
        state, text = self._state, self._state.text
        quits = name not in ("w", "wr", "write", "wa")
        if not (path or text.path):
            state.message = "E32: No file name"
            return
        if name in ("x", "xit", "exit", "xa") and not text.is_changed and not path:
            state.is_over = True
            return
        if state.is_read_only and not bang:
            state.message = "E45: 'readonly' option is set (add ! to override)"
            return
        if (
            path
            and path != text.path
            and state.shell.node(state.shell.absolute(path)) is not None
            and not bang
        ):
            state.message = "E13: File exists (add ! to override)"
            return
        is_new = state.shell.node(state.shell.absolute(path or text.path)) is None
        reason = text.save(path)
        if reason:
            state.message = (
                "E212: Can't open file for writing"
                if reason != "No space left on device"
                else "E514: Write error (file system full?)"
            )
            return
        text.path = text.path or path
        state.message = f'"{path or text.path}" {"[New] " if is_new else ""}{_size(text)} written'
        text.is_changed = False
        state.is_over = quits

    def _quit(self, bang: bool) -> None:
        state = self._state
        if state.text.is_changed and not bang:
            state.message = "E37: No write since last change (add ! to override)"
        elif state.number + 1 < len(state.texts) and not bang:
            left = len(state.texts) - state.number - 1
            state.message = f"E173: {left} more file{'s' if left > 1 else ''} to edit"
        else:
            state.is_over = True

    def _edit(self, name: str, bang: bool, path: str) -> None:
        state = self._state
        if state.text.is_changed and not bang:
            state.message = "E37: No write since last change (add ! to override)"
            return
        if name[0] == "e":
            if not (path or state.text.path):
                state.message = "E32: No file name"
                return
            state.texts[state.number] = Text(state.shell, path or state.text.path)
        else:
            step = 1 if name in ("n", "next", "bn") else -1
            if not 0 <= state.number + step < len(state.texts):
                state.message = (
                    "E165: Cannot go beyond last file" if step > 0 else "E164: Cannot go before first file"
                )
                return
            state.number += step
        state.message = state.opened()

    def _delete(self, where: str) -> None:
        text = self._state.text
        first, last = self._lines(where)
        text.remember()
        removed = text.remove_lines(first, last)
        self._state.register = ("\n".join(removed), True)
        if len(removed) > 2:
            self._state.message = f"{len(removed)} fewer lines"

    def _set(self, rest: str) -> None:
        state = self._state
        for word in rest.split():
            if word in ("nu", "number", "nonu", "nonumber"):
                state.shows_numbers = not word.startswith("no")
            elif word.strip("!?") and not word.replace("=", "").replace(":", "").isalnum():
                state.message = f"E518: Unknown option: {word}"

    def _small(self, name: str, rest: str) -> None:
        state, text = self._state, self._state.text
        if name in ("f", "file"):
            changed = " [Modified]" if text.is_changed else ""
            state.message = f'"{text.path or "[No Name]"}"{changed} line {text.row + 1} of {len(text.lines)} --{(text.row + 1) * 100 // len(text.lines)}%-- col {text.column + 1}'
        elif name in ("u", "undo"):
            state.message = "" if text.undo() else "Already at oldest change"
        elif name in ("r", "read"):
            other = Text(state.shell, rest)
            if not rest or other.is_new or other.problem:
                state.message = f"E484: Can't open file {rest}"
                return
            text.remember()
            text.insert_lines(text.row + 1, other.lines)
            text.move_to(text.row + 1, 0)

    def _substitute(self, where: str, rest: str) -> None:
        state, text = self._state, self._state.text
        sign = rest[:1]
        parts = re.split(rf"(?<!\\){re.escape(sign)}", rest[1:]) if sign and not sign.isalnum() else []
        if not parts:
            state.message = "E33: No previous substitute regular expression"
            return
        pattern, new, flags = (*parts, "", "")[:3]
        try:
            regex = Regex(pattern, Syntax(fold="i" in flags))
            first, last = self._lines(where)
            text.remember()
            count, row = 0, -1
            for at in range(first, last + 1):
                changed, times = _replaced(regex, text.lines[at], new, everywhere="g" in flags)
                if times:
                    text.set_line(changed, at)
                    count, row = count + times, at
        except (BadRegex, OutOfWork):
            count, row = 0, -1
        if row < 0:
            state.message = f"E486: Pattern not found: {pattern}"
            return
        text.move_to(row, 0)
        if count > 2:
            state.message = f"{count} substitutions on {last - first + 1} line{'s' if last > first else ''}"


def _replaced(regex: Regex, line: str, new: str, *, everywhere: bool) -> tuple[str, int]:
    """The line after `s/old/new/`, and how often."""
    out, at, count, size = [], 0, 0, 0
    for start, end in regex.matches(line):
        piece = _filled(new, line[start:end])
        out += [line[at:start], piece]
        size += len(piece)
        at, count = end, count + 1
        if size > MOST_COLUMNS:
            raise OutOfWork
        if not everywhere:
            break
    return "".join(out) + line[at:], count


def _filled(new: str, matched: str) -> str:
    """The new text of a substitution: `&` is what matched."""
    return re.sub(r"&|\\(.)", lambda found: matched if found[0] == "&" else found[1], new)
