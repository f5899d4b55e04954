# ruff: noqa: E501 (tables, and what real programs print)
"""What a value iterates over."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Any

from .files import File
from .machine import DEEPEST_CALLS, Machine, Value, called, evaluate
from .values import MOST_OBJECT, Bound, Instance, Lazy, Thrown, Yielded, check, type_name

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


END = object()


def items_of(machine: Machine, value: Any) -> Value:
    """All items of a value. Raises MemoryError for too many, TypeError for none."""
    if isinstance(value, File):
        lines = []
        while line := (yield from value.line(machine)):
            lines.append(line)
        return lines
    if isinstance(value, (Instance, Lazy)):
        iterator = yield from iterator_of(machine, value)
        found: list[Any] = []
        while True:
            more, item = yield from advance(machine, iterator)
            if not more:
                return machine.hold(found)
            found.append(item)
            check(len(found))
    if isinstance(value, (list, tuple, dict, set, frozenset, range, str, bytes, bytearray)):
        check(len(value))
    elif not isinstance(value, ITERATORS):
        raise TypeError(f"'{type_name(value)}' object is not iterable")
    items = list(islice(value, MOST_OBJECT + 1))
    check(len(items))
    machine.process.spend(len(items) // 4)
    return machine.hold(items)


def has_next(value: Any) -> bool:
    """Whether it is an iterator of a class of the program."""
    return isinstance(value, Instance) and value.made_by.find("__next__") is not None


def iterator_of(machine: Machine, value: Any) -> Value:
    """What `iter()` gives."""
    if isinstance(value, (Lazy, *ITERATORS)):
        return value
    if isinstance(value, range):
        return iter(value)
    if isinstance(value, Instance):
        if (method := value.made_by.find("__iter__")) is not None:
            made = yield from called(machine, Bound(value, method), [], {})
            return made if isinstance(made, (Lazy, *ITERATORS)) or has_next(made) else iter([])
        if value.made_by.find("__getitem__") is None:
            raise TypeError(f"'{type_name(value)}' object is not iterable")
        return iter((yield from _by_number(machine, value)))
    return iter((yield from items_of(machine, value)))


def _by_number(machine: Machine, value: Instance) -> Value:
    """The items of an object that has only `__getitem__`, up to its IndexError."""
    found: list[Any] = []
    while True:
        try:
            method = Bound(value, value.made_by.find("__getitem__"))
            found.append((yield from called(machine, method, [len(found)], {})))
        except Thrown as thrown:
            if isinstance(thrown.value, IndexError):
                return found
            raise
        check(len(found))


def advance(machine: Machine, iterator: Any) -> Value:
    """Whether an iterator has one more item, and the item."""
    if not isinstance(iterator, (Lazy, Instance)):
        machine.process.spend(1)
        item = next(iterator, END)
        return item is not END, item
    try:
        if isinstance(iterator, Lazy):
            return True, (yield from resumed(machine, iterator))
        method = Bound(iterator, iterator.made_by.find("__next__"))
        return True, (yield from called(machine, method, [], {}))
    except Thrown as thrown:
        if isinstance(thrown.value, StopIteration):
            return False, None
        raise


def resumed(machine: Machine, lazy: Lazy, sent: Any = None) -> Value:
    """The next value of a generator. Raises Thrown with StopIteration at its end."""
    if lazy.work is None:
        raise Thrown(StopIteration())
    if lazy.is_running:
        raise Thrown(ValueError("generator already executing"))
    scope, machine.depth = machine.scope, machine.depth + 1
    if machine.depth > DEEPEST_CALLS:
        machine.depth -= 1
        raise RecursionError
    machine.scope, lazy.is_running = lazy.scope, True
    try:
        item = lazy.work.send(sent)
        while not isinstance(item, Yielded):
            item = lazy.work.send((yield item))
        return item.value
    except StopIteration as stop:
        lazy.work = None
        lazy.result = getattr(stop.value, "value", None)
        raise Thrown(StopIteration(*([] if lazy.result is None else [lazy.result]))) from None
    except Thrown as thrown:
        lazy.work = None
        thrown.trace.append(("", ast.Pass()))
        raise
    finally:
        machine.scope, machine.depth, lazy.is_running = scope, machine.depth - 1, False


def values_of(machine: Machine, nodes: list[ast.expr]) -> Value:
    """The values of expressions, of which some may be `*items`."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            found += yield from items_of(machine, (yield from evaluate(machine, node.value)))
        else:
            found.append((yield from evaluate(machine, node)))
    return found
