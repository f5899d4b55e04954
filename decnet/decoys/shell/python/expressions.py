# ruff: noqa: E501 (tables, and what real programs print)
"""Expressions: each kind of node with its function."""

from __future__ import annotations

import ast
from typing import Any

from . import calls
from .assigning import assign
from .attributes import attribute_of
from .formatting import format_value
from .iterating import advance, iterator_of, values_of
from .machine import BUILTINS, EXPRESSIONS, Machine, Value, evaluate
from .special import compared, is_true, operated, represented, signed
from .values import Bound, Instance, Lazy, Scope, Yielded, type_name, weigh


def _name(machine: Machine, node: ast.Name) -> Value:
    known, value = machine.scope.find(node.id)
    if known:
        return value
    if node.id in BUILTINS:
        return BUILTINS[node.id]
    if (
        machine.scope is not machine.globals
        and not machine.scope.is_library
        and (known := node.id in machine.globals.names)
    ):
        return machine.globals.names[node.id]
    raise NameError(f"name '{node.id}' is not defined")
    yield


def _list(machine: Machine, node: ast.List) -> Value:
    return (yield from values_of(machine, node.elts))


def _tuple(machine: Machine, node: ast.Tuple) -> Value:
    return tuple((yield from values_of(machine, node.elts)))


def _set(machine: Machine, node: ast.Set) -> Value:
    found = yield from values_of(machine, node.elts)
    weigh(found)
    return set(found)


def _dict(machine: Machine, node: ast.Dict) -> Value:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            found |= yield from evaluate(machine, value)
            continue
        name = yield from evaluate(machine, key)
        weigh(name)
        found[name] = yield from evaluate(machine, value)
    return found


def _binary(machine: Machine, node: ast.BinOp) -> Value:
    left = yield from evaluate(machine, node.left)
    right = yield from evaluate(machine, node.right)
    return (yield from operated(machine, type(node.op), left, right))


def _unary(machine: Machine, node: ast.UnaryOp) -> Value:
    value = yield from evaluate(machine, node.operand)
    if isinstance(node.op, ast.Not):
        return not (yield from is_true(machine, value))
    if isinstance(value, Instance):
        return (yield from signed(machine, type(node.op), value))
    if not isinstance(value, (int, float)):
        sign = {"USub": "-", "UAdd": "+", "Invert": "~"}[type(node.op).__name__]
        raise TypeError(f"bad operand type for unary {sign}: '{type_name(value)}'")
    if isinstance(node.op, ast.Invert):
        return -1 - int(value)
    return -value if isinstance(node.op, ast.USub) else +value


def _logical(machine: Machine, node: ast.BoolOp) -> Value:
    value: Any = None
    for each in node.values:
        value = yield from evaluate(machine, each)
        if (yield from is_true(machine, value)) != isinstance(node.op, ast.And):
            break
    return value


def _compare(machine: Machine, node: ast.Compare) -> Value:
    left, result = (yield from evaluate(machine, node.left)), True
    for sign, each in zip(node.ops, node.comparators, strict=True):
        right = yield from evaluate(machine, each)
        result = yield from compared(machine, type(sign), left, right)
        if not result:
            return result
        left = right
    return result


def _conditional(machine: Machine, node: ast.IfExp) -> Value:
    test = yield from evaluate(machine, node.test)
    chosen = node.body if (yield from is_true(machine, test)) else node.orelse
    return (yield from evaluate(machine, chosen))


def _attribute(machine: Machine, node: ast.Attribute) -> Value:
    value = yield from evaluate(machine, node.value)
    found = attribute_of(machine, value, node.attr)
    if isinstance(found, Bound) and getattr(found.function, "kind", "") == "property":
        return (yield from calls.call(machine, found, [], {}))
    return found


def _subscript(machine: Machine, node: ast.Subscript) -> Value:
    value = yield from evaluate(machine, node.value)
    key = yield from evaluate(machine, node.slice)
    return (yield from item_of(machine, value, key))


def item_of(machine: Machine, value: Any, key: Any) -> Value:
    """`value[key]`."""
    if isinstance(value, Instance) and value.made_by.find("__getitem__"):
        method = Bound(value, value.made_by.find("__getitem__"))
        return (yield from calls.call(machine, method, [key], {}))
    if not isinstance(value, (list, tuple, str, bytes, bytearray, dict, range)):
        raise TypeError(f"'{type_name(value)}' object is not subscriptable")
    weigh(key)
    if type(value).__name__ == "defaultdict":
        from .containers import defaultdict, value_of_missing

        assert isinstance(value, defaultdict)
        if key in value:
            return value[key]
        return (yield from value_of_missing(machine, value, key))
    return value[key]


def _slice(machine: Machine, node: ast.Slice) -> Value:
    edges = []
    for each in (node.lower, node.upper, node.step):
        edges.append(None if each is None else (yield from evaluate(machine, each)))
    return slice(*edges)


def _joined(machine: Machine, node: ast.JoinedStr) -> Value:
    parts = []
    for each in node.values:
        parts.append((yield from evaluate(machine, each)))
    return "".join(parts)


def _formatted(machine: Machine, node: ast.FormattedValue) -> Value:
    value = yield from evaluate(machine, node.value)
    if node.conversion in (ord("r"), ord("a")):
        value = yield from represented(machine, value)
    elif node.conversion == ord("s") or isinstance(value, Instance):
        value = yield from calls.shown(machine, value)
    spec = "" if node.format_spec is None else (yield from evaluate(machine, node.format_spec))
    return format_value(value, spec) if spec else (yield from calls.shown(machine, value))


def _comprehension(machine: Machine, node: Any) -> Value:
    found: list[Any] = []
    scope = machine.scope
    inner = Scope({}, scope, function=scope.function, is_library=scope.is_library)
    if isinstance(node, ast.GeneratorExp):
        inner.function, inner.yielded = "<genexpr>", []
        return Lazy("<genexpr>", _each(machine, node, 0, None), inner)
    machine.scope = inner
    try:
        yield from _each(machine, node, 0, found)
    finally:
        machine.scope = scope
    if isinstance(node, ast.DictComp):
        return dict(found)
    if isinstance(node, ast.SetComp):
        weigh(found)
        return set(found)
    return found


def _each(machine: Machine, node: Any, depth: int, found: list[Any] | None) -> Value:
    if depth == len(node.generators):
        if found is None:
            yield Yielded((yield from evaluate(machine, node.elt)))
            return
        if isinstance(node, ast.DictComp):
            key = yield from evaluate(machine, node.key)
            weigh(key)
            found.append((key, (yield from evaluate(machine, node.value))))
        else:
            found.append((yield from evaluate(machine, node.elt)))
        machine.hold(found if len(found) % 256 == 0 else None)
        return
    part = node.generators[depth]
    iterator = yield from iterator_of(machine, (yield from evaluate(machine, part.iter)))
    while True:
        more, item = yield from advance(machine, iterator)
        if not more:
            return
        yield from assign(machine, part.target, item)
        good = True
        for test in part.ifs:
            good = good and (yield from is_true(machine, (yield from evaluate(machine, test))))
        if good:
            yield from _each(machine, node, depth + 1, found)


def _lambda(machine: Machine, node: ast.Lambda) -> Value:
    return (yield from calls.function(machine, "<lambda>", node.args, node.body))


def _named(machine: Machine, node: ast.NamedExpr) -> Value:
    value = yield from evaluate(machine, node.value)
    yield from assign(machine, node.target, value)
    return value


def _yield(machine: Machine, node: ast.Yield) -> Value:
    value = None if node.value is None else (yield from evaluate(machine, node.value))
    if machine.scope.yielded is None:
        raise MemoryError
    return (yield Yielded(value))


def _yield_from(machine: Machine, node: ast.YieldFrom) -> Value:
    iterator = yield from iterator_of(machine, (yield from evaluate(machine, node.value)))
    while True:
        found, item = yield from advance(machine, iterator)
        if not found:
            return iterator.result if isinstance(iterator, Lazy) else None
        yield Yielded(item)


EXPRESSIONS |= {
    ast.Name: _name, ast.List: _list, ast.Tuple: _tuple, ast.Set: _set, ast.Dict: _dict, ast.BinOp: _binary,
    ast.UnaryOp: _unary, ast.BoolOp: _logical, ast.Compare: _compare, ast.IfExp: _conditional, ast.Call: calls.of_node,
    ast.Attribute: _attribute, ast.Subscript: _subscript, ast.Slice: _slice, ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted, ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.Lambda: _lambda,
    ast.DictComp: _comprehension, ast.GeneratorExp: _comprehension, ast.NamedExpr: _named, ast.Yield: _yield, ast.YieldFrom: _yield_from,
}  # fmt: skip
