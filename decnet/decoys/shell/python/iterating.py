# ruff: noqa: E501 (tables, and what real programs print)
"""What a value iterates over."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Any

from .files import File
from .machine import Machine, Value, evaluate
from .values import MOST_OBJECT, check, type_name

ITERATORS: tuple[type[Any], ...] = (
    type(iter([])),
    type(iter("")),
    type(iter(b"")),
    type(iter(())),
    type(iter({})),
    type(iter(range(0))),
    type(iter(set())),
)
"""What `iter()` of plain values gives."""


def items_of(machine: Machine, value: Any) -> Value:
    """All items of a value. Raises MemoryError for too many, TypeError for none."""
    if isinstance(value, File):
        lines = []
        while line := (yield from value.line(machine)):
            lines.append(line)
        return lines
    if isinstance(value, (list, tuple, dict, set, frozenset, range, str, bytes, bytearray)):
        check(len(value))
    elif not isinstance(value, ITERATORS):
        raise TypeError(f"'{type_name(value)}' object is not iterable")
    found = list(islice(value, MOST_OBJECT + 1))
    check(len(found))
    machine.process.spend(len(found) // 4)
    return machine.hold(found)


def values_of(machine: Machine, nodes: list[ast.expr]) -> Value:
    """The values of expressions, of which some may be `*items`."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found += yield from items_of(machine, (yield from evaluate(machine, node.value)))
        else:
            found.append((yield from evaluate(machine, node)))
    return found
