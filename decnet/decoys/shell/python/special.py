# ruff: noqa: E501 (tables, and what real programs print)
"""What the methods of a program's classes do for operators: `__add__`, `__lt__`, `__contains__` and the like."""

from __future__ import annotations

import ast
from typing import Any

from .machine import Machine, Value, called
from .operators import PLAIN, binary, compare
from .values import (
    DEEPEST,
    MOST_NODES,
    Bound,
    Function,
    Instance,
    UserError,
    check,
    repr_of,
    truth,
    type_name,
)

ARITHMETIC: dict[type, str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod",
    ast.Pow: "pow", ast.LShift: "lshift", ast.RShift: "rshift", ast.BitOr: "or", ast.BitAnd: "and", ast.BitXor: "xor",
}  # fmt: skip
ORDER: dict[type, tuple[str, str]] = {
    ast.Lt: ("lt", "gt"), ast.LtE: ("le", "ge"), ast.Gt: ("gt", "lt"), ast.GtE: ("ge", "le"), ast.Eq: ("eq", "eq"),
    ast.NotEq: ("ne", "ne"),
}  # fmt: skip
UNARY: dict[type, str] = {ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert"}


def method_of(value: Any, name: str) -> Bound | None:
    """The method `__name__` that a value's class defines."""
    found = value.made_by.find(f"__{name}__") if isinstance(value, Instance) else None
    return Bound(value, found) if isinstance(found, Function) else None


def operated(machine: Machine, kind: type, left: Any, right: Any) -> Value:
    """`left OP right`."""
    if not isinstance(left, Instance) and not isinstance(right, Instance):
        return binary(kind, left, right)
    name = ARITHMETIC[kind]
    for value, other, front in ((left, right, ""), (right, left, "r")):
        if (method := method_of(value, front + name)) is not None:
            result = yield from called(machine, method, [other], {})
            if result is not NotImplemented:
                return result
    sign = PLAIN[kind][0]
    raise TypeError(f"unsupported operand type(s) for {sign}: '{type_name(left)}' and '{type_name(right)}'")


def compared(machine: Machine, kind: type, left: Any, right: Any) -> Value:
    """`left OP right` of a comparison."""
    if kind in (ast.In, ast.NotIn) and (method := method_of(right, "contains")) is not None:
        return truth((yield from called(machine, method, [left], {}))) == (kind is ast.In)
    if kind in (ast.In, ast.NotIn) and isinstance(left, Instance) and isinstance(right, (list, tuple)):
        for each in right:
            if left is each or truth((yield from compared(machine, ast.Eq, left, each))):
                return kind is ast.In
        return kind is ast.NotIn
    if kind not in ORDER or not (isinstance(left, Instance) or isinstance(right, Instance)):
        return compare(kind, left, right)
    name, mirrored = ORDER[kind]
    for value, other, wanted in ((left, right, name), (right, left, mirrored)):
        if (method := method_of(value, wanted)) is not None:
            result = yield from called(machine, method, [other], {})
            if result is not NotImplemented:
                return result
    if kind is ast.NotEq and (method_of(left, "eq") or method_of(right, "eq")):
        return not truth((yield from compared(machine, ast.Eq, left, right)))
    return compare(kind, left, right)


def signed(machine: Machine, kind: type, value: Instance) -> Value:
    """`OP value`."""
    method = method_of(value, UNARY[kind])
    if method is None:
        sign = {"USub": "-", "UAdd": "+", "Invert": "~"}[kind.__name__]
        raise TypeError(f"bad operand type for unary {sign}: '{type_name(value)}'")
    return (yield from called(machine, method, [], {}))


def is_true(machine: Machine, value: Any) -> Value:
    """Whether a value counts as true."""
    if not isinstance(value, Instance):
        return truth(value)
    for name in ("bool", "len"):
        if (method := method_of(value, name)) is not None:
            return truth((yield from called(machine, method, [], {})))
    return True


def represented(machine: Machine, value: Any, inside: tuple[int, ...] = ()) -> Value:
    """What `repr()` gives, by the program's own methods inside of lists, tuples and values of dictionaries, too.
    Raises MemoryError if that is too long."""
    instance = value.instance if isinstance(value, UserError) else value
    if (method := method_of(instance, "repr")) is not None:
        return str((yield from called(machine, method, [], {})))
    if type(value) not in (list, tuple, dict) or not _has_own(value):
        return repr_of(value, inside)
    if id(value) in inside:
        return "{...}" if isinstance(value, dict) else "[...]"
    if len(inside) > DEEPEST:
        raise RecursionError("maximum recursion depth exceeded while getting the repr of an object")
    parts, size = [], 0
    for item in value.items() if isinstance(value, dict) else value:
        front, each = (f"{repr_of(item[0])}: ", item[1]) if isinstance(value, dict) else ("", item)
        parts.append(front + (yield from represented(machine, each, (*inside, id(value)))))
        size += len(parts[-1]) + 2
        check(size)
    joined = ", ".join(parts)
    if isinstance(value, dict):
        return f"{{{joined}}}"
    if isinstance(value, list):
        return f"[{joined}]"
    return f"({joined},)" if len(value) == 1 else f"({joined})"


def _has_own(value: Any) -> bool:
    """Whether a value of the program's own classes is in it, at any depth. Raises MemoryError beyond MOST_NODES."""
    stack, seen = [value], {id(value)}
    while stack:
        each = stack.pop()
        for inner in each.values() if isinstance(each, dict) else each:
            if isinstance(inner, (Instance, UserError)):
                return True
            if isinstance(inner, (list, tuple, dict)) and id(inner) not in seen:
                seen.add(id(inner))
                stack.append(inner)
        if len(seen) > MOST_NODES:
            raise MemoryError
    return False


def merged(machine: Machine, keys: list[Any], order: list[int]) -> Value:
    """The order of values by their `__lt__`: a stable merge sort."""
    if len(order) < 2:
        return order
    half = len(order) // 2
    left = yield from merged(machine, keys, order[:half])
    right = yield from merged(machine, keys, order[half:])
    found: list[int] = []
    while left and right:
        later = yield from compared(machine, ast.Lt, keys[right[0]], keys[left[0]])
        found.append((right if truth(later) else left).pop(0))
    return found + left + right
