"""Every `await` of the decoys' source in which a visitor can be waited for."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import decnet

ROOT = Path(decnet.__file__).parent / "decoys"
SHARED = ("", "shell")
"""Folders whose functions every service may call."""
PRIMITIVES = {"readexactly", "readuntil", "readline", "sock_accept", "sock_recv", "wait"}
NEVER_WAIT = {
    "fellows.py": "the wait is for another service of the decky, within limits of its own",
    "threads.py": "the wait is for a thread of our own",
    "unread": "it takes what is there, within asyncio.timeout(0)",
    "_look_for_keys": "it takes what is there, within asyncio.timeout(0)",
    "shell/turns.py": "the wait is for a few milliseconds of other visitors' commands",
}
"""Files and functions, with the reason."""


@dataclass(frozen=True)
class Await:
    """One of them. `callee` is empty where what is awaited is only known when it runs."""

    file: str
    function: str
    lines: tuple[int, int]
    callee: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.lines[0]} {self.function}: {self.text}"


def inventory() -> set[Await]:
    """All of them: a primitive, something dynamic, or a call of a function that has one of them."""
    everything = list(all_awaits())
    found: set[Await] = {each for each in everything if not each.callee or is_primitive(each)}
    while True:
        waiting = defaultdict(set)
        for each in found:
            waiting[each.function].add(folder(each.file))
        more = {
            each
            for each in everything
            if waiting[each.callee] & {folder(each.file), *SHARED} and each.callee not in NEVER_WAIT
        }
        if more <= found:
            return found
        found |= more


def all_awaits() -> Iterator[Await]:
    for path in sorted(ROOT.rglob("*.py")):
        file = str(path.relative_to(ROOT))
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.AsyncFunctionDef) and not {file, function.name} & NEVER_WAIT.keys():
                for node in own_nodes(function):
                    if isinstance(node, ast.Await):
                        lines = (node.lineno, node.end_lineno or node.lineno)
                        yield Await(file, function.name, lines, callee(node.value), ast.unparse(node))


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    for node in ast.iter_child_nodes(function):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from own_nodes(node)


def callee(value: ast.expr) -> str:
    match value:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            return name
    return ""


def is_primitive(each: Await) -> bool:
    return each.callee in PRIMITIVES or each.text.startswith("await self.reader.read(")


def folder(file: str) -> str:
    return file.rpartition("/")[0].partition("/")[0]
