"""Canonical JSON, so that two programs compute the same hash of a value, and the journal's hash chain.

JSON is encoded and decoded by the interpreter's own C parts: the `json` package around them imports `re` and
`enum`, which takes longer than everything else in a heartbeat of the agent. If those parts are missing or
take other arguments, `json` is used.
"""

from __future__ import annotations

from .limits import MAX_DEPTH, MAX_ENTRIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

GENESIS = "0" * 64
"""The previous hash of a journal's first record."""

_BLANKS = " \t\n\r"


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, ASCII only. Raises ValueError on NaN and infinities."""
    return encode_json(value).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical encoding, 64 hexadecimal digits."""
    import hashlib

    return hashlib.sha256(canonical(value)).hexdigest()


def parse(text: bytes, max_depth: int = MAX_DEPTH, max_entries: int = MAX_ENTRIES) -> Any:
    """The value of a JSON text from the other side. Raises ValueError on anything that is not plain JSON.

    Refused in addition to bad syntax: bytes that are not UTF-8, nesting deeper than `max_depth`, more than
    `max_entries` values, NaN and infinities, integers of more than 18 digits, the same key twice, and
    lone surrogates.
    """
    decoded = text.decode("utf-8")
    _check_shape(text, max_depth, max_entries)
    try:
        value = decode_json(decoded, _refuse_constant, _bounded_int, _unique_keys, _bounded_float)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if "\\u" in decoded:
        _check_surrogates(value)
    return value


def chained(record: Dict[str, Any], previous_hash: str) -> Dict[str, Any]:
    """The record with `prev` and `hash` set; the hash covers all fields but itself."""
    body = {key: value for key, value in record.items() if key != "hash"}
    body["prev"] = previous_hash
    return dict(body, hash=digest(body))


def verify(record: Dict[str, Any]) -> bool:
    """Whether the record's hash is the hash of its other fields."""
    body = {key: value for key, value in record.items() if key != "hash"}
    return bool(record.get("hash") == digest(body))


def encode_json(value: Any) -> str:
    """Sorted keys, no spaces, ASCII only. Raises ValueError on NaN and infinities."""
    try:
        from _json import encode_basestring_ascii, make_encoder  # type: ignore[import-not-found, unused-ignore]

        encode = make_encoder({}, _refuse, encode_basestring_ascii, None, ":", ",", True, False, False)
    except (ImportError, TypeError):
        import json

        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return "".join(encode(value, 0))


def decode_json(
    text: str,
    constant: Callable[[str], Any] = float,
    whole: Callable[[str], int] = int,
    pairs: Optional[Callable[[Any], Any]] = None,
    real: Callable[[str], float] = float,
) -> Any:
    """The value of a JSON text. `constant` makes NaN and infinities, `whole` integers, `pairs` objects,
    `real` numbers with a point or an exponent.

    Raises ValueError on anything that is not one JSON value, and RecursionError on deep nesting.
    """
    try:
        from _json import make_scanner

        scan = make_scanner(_Rules(constant, whole, pairs, real))  # type: ignore[arg-type]
        begin = len(text) - len(text.lstrip(_BLANKS))
        value, end = scan(text, begin)
    except StopIteration as stop:
        raise ValueError("no JSON value at character %s" % stop.value) from None
    except (ImportError, TypeError, AttributeError, SystemError):
        # SystemError: the scanner found bad syntax, and no json.decoder to take its exception from.
        import json

        return json.loads(
            text, parse_constant=constant, parse_int=whole, object_pairs_hook=pairs, parse_float=real
        )
    if text[end:].strip(_BLANKS):
        raise ValueError("more than one JSON value, from character %d" % end)
    return value


def _check_shape(text: bytes, max_depth: int, max_entries: int) -> None:
    """Raise for what would grow in memory far beyond its own length. Each step is one pass in C: a long
    answer of one worker must not hold up the others."""
    if text.count(b"[") + text.count(b"{") <= max_depth and text.count(b",") < max_entries:
        return
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    if bare.count(b'"') > 4 * max_entries:
        raise ValueError("more than %d values" % max_entries)
    # The text outside of strings, and of that only what begins a new value or closes one.
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
    # Also for plain text like 1e999.
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has a duplicate key")
    return result


def _check_surrogates(value: Any) -> None:
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise ValueError("a string has a lone surrogate")
    elif isinstance(value, list):
        for item in value:
            _check_surrogates(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_surrogates(key)
            _check_surrogates(item)


class _Rules:
    """What the C scanner asks for: the attributes of a `json.JSONDecoder`."""

    strict = True
    object_hook = None

    def __init__(
        self,
        constant: Callable[[str], Any],
        whole: Callable[[str], int],
        pairs: Optional[Callable[[Any], Any]],
        real: Callable[[str], float],
    ) -> None:
        self.parse_constant = constant
        self.parse_int = whole
        self.object_pairs_hook = pairs
        self.parse_float = real


def _refuse(value: object) -> Any:
    raise TypeError("%s cannot be encoded as JSON" % type(value).__name__)
