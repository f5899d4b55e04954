"""The script of sed: addresses, commands, and the errors of GNU sed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ..regex import BadRegex, Regex, Spend, Syntax
from .sed_text import ESCAPES, letters_of, replacement_of, unescaped

MOST_COMMANDS = 2000


class BadScript(Exception):
    """A script that does not parse; the message begins with its place (`-e expression #1, char 3: ...`)."""


@dataclass
class Address:
    """A condition: line (number), last, regex (None: the last one used), step (number~step), plus,
    multiple."""

    kind: str
    number: int = 0
    step: int = 0
    regex: Regex | None = None


@dataclass
class Command:
    """One command. `text` is an argument; `target` the index of a jump or of the end of a block."""

    name: str
    first: Address | None = None
    second: Address | None = None
    negated: bool = False
    text: str = ""
    target: int = -1
    regex: Regex | None = None
    replacement: list[tuple[str, str]] = field(default_factory=list)
    flags: str = ""
    number: int = 0
    active: bool = False
    until: int = -1


class Script:
    """Parses all expressions; `commands` is the program, `quiet` whether it began with `#n`. `applet`: as
    BusyBox's, with strings for `y` of different lengths, no cases in replacements, open blocks at the end."""

    def __init__(
        self, parts: list[tuple[str, str]], syntax: Syntax, spend: Spend, *, applet: bool = False
    ) -> None:
        self._applet = applet
        self._parts = parts
        self._text = "\n".join(text for _, text in parts)
        self._syntax, self._spend = syntax, spend
        self._at = 0
        self.commands: list[Command] = []
        self._blocks: list[tuple[int, int]] = []
        self._labels: dict[str, int] = {}
        self.quiet = self._text.startswith("#n\n") or self._text == "#n"
        while self._skip(" \t\n;"):
            spend(5)
            self._command()
        while self._applet and len(self._blocks) == 1:
            self.commands[self._blocks.pop()[0]].target = len(self.commands)
        if self._blocks and self._applet:
            raise BadScript("unterminated {")
        if self._blocks:
            raise BadScript(f"{self._place(0)}unmatched `{{'")
        for command in self.commands:
            if command.name in "btT" and command.text:
                if command.text not in self._labels:
                    raise BadScript(f"can't find label for jump to `{command.text}'")
                command.target = self._labels[command.text]

    def _place(self, at: int | None = None) -> str:
        """Where the parser is, as GNU sed reports it."""
        position = self._at if at is None else at
        for number, (name, text) in enumerate(self._parts, 1):
            if position <= len(text) or number == len(self._parts):
                if name:
                    return f"file {name} line {text.count(chr(10), 0, position) + 1}: "
                return f"-e expression #{number}, char {min(position, len(text)) if at is None else at}: "
            position -= len(text) + 1
        return ""

    def _fail(self, message: str) -> BadScript:
        return BadScript(self._place() + message)

    def _skip(self, characters: str) -> bool:
        """Skip these; whether there is more."""
        while self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1
        return self._at < len(self._text)

    def _next(self) -> str:
        char = self._text[self._at : self._at + 1]
        self._at += 1
        return char

    def _command(self) -> None:
        first = self._address()
        second = None
        if first is not None:
            self._skip(" \t")
            if self._text.startswith(",", self._at):
                self._at += 1
                self._skip(" \t")
                second = self._address(after=True)
                if second is None:
                    raise self._after("unexpected `,'")
        zero = first is not None and first.kind == "line" and first.number == 0
        if zero and (second is None or second.kind != "regex"):
            raise self._after("invalid usage of line address 0", 1)
        self._skip(" \t")
        negated = False
        while self._text.startswith("!", self._at):
            negated = True
            self._at += 1
            self._skip(" \t")
        name = self._next()
        if not name or name in "\n;":
            self._at -= 0 if name else 1
            raise (
                self._fail("missing command")
                if first or not name
                else self._fail(f"unknown command: `{name}'")
            )
        self._body(Command(name, first, second, negated))

    def _after(self, message: str, more: int = 1) -> BadScript:
        self._at += more
        return self._fail(message)

    def _address(self, *, after: bool = False) -> Address | None:
        char = self._text[self._at : self._at + 1]
        if char.isdecimal() and char.isascii():
            number = self._number()
            if self._text.startswith("~", self._at):
                self._at += 1
                return Address("step", number, self._number())
            return Address("line", number)
        if char in ("+", "~") and after and self._text[self._at + 1 : self._at + 2].isdecimal():
            self._at += 1
            return Address("plus" if char == "+" else "multiple", self._number())
        if char == "$":
            self._at += 1
            return Address("last")
        if char in ("/", "\\") and char:
            self._at += 1 if char == "/" else 2
            closing = self._text[self._at - 1 : self._at]
            pattern = self._delimited(closing, regex=True)
            if pattern is None:
                raise self._fail("unterminated address regex")
            flags = ""
            while self._text[self._at : self._at + 1] in ("I", "M") and self._at < len(self._text):
                flags += self._next()
            return Address("regex", regex=self._compiled(pattern, flags))
        return None

    def _number(self) -> int:
        start = self._at
        while self._text[self._at : self._at + 1] in tuple("0123456789"):
            self._at += 1
        return int(self._text[start : self._at][:15] or "0")

    def _delimited(self, closing: str, *, regex: bool) -> str | None:
        """The text up to the delimiter; None if there is none. An escaped delimiter stands for itself."""
        out: list[str] = []
        while self._at < len(self._text):
            char = self._next()
            if char == closing:
                return "".join(out)
            if char == "\n" and regex:
                return None
            if char == "[" and regex:
                out.append(self._set())
                continue
            if char == "\\" and self._at < len(self._text):
                following = self._next()
                if following == closing:
                    out.append(following)
                elif following == "n" and regex:
                    out.append("\n")
                else:
                    out.append("\\" + following)
            else:
                out.append(char)
        self._at = len(self._text)
        return None

    def _set(self) -> str:
        """A set of a pattern: the delimiter is a character like others in it."""
        text, start = self._text, self._at
        at = start + text.startswith("^", start)
        at += text.startswith("]", at)
        while at < len(text) and text[at] != "]":
            inner = text[at : at + 2]
            end = text.find(inner[1] + "]", at + 2) if inner in ("[:", "[.", "[=") else -1
            at = end + 2 if end >= 0 else at + 1
        self._at = at + 1
        return "[" + text[start : at + 1].replace("\\n", "\n")

    def _compiled(self, pattern: str, flags: str) -> Regex | None:
        if not pattern:
            return None
        old = self._syntax
        syntax = Syntax(
            old.extended, fold="I" in flags or "i" in flags, multiline="M" in flags or "m" in flags
        )
        try:
            return Regex(unescaped(pattern, regex=True), syntax, self._spend)
        except BadRegex as error:
            raise self._fail(str(error)) from None

    def _body(self, command: Command) -> None:
        name = command.name
        if len(self.commands) > MOST_COMMANDS:
            raise self._fail("memory exhausted")
        if command.second and name in "qQ":
            raise self._fail("command only uses one address")
        readers: dict[str, Callable[[Command], None]] = {
            "{": self._open, "}": self._close, "#": self._comment, ":": self._label, "s": self._substitute,
            "y": self._translate,
        }  # fmt: skip
        if name in readers:
            readers[name](command)
        elif name in "aic":
            self._added(command)
        elif name in "btT":
            self._skip(" \t")
            command.text = self._until(";\n").strip()
            self.commands.append(command)
        elif name in "rRwW":
            self._skip(" \t")
            command.text = self._until("\n")
            if not command.text:
                raise self._fail("missing filename in r/R/w/W commands")
            self.commands.append(command)
        elif name in "e":
            self._skip(" \t")
            command.text = self._until("\n")
            self.commands.append(command)
        elif name in "=dDgGhHlnNpPqQxzFv":
            self._plain(command)
        else:
            raise self._fail(f"unknown command: `{name}'")

    def _plain(self, command: Command) -> None:
        self._skip(" \t")
        if command.name in "qQlL" and self._text[self._at : self._at + 1].isdecimal():
            command.number = self._number()
            command.flags = "n"
        if command.name == "v":
            self._until(";\n")
        self.commands.append(command)
        self._end()

    def _end(self) -> None:
        """After a command: the end of the line, `;`, `}` or a comment."""
        self._skip(" \t\r")
        char = self._text[self._at : self._at + 1]
        if char in (";", "\n"):
            self._at += 1
        elif char not in ("", "}", "#"):
            raise self._after("extra characters after command")

    def _until(self, stops: str) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in stops:
            self._at += 1
        return self._text[start : self._at]

    def _open(self, command: Command) -> None:
        self._blocks.append((len(self.commands), self._at))
        self.commands.append(command)

    def _close(self, command: Command) -> None:
        if not self._blocks:
            raise self._fail("unexpected `}'")
        if command.first:
            raise self._fail("} doesn't want any addresses")
        self.commands[self._blocks.pop()[0]].target = len(self.commands)
        self._end()

    def _comment(self, command: Command) -> None:
        if command.first:
            raise self._fail("comments don't accept any addresses")
        self._until("\n")

    def _label(self, command: Command) -> None:
        if command.first:
            raise self._fail(": doesn't want any addresses")
        self._skip(" \t")
        label = self._until("\n;").strip()
        if not label:
            raise self._fail('":" lacks a label')
        self._labels[label] = len(self.commands)

    def _added(self, command: Command) -> None:
        """The text of a, i or c: after `\\` and a newline, or on the same line."""
        self._skip(" \t")
        if self._at >= len(self._text):
            raise self._fail("expected \\ after `a', `c' or `i'")
        if self._text[self._at] == "\\":
            self._at += 1
            before = self._at
            self._skip(" \t")
            self._at = self._at + 1 if self._text.startswith("\n", self._at) else before
        out = ""
        while self._at < len(self._text) and self._text[self._at] != "\n":
            char = self._next()
            if char == "\\" and self._at < len(self._text):
                char = self._next()
                char = ESCAPES.get(char, char)
            out += char
        self._at += 1
        command.text = out + "\n" if out or self._at <= len(self._text) else ""
        self.commands.append(command)

    def _translate(self, command: Command) -> None:
        closing = self._next()
        source = self._delimited(closing, regex=False)
        target = self._delimited(closing, regex=False) if source is not None else None
        if source is None or target is None:
            raise self._fail("unterminated `y' command")
        left, right = letters_of(source), letters_of(target)
        if len(left) != len(right) and not self._applet:
            raise self._fail("strings for `y' command are different lengths")
        command.replacement = list(zip(left, right, strict=False))
        self.commands.append(command)
        self._end()

    def _substitute(self, command: Command) -> None:
        closing = self._next()
        pattern = self._delimited(closing, regex=True) if closing not in ("", "\n", "\\") else None
        target = self._delimited(closing, regex=False) if pattern is not None else None
        if pattern is None or target is None:
            raise self._fail("unterminated `s' command")
        self._flags(command)
        command.regex = self._compiled(pattern, command.flags)
        command.replacement = replacement_of(target, cases=not self._applet)
        most = max((int(text) for kind, text in command.replacement if kind == "group"), default=0)
        if command.regex is not None and most > command.regex.groups:
            raise self._fail(f"invalid reference \\{most} on `s' command's RHS")
        self.commands.append(command)

    def _flags(self, command: Command) -> None:
        while True:
            char = self._next()
            if char in ("p", "g") and char in command.flags:
                raise self._fail(f"multiple `{char}' options to `s' command")
            if char and char in "gpiImMe":
                command.flags += char
            elif char and char in "0123456789":
                if command.number:
                    raise self._fail("multiple number options to `s' command")
                self._at -= 1
                command.number = self._number()
                if not command.number:
                    raise self._fail("number option to `s' command may not be zero")
            elif char == "w":
                self._skip(" \t")
                command.text = self._until("\n")
                if not command.text:
                    raise self._fail("missing filename in r/R/w/W commands")
            elif char in ("", "\n", ";"):
                return
            elif char in "}#":
                self._at -= 1
                return
            elif char not in " \t\r":
                raise self._fail("unknown option to `s'")
