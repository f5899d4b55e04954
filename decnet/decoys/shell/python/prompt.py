"""`python3` at a terminal: it reads a statement after the other."""

from __future__ import annotations

import ast
from functools import partial
from typing import Any

from ..process import Process
from ..tasks import INTERRUPT, Killed, Line
from .completing import complete
from .machine import Exit, Machine, Value, block
from .of_system import MODULES
from .site import NAMES
from .tracebacks import ended_by, syntax_error
from .values import Thrown, str_of

INCOMPLETE = ast.PyCF_ONLY_AST | 0x4000 | 0x200
"""Flags of compile(): only a tree, and an error of its own for what could go on (as codeop has them)."""
LONGEST = 16 * 1024
INTERRUPTED = "\nKeyboardInterrupt\n"


def converse(machine: Machine, *, greets: bool = True) -> Value:
    """Read, execute, print, up to the end of the input."""
    machine.interactive, machine.path = True, "<stdin>"
    machine.globals.names.update(
        {name: each for name, each in NAMES.items() if name not in machine.globals.names}
    )
    process = machine.process
    show = process.out if process.from_terminal or process.context is None else process.err
    if greets:
        about = MODULES["sys"](machine)["version"]
        note = 'Type "help", "copyright", "credits" or "license" for more information.'
        show(f"Python {about} on linux\n{note}\n")
    reads, text = _Lines(machine), ""
    machine.asks = reads.next
    while True:
        line = yield from reads.next(_prompt(machine, more=bool(text)))
        if line is None:
            text = ""
            show(INTERRUPTED)
            continue
        if not line:
            show("\n")
            return 0
        text = (text + line)[:LONGEST]
        tree = _statement(machine, text)
        if tree is None:
            continue
        text = ""
        status = yield from _executed(machine, tree)
        if status is not None:
            return status
        machine.flush()


def _executed(machine: Machine, tree: list[ast.stmt]) -> Value:
    """Execute one statement; the status if it ends the program."""
    source = machine.process.context.engine.input if machine.process.context is not None else None
    try:
        if source is not None:
            source.handles_interrupt = True
        yield from block(machine, tree)
    except Exit as left:
        return left.status
    except Thrown as thrown:
        return _failed(machine, thrown)
    except Killed as killed:
        if killed.signal != INTERRUPT:
            raise
        machine.depth, machine.scope = 0, machine.globals
        interrupt = Thrown(KeyboardInterrupt())
        interrupt.trace.append((machine.globals.function, tree[0]))
        return _failed(machine, interrupt)
    finally:
        if source is not None:
            source.handles_interrupt = False
    return None


class _Lines:
    """Where the lines come from: Readline's editor if both ends are a terminal."""

    def __init__(self, machine: Machine) -> None:
        process, context = machine.process, machine.process.context
        self._machine = machine
        self._shell = None
        if context is not None and process.to_terminal and context.fds.get(0) is context.engine.input:
            self._shell = context.fork().shell
            self._shell.history, self._shell.notes = [], {**self._shell.notes, "cleared": ""}

    def next(self, prompt: str) -> Value:
        """The next line with its end; "" at the end of the input, None if ^C has ended it."""
        machine = self._machine
        if self._shell is None:
            _shower(machine.process)(prompt)
            yield 0.0
            data = yield from machine.line()
            return data.decode("utf-8", "surrogateescape")
        line = Line(prompt, self._shell, is_readline=False, completes=partial(complete, machine))
        yield line
        if line.is_interrupted:
            return None
        if line.text is None:
            return ""
        if line.text and self._shell.history[-1:] != [line.text]:
            self._shell.history.append(line.text)
        return line.text + "\n"


def _shower(process: Process) -> Any:
    return process.out if process.from_terminal or process.context is None else process.err


def _prompt(machine: Machine, *, more: bool) -> str:
    """`sys.ps1` or `sys.ps2`."""
    module = machine.modules.get("sys")
    name, usual = ("ps2", "... ") if more else ("ps1", ">>> ")
    return str_of(module.attributes.get(name, usual))[:200] if module is not None else usual


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
    return None if is_block and not text.endswith("\n\n") else list(tree.body)


def _failed(machine: Machine, thrown: Thrown) -> int | None:
    """Print an exception; the status if it ends the program."""
    machine.flush()
    status, message = ended_by(machine, thrown, [])
    machine.process.err(message)
    return status if isinstance(thrown.value, SystemExit) else None
