# ruff: noqa: E501 (tables)
"""One run of a Perl program: its variables, its output, and how its trees are evaluated."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

from ..process import Process
from .lexer import Lexer
from .parser import Parser, Tree
from .values import MOST_HELD, Code, Died, Handle, Jump, check, text_of, truth

Value = Generator[Any, Any, Any]
DEEPEST = 45
"""Subroutines inside of each other."""
EVALUATES: dict[str, Callable[[Machine, Tree], Value]] = {}
"""Values of trees by their kinds: one value, or a list for those in LISTS."""
FUNCTIONS: dict[str, Callable[..., Any]] = {}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "e": "\x1b", "f": "\f"}


class Machine:
    """`name`: of the program, for messages. `arguments` is `@ARGV`."""

    def __init__(self, process: Process, name: str, arguments: list[str], version: str) -> None:
        self.process, self.name, self.version = process, name, version
        self.scopes: list[dict[str, Any]] = [{}]
        self.globals: dict[str, Any] = self.scopes[0]
        environment: Any = dict(process.shell.environment())
        self.globals |= {
            "@ARGV": list(arguments), "%ENV": environment, "$0": name, "$,": None, "$\\": None, "$/": "\n", "$;": "\x1c", "$@": "",
            "$!": "", "$$": process.pid or process.shell.pid, "$_": None, "@INC": ["/etc/perl"], "$]": _decimal(version), "$|": 0, "$?": 0,
            "$^V": f"v{version}", "$^O": "linux", "$^X": "/usr/bin/perl", "$^T": int(time.time()), "$^W": 0,
            "$<": _own_id(process), "$>": _own_id(process),
        }  # fmt: skip
        self.subroutines: dict[str, Code] = {}
        self.begins: list[Any] = []
        self.ends: list[Any] = []
        """The blocks of BEGIN and END."""
        self.handles: dict[str, Handle] = {}
        self.line, self.depth, self.strict = 1, 0, False
        self.groups: list[str | None] = []
        self._held, self._output = 0, bytearray()
        self.many = False

    # Output and input

    def print(self, text: str) -> None:
        """Write to the standard output, which is kept back unless it is a terminal."""
        data = text.encode("utf-8", "surrogateescape")
        if self.process.to_terminal or truth(self.globals["$|"]):
            self.flush()
            self.process.out(data)
            return
        self._output += data
        if len(self._output) > 8192:
            self.flush()

    def flush(self) -> None:
        """Write what was kept back."""
        data, self._output = bytes(self._output), bytearray()
        self.process.out(data)

    def input_line(self) -> Value:
        """The next line of the standard input, None at its end."""
        from ..descriptors import Stream

        context = self.process.context
        if context is None:
            head, newline, self.process.input = self.process.given.partition(b"\n")
            return (head + newline).decode("utf-8", "surrogateescape") or None
        source = context.fds.get(0)
        data = (yield from context.read_line(source)) if isinstance(source, Stream) else b""
        check(len(data))
        return data.decode("utf-8", "surrogateescape") or None

    def charge(self, size: int) -> None:
        """Account for bytes that a value needs. Raises MemoryError."""
        check(size)
        if size >= 64:
            self._held += size
            self.process.spend(size // 64)
            if self._held > MOST_HELD:
                raise MemoryError

    def die(self, text: str, line: int = 0) -> Died:
        """An error with the place in the program."""
        return Died(f"{text} at {self.name} line {line or self.line}.\n")

    # Variables

    def place(self, key: str) -> dict[str, Any]:
        """Where a variable is kept: the innermost scope that has it, else the global ones."""
        found: dict[str, Any] = next((each for each in reversed(self.scopes) if key in each), self.globals)
        return found

    def container(self, sigil: str, name: str) -> Any:
        """The list or dictionary of a variable, made if there is none."""
        place = self.place(sigil + name)
        if sigil + name not in place:
            place[sigil + name] = [] if sigil == "@" else {}
        return place[sigil + name]

    # Trees

    def value(self, tree: Tree) -> Value:
        """One value."""
        kind = tree[0]
        if kind in ("string", "number"):
            return tree[1]
        found = yield from self._evaluated(tree)
        if kind in (
            "list",
            "slice",
            "each",
            "function",
            "call",
            "arrow-call",
            "method",
            "do",
            "eval",
            "binary",
            "if-else",
            "my",
            "assign",
        ):
            return (found[-1] if found else None) if type(found) is _List else found
        if kind == "variable" and tree[1] in "@%" or kind == "dereference" and tree[1] in "@%":
            return len(found)
        return found

    def values(self, tree: Tree) -> Value:
        """A list of values."""
        kind = tree[0]
        if kind == "list":
            found = []
            for each in tree[1]:
                found += yield from self.values(each)
            self.charge(len(found))
            return found
        found = yield from self._evaluated(tree, many=True)
        if type(found) is _List:
            return list(found)
        if kind in ("variable", "dereference", "my") and isinstance(found, (list, dict)):
            sigil = tree[1] if kind != "my" else tree[1][1]
            if sigil in "@%":
                return (
                    list(found)
                    if isinstance(found, list)
                    else [each for pair in found.items() for each in pair]
                )
        return [found]

    def _evaluated(self, tree: Tree, *, many: bool = False) -> Value:
        self.process.spend(4)
        if self.process.tired:
            yield 0.0
        self.many = many
        return (yield from EVALUATES[tree[0]](self, tree))

    def block(self, body: list[Tree], scope: dict[str, Any] | None = None) -> Value:
        """Execute statements in a scope of their own; the value of the last one."""
        self.scopes.append({} if scope is None else scope)
        last: Any = None
        try:
            for statement in body:
                self.line = statement[1]
                tree = statement[2]
                last = yield from (self.values(tree) if statement is body[-1] else self.value(tree))
        finally:
            self.scopes.pop()
        return last

    def call(self, code: Code, arguments: list[Any]) -> Value:
        """The list that a subroutine returns."""
        if self.depth >= DEEPEST:
            raise MemoryError
        scopes, self.scopes = self.scopes, code.scopes
        self.depth += 1
        try:
            found = yield from self.block(code.body, {"@_": arguments})
        except Jump as jump:
            if jump.kind != "return":
                raise
            found = jump.value
        finally:
            self.scopes, self.depth = scopes, self.depth - 1
        return found if isinstance(found, list) else [found]

    def interpolated(self, text: str, *, pattern: bool = False) -> Value:
        """A text in double quotes with its variables and escapes. In a pattern, escapes stay."""
        out, at, change = [], 0, ""
        while at < len(text):
            char = text[at]
            if char == "\\" and at + 1 < len(text):
                if pattern:
                    out.append(text[at : at + 2])
                    at += 2
                    continue
                piece, at, change = _escape(text, at + 1, change)
            elif char in "$@" and (end := _end_of_variable(text, at, pattern=pattern)) > at + 1:
                piece = yield from self._inserted(text[at:end])
                at = end
            else:
                piece, at = char, at + 1
            out.append({"U": piece.upper(), "L": piece.lower()}.get(change, piece))
        whole = "".join(out)
        self.charge(len(whole))
        return whole

    def _inserted(self, source: str) -> Value:
        tree = Parser(Lexer(source, self.name).all(), self.name).expression()
        if source[0] == "@":
            return " ".join(text_of(each) for each in (yield from self.values(tree)))
        return text_of((yield from self.value(tree)))


def _decimal(version: str) -> str:
    """5.36.0 as `$]` has it: 5.036000."""
    major, minor, patch = version.split(".")
    return f"{major}.{int(minor):03d}{int(patch):03d}"


def _own_id(process: Process) -> int:
    """The user's number."""
    account = process.shell.world.accounts.user(process.shell.user)
    return account.uid if account is not None else 1000


class _List(list[Any]):
    """A list that is no array."""


def listed(values: list[Any]) -> list[Any]:
    """A list that counts as several values."""
    return _List(values)


def _escape(text: str, at: int, change: str) -> tuple[str, int, str]:
    char = text[at]
    if char in "ULE":
        return "", at + 1, "" if char == "E" else char
    if char == "x":
        end = text.find("}", at) if text[at + 1 : at + 2] == "{" else at + 3
        digits = text[at + 1 : end].strip("{}")
        return (
            chr(int(digits, 16) & 0xFFFF)
            if digits and not set(digits.lower()) - set("0123456789abcdef")
            else "\0",
            end + ("{" in text[at : at + 2]),
            change,
        )
    if char.isdigit() and char != "0" or text[at : at + 3].isdigit():
        digits = text[at : at + 3]
        return (
            (chr(int(digits, 8)), at + 3, change)
            if digits.isdigit() and not set(digits) & set("89")
            else (char, at + 1, change)
        )
    return ESCAPES.get(char, char), at + 1, change


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at a place is closed, -1 for nowhere."""
    depth, last = 0, {"{": "}", "[": "]"}[text[at]]
    for place in range(at, len(text)):
        depth += (text[place] == text[at]) - (text[place] == last)
        if not depth:
            return place
    return -1


def _end_of_variable(text: str, at: int, *, pattern: bool) -> int:
    """Where a variable in a text ends; `at` + 1 if none begins there."""
    end = at + 1
    if text.startswith("$#", at) and (
        text[end + 1 : end + 2] in ("{", "$", "_") or text[end + 1 : end + 2].isalpha()
    ):
        end += 1
    if text[end : end + 1] == "$" and text[end + 1 : end + 2].isalpha() and not pattern:
        end += 1
    if text[end : end + 1] == "{":
        end = _closing(text, end) + 1
        if end == 0:
            return at + 1
    elif text[at] == "$" and text[end : end + 1] == "^" and text[end + 1 : end + 2].isupper():
        return end + 2
    elif (
        text[at] == "$"
        and text[end : end + 1] in tuple("!@&0$;,./<>]")
        and not (pattern and text[end] in "$/!@&;,.<>]")
    ):
        return end + 1
    else:
        while end < len(text) and (
            text[end].isalnum()
            or text[end] == "_"
            or text.startswith("::", end)
            and text[end + 2 : end + 3].isalpha()
        ):
            end += 2 if text.startswith("::", end) else 1
    if end == at + 1:
        return end
    while True:
        arrow = end + 2 if text.startswith("->", end) else end
        opening = text[arrow : arrow + 1]
        if opening not in ("[", "{") or (
            pattern and (opening == "{" or not text[arrow + 1 : arrow + 2].isdigit())
        ):
            return end
        inner = text[arrow + 1 : arrow + 2]
        if opening == "[" and not (inner.isdigit() or inner in ("$", "-")):
            return end
        close = _closing(text, arrow)
        if close < 0:
            return end
        end = close + 1
