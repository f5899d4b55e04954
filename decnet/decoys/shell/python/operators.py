# ruff: noqa: E501 (tables, and what real programs print)
"""Operators on values, whose results are bounded."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from .formatting import percent
from .values import MOST_BITS, Instance, check, type_name, weigh

PLAIN: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add), ast.Sub: ("-", operator.sub), ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv), ast.FloorDiv: ("//", operator.floordiv), ast.Mod: ("%", operator.mod),
    ast.Pow: ("** or pow()", operator.pow), ast.LShift: ("<<", operator.lshift), ast.RShift: (">>", operator.rshift),
    ast.BitOr: ("|", operator.or_), ast.BitAnd: ("&", operator.and_), ast.BitXor: ("^", operator.xor),
}  # fmt: skip
SEQUENCES = (str, bytes, bytearray, list, tuple)
VALUES = (int, float, complex, *SEQUENCES, set, frozenset, dict, type(None))
ORDER: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Lt: ("<", operator.lt), ast.LtE: ("<=", operator.le), ast.Gt: (">", operator.gt), ast.GtE: (">=", operator.ge),
}  # fmt: skip


def binary(kind: type, left: Any, right: Any) -> Any:
    """`left OP right`. Raises what Python raises, and MemoryError for what is too large."""
    sign, run = PLAIN[kind]
    if not (isinstance(left, VALUES) and isinstance(right, VALUES)):
        raise TypeError(
            f"unsupported operand type(s) for {sign}: '{type_name(left)}' and '{type_name(right)}'"
        )
    if kind is ast.Mod and isinstance(left, (str, bytes)):
        return percent(left, right)
    _check(kind, left, right)
    return run(left, right)


def _check(kind: type, left: Any, right: Any) -> None:
    whole = isinstance(left, int) and isinstance(right, int)
    if kind is ast.Add and isinstance(left, SEQUENCES) and isinstance(right, SEQUENCES):
        check(len(left) + len(right))
    elif kind is ast.Mult:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, SEQUENCES) and isinstance(other, int):
                check(len(one) * max(0, other))
        _bits(left.bit_length() + right.bit_length() if whole else 0)
    elif kind is ast.Pow and whole:
        _bits(left.bit_length() * max(0, right))
    elif kind is ast.LShift and whole:
        _bits(left.bit_length() + max(0, right))
    elif isinstance(left, (set, dict)) and isinstance(right, (set, dict)):
        check(len(left) + len(right))


def _bits(count: int) -> None:
    if count > MOST_BITS:
        raise MemoryError


def compare(kind: type, left: Any, right: Any) -> Any:
    """`left OP right` of a comparison."""
    if kind is ast.Is:
        return left is right
    if kind is ast.IsNot:
        return left is not right
    if kind in (ast.In, ast.NotIn):
        return contains(left, right) == (kind is ast.In)
    weigh(left)
    weigh(right)
    if kind is ast.Eq:
        return left == right
    if kind is ast.NotEq:
        return left != right
    sign, run = ORDER[kind]
    if isinstance(left, Instance) or isinstance(right, Instance) or type_name(left) == "function":
        raise TypeError(
            f"'{sign}' not supported between instances of '{type_name(left)}' and '{type_name(right)}'"
        )
    return run(left, right)


def contains(item: Any, whole: Any) -> bool:
    """`item in whole`."""
    weigh(item)
    if isinstance(whole, (str, bytes, bytearray, dict, set, frozenset, range)):
        return item in whole
    if isinstance(whole, (list, tuple)):
        weigh(whole)
        return item in whole
    raise TypeError(f"argument of type '{type_name(whole)}' is not iterable")
