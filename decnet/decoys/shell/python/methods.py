# ruff: noqa: E501 (tables, and what real programs print)
"""The methods of plain values that a program may call, and those that need a bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .formatting import format_text
from .values import check, weigh

OF_TEXT = (
    "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric "
    "isprintable isspace istitle isupper lower lstrip partition removeprefix removesuffix rfind rindex rpartition "
    "rsplit rstrip split splitlines startswith strip swapcase title upper translate"
)
ALLOWED: dict[type, frozenset[str]] = {
    str: frozenset(f"{OF_TEXT} encode format join replace center ljust rjust zfill expandtabs".split()),
    bytes: frozenset(f"{OF_TEXT} decode hex join replace center ljust rjust zfill".split()),
    bytearray: frozenset(["append", "extend", "decode", "hex", "find", "clear"]),
    list: frozenset(
        ["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"]
    ),
    tuple: frozenset(["count", "index"]),
    dict: frozenset(
        ["clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"]
    ),
    set: frozenset(
        [
            "add",
            "clear",
            "copy",
            "difference",
            "discard",
            "intersection",
            "isdisjoint",
            "issubset",
            "issuperset",
            "pop",
            "remove",
            "symmetric_difference",
            "union",
            "update",
        ]
    ),
    frozenset: frozenset(
        ["difference", "intersection", "isdisjoint", "issubset", "issuperset", "union", "copy"]
    ),
    int: frozenset(["bit_length", "to_bytes", "conjugate"]),
    float: frozenset(["is_integer", "hex"]),
}
CODECS = frozenset(("utf8", "ascii", "latin1", "utf16", "utf16le", "utf16be", "iso88591", "cp1252"))
WIDE = ("center", "ljust", "rjust", "zfill", "to_bytes")
GROWING = ("append", "extend", "insert", "update", "add", "setdefault")
COMPARING = ("index", "count", "remove", "add", "discard", "get", "pop", "setdefault")
OF_TYPES: dict[tuple[type, str], Callable[..., Any]] = {
    (bytes, "fromhex"): bytes.fromhex,
    (bytearray, "fromhex"): bytearray.fromhex,
    (int, "from_bytes"): int.from_bytes,
    (str, "maketrans"): str.maketrans,
}
"""Methods of types themselves."""


def is_method(value: Any, name: str) -> bool:
    """Whether a plain value has a method that a program may call."""
    kind = bool if isinstance(value, bool) else type(value)
    if isinstance(value, (dict, list)) and kind not in ALLOWED:
        own = getattr(kind, "OWN", ())
        return name in own or name in ALLOWED[dict if isinstance(value, dict) else list]
    return name in ALLOWED.get(int if kind is bool else kind, ())


def call_method(value: Any, name: str, args: list[Any], keywords: dict[str, Any]) -> Any:
    """Call a method of a plain value, whose result is bounded. `sort` and `join` are the machine's."""
    if name == "format":
        return format_text(value, args, keywords)
    if name in ("encode", "decode"):
        _check_codec(args, keywords)
    elif name == "replace":
        _check_replace(value, args)
    elif name in (*WIDE, "expandtabs"):
        times = value.count("\t") + 1 if name == "expandtabs" else 1
        for each in (*args, *keywords.values()):
            check(each * times if isinstance(each, int) else 0)
    elif name == "translate" and args and isinstance(args[0], dict):
        longest = max((len(each) for each in args[0].values() if isinstance(each, str)), default=1)
        check(len(value) * max(1, longest))
    elif name in GROWING:
        check(len(value) + 1)
    if name in COMPARING:
        for each in args:
            weigh(each)
        if name in ("index", "count", "remove"):
            weigh(value)
    result = getattr(value, name)(*args, **keywords)
    if name in ("items", "keys", "values"):
        return list(result) if name != "items" else [tuple(each) for each in result]
    return result


def _check_codec(args: list[Any], keywords: dict[str, Any]) -> None:
    codec = args[0] if args else keywords.get("encoding", "utf-8")
    if isinstance(codec, str) and codec.lower().replace("-", "").replace("_", "") not in CODECS:
        raise LookupError(f"unknown encoding: {codec}")


def _check_replace(value: Any, args: list[Any]) -> None:
    if len(args) >= 2 and isinstance(args[0], type(value)) and isinstance(args[1], type(value)):
        check(len(value) + (value.count(args[0]) if args[0] else len(value) + 1) * len(args[1]))
