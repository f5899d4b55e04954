# ruff: noqa: E501 (tables)
"""Operators of Perl."""

from __future__ import annotations

import math
from typing import Any

from .machine import Machine
from .values import number_of, text_of


def next_text(text: str) -> str:
    """`a9` becomes `b0`, `zz` becomes `aaa`."""
    letters, at = list(text), len(text) - 1
    while at >= 0:
        last = {"z": "a", "Z": "A", "9": "0"}.get(letters[at])
        if last is None:
            letters[at] = chr(ord(letters[at]) + 1)
            return "".join(letters)
        letters[at], at = last, at - 1
    return ("1" if letters[0] == "0" else letters[0]) + "".join(letters)


def calculated(machine: Machine, sign: str, left: Any, right: Any) -> Any:
    """`left OP right`. Raises Died, MemoryError."""
    if sign == ".":
        one, other = text_of(left), text_of(right)
        machine.charge(len(one) + len(other))
        return one + other
    if sign == "x":
        text, times = text_of(left), max(0, int(number_of(right)))
        machine.charge(len(text) * times)
        return text * times
    if sign in ("eq", "ne", "lt", "gt", "le", "ge", "cmp"):
        return _compared(
            {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "cmp": "<=>"}[sign],
            text_of(left),
            text_of(right),
        )
    one_number, other_number = number_of(left), number_of(right)
    if sign in ("==", "!=", "<", ">", "<=", ">=", "<=>"):
        return _compared(sign, one_number, other_number)
    try:
        return _arithmetic(machine, sign, one_number, other_number)
    except OverflowError:
        return math.inf


def _compared(sign: str, left: Any, right: Any) -> Any:
    if sign == "<=>":
        return (left > right) - (left < right)
    held = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        ">": left > right,
        "<=": left <= right,
        ">=": left >= right,
    }[sign]
    return 1 if held else ""


def _arithmetic(machine: Machine, sign: str, left: float, right: float) -> Any:
    if sign in ("/", "%") and not (right if sign == "/" else int(right)):
        raise machine.die("Illegal division by zero" if sign == "/" else "Illegal modulus zero")
    if sign == "/":
        found = left / right
        return int(found) if found == int(found) and abs(found) < 1 << 53 else found
    if sign == "**":
        if isinstance(left, int) and isinstance(right, int) and right >= 0 and left.bit_length() * right < 64:
            return left**right
        return float(left) ** right
    if sign in ("%", "<<", ">>", "&", "|", "^"):
        one, other = int(left), int(right)
        if sign in ("<<", ">>"):
            return (
                one << min(64, max(0, other)) if sign == "<<" else one >> min(64, max(0, other))
            ) & 0xFFFFFFFFFFFFFFFF
        return {
            "%": lambda: one % other,
            "&": lambda: one & other,
            "|": lambda: one | other,
            "^": lambda: one ^ other,
        }[sign]()
    found = left + right if sign == "+" else left - right if sign == "-" else left * right
    return float(found) if isinstance(found, int) and abs(found) >= 1 << 64 else found


def texts_between(first: str, last: str) -> list[str]:
    found = [first[:20]]
    while found[-1] != last and len(found[-1]) <= len(last) and len(found) < 20_000:
        found.append(next_text(found[-1]))
    return found if found[-1] == last else found[:-1]
