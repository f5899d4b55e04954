"""One spelling for one value, so that two programs compute the same hash of it."""

from __future__ import annotations

from .limits import MAX_DEPTH
from .spelling import read, spell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, ASCII only. Raises ValueError on NaN and infinities."""
    return spell(value).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical spelling, 64 hexadecimal digits."""
    import hashlib

    return hashlib.sha256(canonical(value)).hexdigest()


def parse(text: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text from the other side. Raises ValueError on anything that is not plain JSON.

    Refused besides bad syntax: bytes that are not UTF-8, nesting deeper than `max_depth`, NaN and
    infinities, integers of more than 18 digits, the same key twice, and lone surrogates.
    """
    try:
        decoded = text.decode("utf-8")
        _check_depth(decoded, max_depth)
        value = read(decoded, _refuse_constant, _bounded_int, _unique_keys)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if "\\u" in decoded:
        _check_surrogates(value)
    return value


def _check_depth(text: str, max_depth: int) -> None:
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            if depth > max_depth:
                raise ValueError("nested too deeply")
        elif char in "]}":
            depth -= 1


def _refuse_constant(name: str) -> Any:
    raise ValueError("%s is not a number that can be used" % name)


def _bounded_int(digits: str) -> int:
    if len(digits) > 19:
        raise ValueError("a number has more than 18 digits")
    return int(digits)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return result


def _check_surrogates(value: Any) -> None:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise ValueError("a lone surrogate stands in a string")
    elif isinstance(value, list):
        for item in value:
            _check_surrogates(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_surrogates(key)
            _check_surrogates(item)
