"""One spelling for one value, so that two programs compute the same hash of it."""

from __future__ import annotations

from .limits import MAX_DEPTH, MAX_ENTRIES
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


def parse(text: bytes, max_depth: int = MAX_DEPTH, max_entries: int = MAX_ENTRIES) -> Any:
    """The value of a JSON text from the other side. Raises ValueError on anything that is not plain JSON.

    Refused besides bad syntax: bytes that are not UTF-8, nesting deeper than `max_depth`, more than
    `max_entries` values, NaN and infinities, integers of more than 18 digits, the same key twice, and
    lone surrogates.
    """
    decoded = text.decode("utf-8")
    _check_shape(text, max_depth, max_entries)
    try:
        value = read(decoded, _refuse_constant, _bounded_int, _unique_keys, _bounded_float)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if "\\u" in decoded:
        _check_surrogates(value)
    return value


def _check_shape(text: bytes, max_depth: int, max_entries: int) -> None:
    """Raise for what would grow in memory far beyond its own length. Each step is one pass in C: a long
    answer of one worker must not hold up the others."""
    if text.count(b"[") + text.count(b"{") <= max_depth and text.count(b",") < max_entries:
        return
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if bare.count(b'"') > 4 * max_entries:
        raise ValueError("more than %d values" % max_entries)
    # What stands outside of strings, and of that only what makes a new value or closes one.
    bones = b"".join(bare.split(b'"')[::2]).translate(None, _NO_BONES)
    if len(bones) - bones.count(b"]") - bones.count(b"}") > max_entries:
        raise ValueError("more than %d values" % max_entries)
    depth = 0
    for bone in bones.replace(b",", b""):
        depth += 1 if bone in b"[{" else -1
        if depth > max_depth:
            raise ValueError("nested too deeply")


_NO_BONES = bytes(code for code in range(256) if code not in b"[]{},")


def _refuse_constant(name: str) -> Any:
    raise ValueError("%s is not a number that can be used" % name)


def _bounded_int(digits: str) -> int:
    if len(digits) > 19:
        raise ValueError("a number has more than 18 digits")
    return int(digits)


def _bounded_float(digits: str) -> float:
    number = float(digits)
    # Also of a plain spelling like 1e999.
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


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
