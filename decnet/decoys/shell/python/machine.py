# ruff: noqa: E501 (tables, and what real programs print)
"""One run of a program: its names, its output, and how its expressions are evaluated."""

from __future__ import annotations

import ast
import struct
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from ..process import Process
from .files import File
from .values import Module, ModuleError, Native, Scope, Thrown, check

Value = Generator[Any, Any, Any]
"""What evaluates something: it yields what the shell waits for, and returns the value."""
MOST_HELD = 16 * 1024 * 1024
"""Bytes of values that a program may make in all."""
ELEMENT = 64
"""Bytes of an element of a list; strings that are shorter do not count."""
NATIVE = (
    ArithmeticError, LookupError, TypeError, ValueError, AttributeError, NameError, MemoryError, RecursionError,
    OSError, AssertionError, ImportError, StopIteration, NotImplementedError, struct.error, zlib.error, ModuleError,
    RuntimeError, EOFError,
)  # fmt: skip
"""What values raise by themselves."""


MAKING = (
    ast.List, ast.Tuple, ast.Set, ast.Dict, ast.BinOp, ast.JoinedStr, ast.ListComp, ast.SetComp, ast.DictComp,
)  # fmt: skip
"""Expressions whose value is a new one."""
EXPRESSIONS: dict[type, Callable[[Machine, Any], Value]] = {}
STATEMENTS: dict[type, Callable[[Machine, Any], Value]] = {}
"""What evaluates each kind of node; the modules that have these functions enter them."""
CALLING: list[Callable[..., Value]] = []
"""What calls a value; `calls` enters it."""
DEEPEST_CALLS = 45
"""Calls of the program's functions inside of each other."""
BUILTINS: dict[str, Any] = {}
TYPES: dict[Any, Native] = {}
"""What the built-in names stand for, and what a call of a type does."""


@dataclass(frozen=True)
class Returned:
    """The end of a block by `return`."""

    value: Any


class Exit(Exception):
    """The program ends with a status, before its last line."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Machine:
    """`path` is the program's name in tracebacks, `arguments` is `sys.argv`."""

    def __init__(self, process: Process, path: str, arguments: list[str], version: str) -> None:
        self.process, self.path, self.arguments, self.version = process, path, arguments, version
        self.globals = Scope({"__name__": "__main__", "__doc__": None, "__builtins__": Module("builtins")})
        if not path.startswith("<"):
            self.globals.names["__file__"] = path
        self.scope = self.globals
        self.modules: dict[str, Module] = {}
        self.handled: list[Thrown] = []
        """Exceptions whose handlers run now, for `raise` alone."""
        self._output: list[bytes] = []
        self._held = 0
        self.depth = 0
        self.interactive = False
        """Whether values of expressions are shown, as at a prompt."""
        self.asks: Callable[[str], Value] | None = None
        """At a prompt: reads a line with its editor, "" at the end of the input, None if ^C has ended it."""
        self.files: list[File] = []
        self.lines: list[str] = []
        """The program's text, if it is in a file."""

    def hold(self, value: Any) -> Any:
        """Account for a new value. Raises MemoryError."""
        size = len(value) if isinstance(value, (str, bytes, bytearray)) else 0
        if isinstance(value, (list, tuple, set, dict)):
            size = (len(value) + 1) * ELEMENT
        self.charge(size)
        return value

    def charge(self, size: int) -> None:
        """Account for so many bytes. Raises MemoryError."""
        if size >= ELEMENT:
            self._held += size
            self.process.spend(size // ELEMENT)
            if self._held > MOST_HELD:
                raise MemoryError

    def print(self, text: str | bytes) -> None:
        """Write to the standard output, which is kept back unless it is a terminal."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        if self.process.to_terminal:
            self.process.out(data)
            return
        self._output.append(data)
        if sum(map(len, self._output[-64:])) > 8192 or len(self._output) > 256:
            self.flush()

    def flush(self) -> None:
        """Write what was kept back."""
        data, self._output = b"".join(self._output), []
        self.process.out(data)

    def save(self) -> None:
        """Write what was written to files into the file system."""
        for file in self.files:
            if not file.closed:
                file.save(self.process.shell)

    def call(self, words: list[str], given: bytes | None = None) -> Value:
        """Run another program; its status."""
        self.save()
        return (yield from self.process.call(words, given))

    def output_of(self, words: list[str], given: bytes | None = None) -> Value:
        """Run another program; its status and its output."""
        self.save()
        return (yield from self.process.output_of(words, given))

    def line(self) -> Value:
        """The next line of the standard input, b"" at its end."""
        context = self.process.context
        if context is None:
            head, newline, rest = self.process.given.partition(b"\n")
            self.process.input = rest
            return head + newline
        from ..descriptors import Stream

        source = context.fds.get(0)
        if not isinstance(source, Stream):
            return b""
        data: bytes = yield from context.read_line(source)
        check(len(data))
        return data

    def all_input(self) -> Value:
        """The rest of the standard input."""
        kept, size = [], 0
        while data := (yield from self.line()):
            kept.append(data)
            size += len(data)
            check(size)
        return b"".join(kept)

    def thrown(self, error: BaseException, node: ast.AST | None = None) -> Thrown:
        """An error of a value as an exception of the program."""
        if isinstance(error, Thrown):
            return error
        found = Thrown(
            RecursionError("maximum recursion depth exceeded") if isinstance(error, RecursionError) else error
        )
        if node is not None:
            found.trace.append((self.scope.function, node))
        return found


def called(machine: Machine, value: Any, args: list[Any], keywords: dict[str, Any]) -> Value:
    """The result of a call, for modules that `calls` needs."""
    return CALLING[0](machine, value, args, keywords)


def evaluate(machine: Machine, node: ast.expr) -> Value:
    """The value of an expression. Raises Thrown."""
    if type(node) is ast.Constant:
        return node.value
    machine.process.spend(4)
    if machine.process.tired:
        yield 0.0
    run = EXPRESSIONS.get(type(node))
    try:
        if run is None:
            raise MemoryError
        value = yield from run(machine, node)
        return machine.hold(value) if type(node) in MAKING else value
    except Thrown as thrown:
        if not thrown.trace or thrown.trace[-1][0] == "":
            thrown.trace[-1:] = [(machine.scope.function, node)]
        raise
    except NATIVE as error:
        raise machine.thrown(error, node) from None


def block(machine: Machine, nodes: list[ast.stmt]) -> Value:
    """Execute statements. How they ended: Returned, BREAK, CONTINUE, or None at the end."""
    for node in nodes:
        machine.process.spend(2)
        if machine.process.tired:
            yield 0.0
        run = STATEMENTS.get(type(node))
        try:
            if run is None:
                raise MemoryError
            ended = yield from run(machine, node)
        except Thrown as thrown:
            if not thrown.trace or thrown.trace[-1][0] == "":
                thrown.trace[-1:] = [(machine.scope.function, node)]
            raise
        except NATIVE as error:
            raise machine.thrown(error, node) from None
        if ended is not None:
            return ended
    return None
