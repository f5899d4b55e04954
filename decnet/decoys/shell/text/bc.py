# ruff: noqa: E501 (what the real program prints)
"""`bc`, compared with GNU bc 1.07."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from ..limits import OutOfWork
from ..process import Process, Running
from .bc_numbers import (
    MOST_SCALE,
    ONE,
    ZERO,
    Number,
    add,
    arctangent,
    compare,
    cosine,
    divide,
    exponential,
    logarithm,
    multiply,
    parsed,
    power,
    remainder,
    root,
    scaled,
    shown,
    sine,
    subtract,
)  # fmt: skip
from .bc_parser import BadProgram, Node, Parser, tokens_of
from .common import parse, tool

MOST_NAMES = 2000
MOST_CALLS = 100
LINE = 69
VERSION = """bc 1.07.1
Copyright 1991-1994, 1997, 1998, 2000, 2004, 2006, 2008, 2012-2017 Free Software Foundation, Inc.
"""
FUNCTIONS: dict[str, Callable[[Number, int], Number]] = {
    "s": sine, "c": cosine, "a": arctangent, "e": exponential, "l": logarithm,
}  # fmt: skip
COMPARED: dict[str, Callable[[int], bool]] = {
    "==": lambda order: order == 0, "!=": lambda order: order != 0, "<": lambda order: order < 0,
    ">": lambda order: order > 0, "<=": lambda order: order <= 0, ">=": lambda order: order >= 0,
}  # fmt: skip
Work = Generator[Any, Any, Any]


class Failed(Exception):
    """A runtime error."""


class Quit(Exception):
    """`quit`."""


class Jumped(Exception):
    """`break` and `continue`."""


class Returned(Exception):
    """`return`, with its value."""


@tool
def bc(process: Process) -> Running:
    """Calculate what the files and the standard input have."""
    options = parse(process, "hilqsvw", "help=h interactive=i mathlib=l quiet=q standard=s version=v warn=w")
    if "v" in options:
        process.out(VERSION)
        return 0
    machine = Machine(process, with_library="l" in options)
    for path in options.operands:
        text = process.shell.read(process.shell.absolute(path))
        if text is None:
            process.err(f"File {path} is unavailable.\n")
            return 1
        if not (yield from machine.run(text, path)):
            return 0
    yield from machine.run(process.given.decode("utf-8", "surrogateescape"), "(standard_in)")
    return 0


class Machine:
    """The variables and functions of one run."""

    def __init__(self, process: Process, *, with_library: bool) -> None:
        self._process = process
        self._has_library = with_library
        self._values: dict[str, Number] = {
            "scale": Number(20 if with_library else 0),
            "ibase": Number(10),
            "obase": Number(10),
            "last": ZERO,
        }
        self._items: dict[tuple[str, int], Number] = {}
        self._functions: dict[str, Node] = {}
        self._calls = 0

    @property
    def _scale(self) -> int:
        return self._values["scale"].digits

    def run(self, text: str, name: str) -> Work:
        """Execute a text; False if it quits."""
        parser = Parser(tokens_of(text, 1))
        while True:
            try:
                statements = parser.line()
                if statements is None:
                    return True
                for statement in statements:
                    yield from self._execute(statement)
            except BadProgram as error:
                what = f"illegal character: {error.sign}" if error.sign else "syntax error"
                self._process.err(f"{name} {error.line}: {what}\n")
                parser.skip_line()
            except Failed as error:
                self._process.err(
                    f"Runtime error (func=(main), adr={error.args[1] if len(error.args) > 1 else 3}): {error.args[0]}\n"
                )
            except (Jumped, Returned):
                continue
            except Quit:
                return False

    # Statements

    def _execute(self, node: Node) -> Work:
        self._process.spend(20)
        if self._process.tired:
            yield 0.0
        match node[0]:
            case "expression":
                value = yield from self._value(node[1])
                if not node[2]:
                    self._values["last"] = value
                    self._process.out(_folded(self._text(value)) + "\n")
            case "print":
                for item in node[1]:
                    text = item[1] if item[0] == "string" else self._text((yield from self._value(item)))
                    self._process.out(text)
            case "block":
                for each in node[1]:
                    yield from self._execute(each)
            case "if":
                chosen = node[2] if (yield from self._value(node[1])).digits else node[3]
                if chosen is not None:
                    yield from self._execute(chosen)
            case "for":
                yield from self._loop(node)
            case "define":
                if len(self._functions) < MOST_NAMES:
                    self._functions[node[1]] = node
            case "return":
                raise Returned((yield from self._value(node[1])) if node[1] is not None else ZERO)
            case "quit":
                raise Quit
            case kind:
                raise Jumped(kind)

    def _loop(self, node: Node) -> Work:
        _, first, condition, step, body = node
        if first is not None:
            yield from self._value(first)
        while condition is None or (yield from self._value(condition)).digits:
            try:
                yield from self._execute(body)
            except Jumped as jumped:
                if jumped.args[0] == "break":
                    return
            if step is not None:
                yield from self._value(step)

    def _text(self, value: Number) -> str:
        return shown(value, self._values["obase"].digits)

    # Expressions

    def _value(self, node: Node) -> Work:
        self._process.spend(10)
        kind = node[0]
        if kind == "number":
            return parsed(node[1], self._values["ibase"].digits)
        if kind == "group":
            return (yield from self._value(node[1]))
        if kind == "name":
            return self._values.get(node[1], ZERO)
        if kind == "item":
            return self._items.get((node[1], (yield from self._index(node[2]))), ZERO)
        if kind == "negative":
            value = yield from self._value(node[1])
            return Number(-value.digits, value.scale)
        if kind == "not":
            return ZERO if (yield from self._value(node[1])).digits else ONE
        if kind in ("&&", "||"):
            left = (yield from self._value(node[1])).digits != 0
            right = (yield from self._value(node[2])).digits != 0
            return ONE if (left and right if kind == "&&" else left or right) else ZERO
        if kind == "assign":
            return (yield from self._assign(node))
        if kind == "step":
            return (yield from self._step(node))
        if kind == "call":
            return (yield from self._call(node))
        if kind in ("length", "scale", "sqrt"):
            return self._measured(node, (yield from self._value(node[1])))
        left = yield from self._value(node[1])
        return self._calculated(kind, left, (yield from self._value(node[2])), node)

    def _calculated(self, operator: str, left: Number, right: Number, node: Node) -> Number:
        self._process.spend((left.digits.bit_length() + right.digits.bit_length()) // 64)
        scale = self._scale
        if operator in COMPARED:
            return ONE if COMPARED[operator](compare(left, right)) else ZERO
        try:
            match operator:
                case "+":
                    return add(left, right)
                case "-":
                    return subtract(left, right)
                case "*":
                    return multiply(left, right, scale)
                case "/":
                    return divide(left, right, scale)
                case "%":
                    return remainder(left, right, scale)
            if right.scale and right.digits % 10**right.scale:
                self._process.err(
                    f"Runtime warning (func=(main), adr={_size(node) - 1}): non-zero scale in exponent\n"
                )
            return power(left, scaled(right, 0), scale)
        except ZeroDivisionError:
            raise Failed("Divide by zero" if operator != "%" else "Modulo by zero", _size(node)) from None

    def _measured(self, node: Node, value: Number) -> Number:
        if node[0] == "scale":
            return Number(value.scale)
        if node[0] == "length":
            return Number(max(len(str(abs(value.digits))), value.scale, 1))
        if value.digits < 0:
            raise Failed("Square root of a negative number", _size(node) + 1)
        return root(value, self._scale)

    def _index(self, node: Node) -> Work:
        index = scaled((yield from self._value(node)), 0)
        if not 0 <= index < 16384 * 1024:
            raise Failed("Array subscript out of bounds")
        return index

    def _assign(self, node: Node) -> Work:
        _, target, operator, source = node
        value = yield from self._value(source)
        if operator:
            value = self._calculated(operator, (yield from self._value(target)), value, node)
        yield from self._store(target, value)
        return value

    def _step(self, node: Node) -> Work:
        _, target, sign, is_before = node
        before = yield from self._value(target)
        after = (add if sign == "+" else subtract)(before, ONE)
        yield from self._store(target, after)
        return after if is_before else before

    def _store(self, target: Node, value: Number) -> Work:
        if len(self._values) + len(self._items) > MOST_NAMES * 10:
            raise OutOfWork
        if target[0] == "item":
            self._items[(target[1], (yield from self._index(target[2])))] = value
            return
        name = target[1]
        if name in ("scale", "ibase", "obase"):
            lowest, highest = {"scale": (0, MOST_SCALE), "ibase": (2, 16), "obase": (2, 10**9)}[name]
            value = Number(max(lowest, min(highest, scaled(value, 0))))
        self._values[name] = value

    def _call(self, node: Node) -> Work:
        _, name, arguments = node
        values = []
        for argument in arguments:
            values.append((yield from self._value(argument)))
        function = self._functions.get(name)
        if function is None:
            if self._has_library and name in FUNCTIONS and len(values) == 1:
                self._process.spend(self._scale * 200)
                return FUNCTIONS[name](values[0], self._scale)
            raise Failed(f"Function {name} not defined.", 2 + sum(map(_size, arguments)))
        _, _, parameters, local, body = function
        if len(values) != len(parameters):
            raise Failed("Parameter number mismatch")
        if self._calls >= MOST_CALLS:
            raise OutOfWork
        hidden = {each: self._values.get(each, ZERO) for each in (*parameters, *local)}
        self._values |= dict.fromkeys(local, ZERO) | dict(zip(parameters, values, strict=True))
        self._calls += 1
        try:
            yield from self._execute(body)
        except Returned as returned:
            value: Number = returned.args[0]
            return value
        finally:
            self._calls -= 1
            self._values |= hidden
        return ZERO


def _size(node: Node) -> int:
    """The bytes of the compiled expression, which the real one shows as the place of an error."""
    if node[0] == "number":
        return 1 if node[1] in ("0", "1") else len(node[1]) + 2
    if node[0] == "name":
        return 2
    return 1 + sum(_size(each) for each in node[1:] if isinstance(each, tuple))


def _folded(text: str) -> str:
    """Long numbers in lines of 70 characters."""
    if len(text) <= LINE:
        return text
    return "\\\n".join(text[at : at + LINE - 1] for at in range(0, len(text), LINE - 1))


COMMANDS = {"bc": bc}
