"""sed's commands on the pattern space, the hold space and files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..process import Process
from ..regex import Regex, Spans
from .common import Failure, Options, bytes_of, content, text_of
from .sed_script import Address, Command

MOST_SPACE = 256 * 1024
"""Characters in the pattern space or the hold space."""
MOST_WRITTEN = 1024 * 1024


@dataclass
class Editor:
    """One run: the spaces, the input that is left, and what is printed later."""

    process: Process
    options: Options
    commands: list[Command]
    quiet: bool
    separator: str
    lines: Iterator[tuple[str, bool, str]]
    write: Callable[[str], None]
    ahead: tuple[str, bool, str] | None = None
    space: str = ""
    hold: str = ""
    number: int = 0
    name: str = "-"
    ended: bool = True
    """Whether the current line had an end in its file."""
    substituted: bool = False
    later: list[tuple[str, str]] = field(default_factory=list)
    """What follows the current line: text, or (read, path)."""
    files: dict[str, str] = field(default_factory=dict)
    read: dict[str, list[str]] = field(default_factory=dict)
    regex: Regex | None = None
    status: int = 0
    leaving: str = ""
    owes: bool = False
    """Whether what was printed last has no end yet, as its file has none."""

    def next_line(self) -> bool:
        """Take the next line into the pattern space; False at the end."""
        if self.ahead is None:
            return False
        self.space, self.ended, self.name = self.ahead
        self.number += 1
        self.ahead = next(self.lines, None)
        self.process.spend(6)
        return True

    def print(self, text: str) -> None:
        """Print; a line without its end gets it first."""
        self.write(self.separator + text if self.owes else text)
        self.owes = False

    def show(self, text: str) -> None:
        """Print a line, with its end unless the file's last line has none."""
        self.print(text + self.separator if self.ended else text)
        self.owes = not self.ended

    def grown(self, text: str) -> str:
        """Bound the size of a space. Raises Failure."""
        if len(text) > MOST_SPACE:
            raise Failure("couldn't re-allocate memory: Cannot allocate memory", 4)
        self.process.spend(len(text) // 32)
        return text


def flush(editor: Editor) -> None:
    """Print what `a`, `r` and `R` have put after the line."""
    for kind, text in editor.later:
        if kind == "text":
            editor.print(text)
            continue
        try:
            editor.print(text_of(content(editor.process, text)))
        except Failure:
            continue
    editor.later.clear()


def _matches(editor: Editor, address: Address) -> bool:
    if address.kind == "line":
        return editor.number == address.number
    if address.kind == "last":
        return editor.ahead is None
    if address.kind == "step":
        if address.step <= 0:
            return editor.number == address.number
        return editor.number >= address.number and (editor.number - address.number) % address.step == 0
    regex = _regex(editor, address.regex)
    return regex.test(editor.space)


def _regex(editor: Editor, regex: Regex | None) -> Regex:
    chosen = regex or editor.regex
    if chosen is None:
        raise Failure("-e expression #1, char 0: no previous regular expression")
    editor.regex = chosen
    return chosen


def selected(editor: Editor, command: Command) -> bool:
    """Whether the addresses of a command fit the current line."""
    first, second = command.first, command.second
    if first is None:
        return True
    if second is None:
        return _matches(editor, first)
    if command.active:
        return _continues(editor, command, second)
    from_zero = first.kind == "line" and first.number == 0
    if from_zero and command.until == -1:
        command.active, command.until = True, -2
        return _continues(editor, command, second)
    if not _matches(editor, first):
        return False
    if second.kind == "line":
        command.active = second.number > editor.number
    elif second.kind == "plus":
        command.until = editor.number + second.number
        command.active = second.number > 0
    elif second.kind == "multiple":
        step = max(1, second.number)
        command.until = -(-editor.number // step) * step
        command.active = command.until > editor.number
    else:
        command.active = second.kind != "last" or editor.ahead is not None
    return True


def _continues(editor: Editor, command: Command, second: Address) -> bool:
    """Whether a range that has begun holds for this line; it may end here."""
    if second.kind in ("line", "plus", "multiple"):
        end = second.number if second.kind == "line" else command.until
        command.active = editor.number < end
        if editor.number > end and second.kind == "line" and command.first is not None:
            command.active = False
            return _matches(editor, command.first)
        return True
    command.active = not _matches(editor, second)
    return True


def perform(editor: Editor, command: Command) -> str:
    """Do one command; "" to continue, or how the cycle ends: delete, restart, quit."""
    name = command.name
    if name in SIMPLE:
        SIMPLE[name](editor)
    elif name == "s":
        _substitute(editor, command)
    elif name == "y":
        table = {ord(source): target for source, target in reversed(command.replacement)}
        editor.space = editor.space.translate(table)
    elif name in "aic":
        return _add_text(editor, command)
    elif name in "nN":
        return _more(editor, name)
    elif name == "d" or (name == "D" and "\n" not in editor.space):
        return "delete"
    elif name == "D":
        editor.space = editor.space.split("\n", 1)[1]
        return "restart"
    elif name in "qQ":
        editor.status, editor.leaving = command.number, name
        return "quit" if name == "q" else "delete"
    elif name == "l":
        _show_all(editor, command)
    else:
        _use_file(editor, command)
    return ""


def _add_text(editor: Editor, command: Command) -> str:
    if command.name == "a":
        editor.later.append(("text", command.text))
    elif command.name == "i":
        editor.print(command.text)
    else:
        if not command.active or command.second is None or command.negated:
            editor.print(command.text)
        return "delete"
    return ""


def _more(editor: Editor, name: str) -> str:
    if editor.ahead is None:
        if name == "n" or "posix" not in editor.options:
            editor.leaving = "n"
            return "quit"
        return "delete"
    if name == "n":
        if not editor.quiet:
            editor.show(editor.space)
        flush(editor)
        editor.next_line()
    else:
        before = editor.space
        flush(editor)
        editor.next_line()
        editor.space = editor.grown(before + editor.separator + editor.space)
    return ""


def _use_file(editor: Editor, command: Command) -> None:
    path = command.text
    if command.name == "r":
        editor.later.append(("read", path))
    elif command.name == "R":
        if path not in editor.read:
            try:
                editor.read[path] = text_of(content(editor.process, path)).split("\n")[::-1]
            except Failure:
                editor.read[path] = []
        lines = editor.read[path]
        if len(lines) > 1 or (lines and lines[0]):
            editor.later.append(("text", lines.pop() + "\n"))
    elif command.name in "wW":
        _write(editor, path, editor.space if command.name == "w" else editor.space.split("\n")[0])


def _write(editor: Editor, path: str, text: str) -> None:
    if path in ("/dev/stdout", "/dev/stderr"):
        (editor.print if path.endswith("out") else editor.process.err)(text + "\n")
        return
    if len(editor.files.get(path, "")) + len(text) > MOST_WRITTEN or len(editor.files) > 50:
        raise Failure(f"couldn't write {len(text)} items to {path}: No space left on device", 4)
    editor.files[path] = editor.files.get(path, "") + text + "\n"


def _show_all(editor: Editor, command: Command) -> None:
    width = command.number if command.flags else int(editor.options.value("l", "70")[:6] or "70")
    out: list[str] = []
    for char in editor.space:
        named = {
            "\\": "\\\\",
            "\a": "\\a",
            "\b": "\\b",
            "\f": "\\f",
            "\n": "\\n",
            "\r": "\\r",
            "\t": "\\t",
            "\v": "\\v",
        }
        plain = " " <= char <= "~"
        out += (
            [named[char]]
            if char in named
            else [char]
            if plain
            else [f"\\{byte:03o}" for byte in bytes_of(char)]
        )
    line = ""
    for piece in out:
        if width > 1 and len(line) + len(piece) > width - 1:
            editor.print(line + "\\\n")
            line = ""
        line += piece
    editor.print(line + "$\n")


def _substitute(editor: Editor, command: Command) -> None:
    regex, text = _regex(editor, command.regex), editor.space
    wanted = command.number or 1
    every = "g" in command.flags
    groups = any(kind == "group" and value != "0" for kind, value in command.replacement)
    out: list[str] = []
    at, count, last, done = 0, 0, -1, 0
    size = 0
    while at <= len(text):
        spans = regex.search(text, at, groups=groups)
        editor.process.spend(6)
        if spans is None:
            break
        start, end = spans[0]
        if start == end == last:
            out.append(text[at : start + 1])
            at, last = start + 1, -1
            continue
        count += 1
        out.append(text[at:start])
        if count >= wanted:
            out.append(_replaced(command.replacement, text, spans))
            size += len(out[-1])
            editor.substituted = True
            done += 1
        else:
            out.append(text[start:end])
        if size > MOST_SPACE:
            raise Failure("couldn't re-allocate memory: Cannot allocate memory", 4)
        at = last = end
        if start == end:
            out.append(text[at : at + 1])
            at, last = at + 1, -1
        if done and not every:
            break
    if not done:
        return
    editor.space = editor.grown("".join(out) + text[at:])
    if "p" in command.flags:
        editor.show(editor.space)
    if command.text:
        _write(editor, command.text, editor.space)


def _replaced(parts: list[tuple[str, str]], text: str, spans: Spans) -> str:
    out, lasting, once = "", "", ""
    for kind, value in parts:
        if kind == "case":
            if value in "ULE":
                lasting, once = value.replace("E", ""), ""
            else:
                once = value
            continue
        piece = (
            value if kind == "text" else text[slice(*spans[int(value)])] if spans[int(value)][0] >= 0 else ""
        )
        if not piece:
            continue
        piece = piece.upper() if lasting == "U" else piece.lower() if lasting == "L" else piece
        if once:
            piece = (piece[0].upper() if once == "u" else piece[0].lower()) + piece[1:]
            once = ""
        out += piece
    return out


def _number_line(editor: Editor) -> None:
    editor.print(f"{editor.number}\n")


def _set(name: str) -> Callable[[Editor], None]:
    def change(editor: Editor) -> None:
        space, hold = editor.space, editor.hold
        editor.space = {"g": hold, "x": hold, "z": ""}.get(name, space)
        editor.hold = {"h": space, "x": space}.get(name, hold)
        if name == "G":
            editor.space = editor.grown(space + "\n" + hold)
        elif name == "H":
            editor.hold = editor.grown(hold + "\n" + space)

    return change


SIMPLE: dict[str, Callable[[Editor], None]] = {
    "=": _number_line,
    "p": lambda editor: editor.show(editor.space),
    "P": lambda editor: editor.print(editor.space.split("\n")[0] + "\n"),
    "F": lambda editor: editor.print(editor.name + "\n"),
    "v": lambda editor: None,
    **{name: _set(name) for name in "gGhHxz"},
}
