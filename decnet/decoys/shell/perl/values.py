# ruff: noqa: E501 (tables)
"""The values of Perl: texts, numbers, None for undef, lists and dictionaries behind references."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

ERRNO = {
    "No such file or directory": 2, "Permission denied": 13, "File exists": 17, "Not a directory": 20, "Is a directory": 21,
    "Too many open files": 24, "Connection refused": 111, "Connection timed out": 110, "No route to host": 113, "Network is unreachable": 101,
}  # fmt: skip
"""The numbers of errors by their texts."""
MOST_TEXT = 256 * 1024
MOST_HELD = 16 * 1024 * 1024


class Died(Exception):
    """`die`: the text, or the value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Left(Exception):
    """`exit`, or the end by a limit."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class Jump(Exception):
    """`last`, `next` or `return`."""

    def __init__(self, kind: str, value: Any = None) -> None:
        super().__init__()
        self.kind, self.value = kind, value


@dataclass(eq=False)
class Code:
    """A subroutine."""

    body: list[Any]
    scopes: list[dict[str, Any]]


@dataclass(eq=False)
class Reference:
    """A reference to a variable: where it is kept, and its name there."""

    place: dict[str, Any]
    name: str


@dataclass(eq=False)
class Handle:
    """An open file: its lines, or what is written to it."""

    path: str
    mode: str
    data: bytearray = field(default_factory=bytearray)
    at: int = 0


def text_of(value: Any) -> str:
    """A value as a text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 64 else _float(float(value))
    kind = {"list": "ARRAY", "dict": "HASH", "Code": "CODE", "Handle": "GLOB"}.get(
        type(value).__name__, "SCALAR"
    )
    return f"{kind}(0x55{id(value) & 0xFFFFFFFF:010x})"


def _float(value: float) -> str:
    if math.isinf(value) or math.isnan(value):
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.15g}"


def number_of(value: Any) -> int | float:
    """A value as a number: a text's begin."""
    if isinstance(value, (int, float)):
        return value
    if value is None:
        return 0
    if not isinstance(value, str):
        return id(value)
    text = value.strip()[:400]
    end, seen = 0, set()
    for end, char in enumerate(f"{text} "):  # noqa: B007 (the end is used)
        if char in "+-" and (end == 0 or text[end - 1] in "eE"):
            continue
        if char in ".eE" and char.lower() not in seen and (char == "." or end):
            seen.add(char.lower())
            continue
        if not char.isdecimal():
            break
    head = text[:end].rstrip("eE+-.") if text[:end].strip("+-.eE") else ""
    if not head:
        return 0
    return int(head) if head.lstrip("+-").isdecimal() and len(head) < 19 else float(head)


def truth(value: Any) -> bool:
    """Whether a value counts as true."""
    return value not in (None, "", "0", 0, 0.0) if isinstance(value, (str, int, float, type(None))) else True


def check(size: int) -> None:
    """Raise MemoryError for a text or list that may not be made."""
    if size > MOST_TEXT:
        raise MemoryError
