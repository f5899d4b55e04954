"""`%`, `str.format`, `format()` and f-strings, whose widths are bounded."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from .values import check, repr_of, str_of

LONGEST_FORMAT = 4096


class _Shown:
    """A value as the C code of formatting sees it: only its texts."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __str__(self) -> str:
        return str_of(self._value)

    def __repr__(self) -> str:
        return repr_of(self._value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (int, float, str, bytes)) else _Shown(value)


def percent(text: Any, values: Any) -> Any:
    """`text % values`."""
    _check_widths(text.decode("latin-1") if isinstance(text, bytes) else text)
    if isinstance(values, tuple):
        for each in values:
            check(each if isinstance(each, int) and "*" in str(text) else 0)
        result = text % tuple(_plain(each) for each in values)
    elif isinstance(values, dict):
        result = text % {key: _plain(value) for key, value in values.items()}
    else:
        result = text % _plain(values)
    check(len(result))
    return result


def _check_widths(text: str) -> None:
    """Raise MemoryError for a number that would make a text too long."""
    check(len(text))
    digits = ""
    for char in text:
        digits = digits + char if char.isdigit() else ""
        if len(digits) > 5:
            raise MemoryError


def format_value(value: Any, spec: str) -> str:
    """`format(value, spec)`."""
    _check_widths(spec)
    if isinstance(value, (int, float, str)):
        return format(value, spec)
    if spec:
        raise TypeError(f"unsupported format string passed to {type(value).__name__}.__format__")
    return str_of(value)


class _Formatter(string.Formatter):
    """`str.format` with names, numbers and keys; no attributes."""

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        name, _, rest = field_name.partition("[")
        if "." in field_name:
            raise AttributeError(f"no attribute '{field_name.partition('.')[2]}'")
        value = self.get_value(int(name) if name.isdigit() else name, args, kwargs)
        if rest:
            key = rest.rstrip("]")
            value = value[int(key) if key.isdigit() else key]
        return value, name

    def format_field(self, value: Any, format_spec: str) -> str:
        return format_value(value, format_spec)

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return repr_of(value) if conversion in ("r", "a") else str_of(value) if conversion == "s" else value


def format_text(text: str, args: list[Any], keywords: dict[str, Any]) -> str:
    """`text.format(*args, **keywords)`."""
    if len(text) > LONGEST_FORMAT:
        raise MemoryError
    largest = max((len(each) for each in [*args, *keywords.values()] if isinstance(each, str)), default=0)
    check(largest * (text.count("{") + 1))
    result = _Formatter().vformat(text, args, keywords)
    check(len(result))
    return result
