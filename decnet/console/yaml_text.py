"""JSON values as YAML: block style, ASCII only; a text that could be read as another type is quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_OTHER_TYPES = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
"""Texts that YAML 1.1 or 1.2 reads as a truth value or as nothing."""


def yaml_text(document: Any) -> str:
    """A JSON value as YAML, with a newline at the end."""
    return "\n".join(_lines(document)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _entry(f"{_scalar(str(key))}:", each, "  ")
    elif isinstance(value, list | tuple) and value:
        for each in value:
            yield from _item(each)
    else:
        yield _scalar(value)


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list | tuple) and value:
        yield start
        yield from (indent + line for line in _lines(value))
    else:
        yield f"{start} {_scalar(value)}"


def _item(value: Any) -> Iterator[str]:
    first, *others = _lines(value)
    yield f"- {first}"
    yield from (f"  {line}" for line in others)


def _scalar(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return repr(value)
        case float():
            return _number(value)
        case str():
            is_plain = _PLAIN.fullmatch(value) and value.lower() not in _OTHER_TYPES
            return value if is_plain else _quoted(value)
    return "{}" if isinstance(value, dict) else "[]"


def _number(value: float) -> str:
    """To a reader of YAML 1.1, 1e-05 is a text: a number with an exponent has a point and a sign."""
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    if not exponent:
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{power if power[0] in '+-' else '+' + power}"


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    number = ord(character)
    if character in '"\\':
        return f"\\{character}"
    if 0x20 <= number < 0x7F:
        return character
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
