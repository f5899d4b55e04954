"""`python3` at a terminal: it reads a statement after the other."""

from __future__ import annotations

import ast
from typing import Any

from .machine import Exit, Machine, Value, block
from .of_system import MODULES
from .tracebacks import ended_by, syntax_error
from .values import Thrown

INCOMPLETE = ast.PyCF_ONLY_AST | 0x4000 | 0x200
"""Flags of compile(): only a tree, and an error of its own for what could go on (as codeop has them)."""
LONGEST = 16 * 1024


def converse(machine: Machine) -> Value:
    """Read, execute, print, up to the end of the input."""
    machine.interactive = True
    about = MODULES["sys"](machine)["version"]
    note = 'Type "help", "copyright", "credits" or "license" for more information.'
    process = machine.process
    show = process.out if process.from_terminal or process.context is None else process.err
    show(f"Python {about} on linux\n{note}\n")
    text = ""
    while True:
        show("... " if text else ">>> ")
        yield 0.0
        line = yield from machine.line()
        if not line:
            show("\n")
            return 0
        text = (text + line.decode("utf-8", "surrogateescape"))[:LONGEST]
        tree = _statement(machine, text)
        if tree is None:
            continue
        text = ""
        try:
            yield from block(machine, tree)
        except Exit as left:
            return left.status
        except Thrown as thrown:
            status = _failed(machine, thrown)
            if status is not None:
                return status
        machine.flush()


def _statement(machine: Machine, text: str) -> list[ast.stmt] | None:
    """The statements of a text; None if more lines belong to it."""
    if not text.strip():
        return []
    try:
        tree: Any = compile(text, "<stdin>", "single", INCOMPLETE)
    except SyntaxError as error:
        is_incomplete = "incomplete input" in str(error.msg) or "was never closed" in str(error.msg)
        if is_incomplete and not text.endswith("\n\n"):
            return None
        machine.process.err(syntax_error(error, "<stdin>"))
        return []
    except (ValueError, RecursionError, MemoryError, OverflowError):
        machine.process.err("MemoryError\n")
        return []
    is_block = isinstance(
        tree.body[-1], (ast.If, ast.For, ast.While, ast.FunctionDef, ast.ClassDef, ast.Try, ast.With)
    )
    return None if is_block and "\n" in text.strip() and not text.endswith("\n\n") else list(tree.body)


def _failed(machine: Machine, thrown: Thrown) -> int | None:
    """Print an exception; the status if it ends the program."""
    machine.flush()
    status, message = ended_by(machine, thrown, [])
    machine.process.err(message)
    return status if isinstance(thrown.value, SystemExit) else None
