# ruff: noqa: E501 (tables, and what real programs print)
"""How an exception that nothing has caught is printed."""

from __future__ import annotations

import ast
import builtins

from .machine import Machine
from .values import Thrown, UserError, str_of

PLACES = {
    "gaierror": "socket", "URLError": "urllib.error", "HTTPError": "urllib.error", "CalledProcessError": "subprocess",
    "JSONDecodeError": "json.decoder", "error": "re", "UnsupportedOperation": "io", "Error": "binascii",
}  # fmt: skip
"""Modules of exceptions that are not built in."""


def traceback(thrown: Thrown, path: str, lines: list[str], *, marks: bool) -> str:
    """The text on the standard error. `lines`: the program's text if it is in a file. `marks`: whether the place
    in a line is marked, as of Python 3.11 on."""
    before = ""
    if thrown.cause is not None:
        before = traceback(thrown.cause, path, lines, marks=marks)
        before += "\nThe above exception was the direct cause of the following exception:\n\n"
    elif thrown.context is not None and not thrown.has_cause:
        before = traceback(thrown.context, path, lines, marks=marks)
        before += "\nDuring handling of the above exception, another exception occurred:\n\n"
    head = before + "Traceback (most recent call last):\n" if thrown.trace else before
    frames = (
        _frame(function, node, path, lines, marks=marks)
        for function, node in reversed(thrown.trace)
        if function
    )
    return head + "".join(frames) + last_line(thrown.value, bare=marks)


def last_line(value: BaseException, *, bare: bool = True) -> str:
    """The name of an exception and its text. `bare`: a class of the program has no module, as of Python 3.11."""
    if isinstance(value, UserError):
        name = value.instance.made_by.name
        name = name if bare else f"__main__.{name}"
    else:
        name = type(value).__name__
        own = type(value).__module__
        place = own if own in ("struct", "zlib") else PLACES.get(name, "")
        name = f"{place}.{name}" if place and not hasattr(builtins, name) else name
    text = str_of(value)
    return f"{name}: {text}\n" if text else f"{name}\n"


def _frame(function: str, node: ast.AST, path: str, lines: list[str], *, marks: bool) -> str:
    number = getattr(node, "lineno", 1)
    text = f'  File "{path}", line {number}, in {function}\n'
    if not 0 < number <= len(lines):
        return text
    line = lines[number - 1]
    text += f"    {line.strip()}\n"
    return text + (_marks(node, line) if marks else "")


def _marks(node: ast.AST, line: str) -> str:
    """The line below, unless the whole line would be marked."""
    start, end = getattr(node, "col_offset", 0), getattr(node, "end_col_offset", 0)
    if getattr(node, "end_lineno", 0) != getattr(node, "lineno", 0):
        end = len(line.rstrip())
    if isinstance(node, ast.stmt) or line[:start].strip() == line[end:].strip() == "":
        whole = line.strip()
        if not isinstance(node, ast.BinOp) or isinstance(node, ast.stmt):
            return ""
        assert whole
    blanks = " " * (4 + start - (len(line) - len(line.lstrip())))
    if isinstance(node, ast.BinOp):
        first = node.left.end_col_offset or start
        last = node.right.col_offset
        between = line[first:last]
        sign = len(between) - len(between.lstrip())
        width = len(between.strip())
        return blanks + "~" * (first + sign - start) + "^" * width + "~" * (end - first - sign - width) + "\n"
    if isinstance(node, ast.Subscript):
        first = node.value.end_col_offset or start
        return blanks + "~" * (first - start) + "^" * (end - first) + "\n"
    return blanks + "^" * (end - start) + "\n"


def syntax_error(error: SyntaxError, path: str) -> str:
    """The text of a program that cannot be parsed."""
    text = f'  File "{path}", line {error.lineno or 1}\n'
    source = (error.text or "").rstrip("\n")
    if source.strip():
        cut = len(source) - len(source.lstrip())
        text += f"    {source.lstrip()}\n"
        start = max(0, (error.offset or 1) - 1 - cut)
        same = error.end_lineno in (None, error.lineno)
        width = max(1, (error.end_offset or 0) - (error.offset or 1)) if same else len(source) - cut - start
        text += "    " + " " * start + "^" * max(1, width) + "\n"
    return f"{text}{type(error).__name__}: {error.msg}\n"


def ended_by(machine: Machine, thrown: Thrown, lines: list[str]) -> tuple[int, str]:
    """The status of a program that an exception ends, and what it prints."""
    value = thrown.value
    if not isinstance(value, SystemExit):
        marks = tuple(int(each) for each in machine.version.split(".")) >= (3, 11)
        return 1, traceback(thrown, machine.path, lines, marks=marks)
    code = value.code
    if code is None or isinstance(code, int):
        return int(code or 0) & 255, ""
    return 1, str_of(code) + "\n"
