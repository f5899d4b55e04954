"""Assignments, and what `del` removes."""

from __future__ import annotations

import ast
from typing import Any

from .files import File
from .iterating import items_of
from .machine import ELEMENT, NATIVE, Machine, Value, evaluate
from .values import Bound, Class, Instance, Module, Record, Thrown, check, type_name, weigh


def assign(machine: Machine, target: ast.expr, value: Any) -> Value:
    """`target = value`."""
    try:
        if isinstance(target, ast.Name):
            scope = machine.scope.elsewhere.get(target.id, machine.scope)
            scope.names[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)):
            yield from _unpack(machine, target.elts, value)
        elif isinstance(target, ast.Attribute):
            owner = yield from evaluate(machine, target.value)
            _attributes(owner, target.attr)[target.attr] = value
        elif isinstance(target, ast.Subscript):
            owner = yield from evaluate(machine, target.value)
            machine.charge(ELEMENT)
            key = yield from evaluate(machine, target.slice)
            if isinstance(owner, Instance) and (method := owner.made_by.find("__setitem__")) is not None:
                from .calls import call

                yield from call(machine, Bound(owner, method), [key, value], {})
            else:
                _set_item(owner, key, value)
    except NATIVE as error:
        raise machine.thrown(error, target) from None


def _attributes(owner: Any, name: str) -> dict[str, Any]:
    if isinstance(owner, (Instance, Class, Module, Record)):
        check(len(owner.attributes))
        return owner.attributes
    if isinstance(owner, File):
        return {}
    raise AttributeError(f"'{type_name(owner)}' object has no attribute '{name}'")


def _set_item(owner: Any, key: Any, value: Any) -> None:
    if not isinstance(owner, (list, dict, bytearray)):
        raise TypeError(f"'{type_name(owner)}' object does not support item assignment")
    weigh(key)
    if isinstance(key, slice) and not isinstance(value, (list, tuple, str, bytes)):
        raise TypeError("can only assign an iterable")
    owner[key] = value
    check(len(owner))


def _unpack(machine: Machine, targets: list[ast.expr], value: Any) -> Value:
    if not hasattr(value, "__iter__"):
        raise TypeError(f"cannot unpack non-iterable {type_name(value)} object")
    items = yield from items_of(machine, value)
    star = next((at for at, each in enumerate(targets) if isinstance(each, ast.Starred)), None)
    if star is None:
        if len(items) > len(targets):
            raise ValueError(f"too many values to unpack (expected {len(targets)})")
        if len(items) < len(targets):
            raise ValueError(f"not enough values to unpack (expected {len(targets)}, got {len(items)})")
        for target, item in zip(targets, items, strict=True):
            yield from assign(machine, target, item)
        return
    after = len(targets) - star - 1
    if len(items) < len(targets) - 1:
        raise ValueError(
            f"not enough values to unpack (expected at least {len(targets) - 1}, got {len(items)})"
        )
    middle = items[star : len(items) - after]
    parts = [*items[:star], middle, *items[len(items) - after :]]
    for target, item in zip(targets, parts, strict=True):
        inner = target.value if isinstance(target, ast.Starred) else target
        yield from assign(machine, inner, item)


def delete(machine: Machine, target: ast.expr) -> Value:
    """`del target`."""
    if isinstance(target, ast.Name):
        if target.id not in machine.scope.names:
            raise Thrown(NameError(f"name '{target.id}' is not defined"))
        del machine.scope.names[target.id]
    elif isinstance(target, ast.Subscript):
        owner = yield from evaluate(machine, target.value)
        key = yield from evaluate(machine, target.slice)
        weigh(key)
        if not isinstance(owner, (list, dict)):
            raise Thrown(TypeError(f"'{type_name(owner)}' object doesn't support item deletion"))
        del owner[key]
