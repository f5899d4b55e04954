# ruff: noqa: E501 (tables, and what real programs print)
"""Modules that only calculate: base64, hashlib, json, re, random, math and what is like them."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import json
import math
import random
import string
import struct
from collections.abc import Callable
from typing import Any

from .containers import collections_of
from .machine import Machine, Value
from .of_system import natives
from .patterns import functions
from .values import DEEPEST, Native, Record, check, type_name, weigh

MOST_REPEATS = 4096
HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake2s", "sha3_256")


def _plain(*runs: Callable[..., Any]) -> dict[str, Any]:
    """Functions whose work and result are bounded by the size of their arguments."""

    def native(run: Callable[..., Any]) -> Native:
        return Native(run.__name__, lambda machine, args, keywords: run(*args, **keywords))

    return {run.__name__: native(run) for run in runs}


def _hash(name: str) -> Callable[..., Record]:
    def run(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
        algorithm, given = (args[0], args[1:]) if name == "new" else (name, args)
        if algorithm not in HASHES:
            raise ValueError(f"unsupported hash type {algorithm}")
        if given and isinstance(given[0], str):
            raise TypeError("Strings must be encoded before hashing")
        digest = hashlib.new(algorithm, *given)
        made = Record(f"{algorithm} _hashlib.HASH", {"digest_size": digest.digest_size, "name": algorithm})

        def update(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
            if isinstance(args[0], str):
                raise TypeError("Strings must be encoded before hashing")
            digest.update(args[0])

        made.attributes |= natives(
            update=update,
            hexdigest=lambda machine, args, keywords: digest.hexdigest(),
            digest=lambda machine, args, keywords: digest.digest(),
        )
        return made

    return run


def _stretched(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> bytes:
    """`pbkdf2_hmac`, with a bound on its rounds."""
    name, password, salt, rounds, *rest = args
    machine.process.spend(min(int(rounds), 1 << 30) // 4)
    check(int(rounds))
    return hashlib.pbkdf2_hmac(name, password, salt, int(rounds), *rest[:1], **keywords)


def _dumped(
    value: Any,
    indent: int | None,
    depth: int,
    *,
    sort: bool,
    ascii_only: bool,
    between: tuple[str, str] | None = None,
) -> str:
    if depth > DEEPEST:
        raise RecursionError("maximum recursion depth exceeded while encoding a JSON object")
    if not isinstance(value, (dict, list, tuple)):
        if not isinstance(value, (str, int, float, type(None))):
            raise TypeError(f"Object of type {type_name(value)} is not JSON serializable")
        return json.dumps(value, ensure_ascii=ascii_only)
    comma, colon = between or (", " if indent is None else ",", ": ")
    parts, size = [], 0
    pairs = sorted(value.items()) if sort and isinstance(value, dict) else None
    for each in pairs or (value.items() if isinstance(value, dict) else value):
        inner = each[1] if isinstance(value, dict) else each
        text = _dumped(inner, indent, depth + 1, sort=sort, ascii_only=ascii_only, between=between)
        if isinstance(value, dict):
            name = each[0] if isinstance(each[0], str) else json.dumps(each[0])
            text = f"{json.dumps(name, ensure_ascii=ascii_only)}{colon}{text}"
        size += len(text) + 2 + (indent or 0) * depth
        check(size)
        parts.append(text)
    first, last = "{}" if isinstance(value, dict) else "[]"
    if indent is None or not parts:
        return first + comma.join(parts) + last
    blanks = "\n" + " " * (indent * (depth + 1))
    return first + blanks + (comma + blanks).join(parts) + "\n" + " " * (indent * depth) + last


def dumps(
    value: Any,
    indent: int | None = None,
    *,
    sort_keys: bool = False,
    ensure_ascii: bool = True,
    separators: tuple[str, str] | None = None,
) -> str:
    """A value as JSON."""
    weigh(value)
    check(indent or 0)
    return _dumped(value, indent, 0, sort=sort_keys, ascii_only=ensure_ascii, between=separators)


def _loads(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    if not isinstance(args[0], (str, bytes)):
        kinds = "str, bytes or bytearray"
        raise TypeError(f"the JSON object must be {kinds}, not {type_name(args[0])}")
    check(len(args[0]))
    return json.loads(args[0])


def _load(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Value:
    return json.loads((yield from args[0].read(machine)))


def _dump(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    args[1].write(machine, dumps(args[0], **keywords))


def _choice(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    return random.choice(args[0])


def _choices(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
    check(keywords.get("k", 1))
    return random.choices(args[0], k=keywords.get("k", 1))


def _shuffle(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> None:
    random.shuffle(args[0])


def _struct(run: Callable[..., Any]) -> Callable[..., Any]:
    def call(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Any:
        check(struct.calcsize(args[0]) if sum(map(str.isdigit, args[0])) < 6 else 1 << 30)
        return run(*args)

    return call


def _now(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> Record:
    now = datetime.datetime.now()

    def shown(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> str:
        check(len(args[0]))
        return now.strftime(args[0])

    facts = {name: getattr(now, name) for name in ("year", "month", "day", "hour", "minute", "second")}
    return Record(
        "datetime.datetime",
        {**facts, **natives(strftime=shown, isoformat=lambda machine, args, keywords: now.isoformat())},
        str(now),
    )


def _factorial(machine: Machine, args: list[Any], keywords: dict[str, Any]) -> int:
    check(args[0] * 64)
    return math.factorial(args[0])


def _math(machine: Machine) -> dict[str, Any]:
    plain = _plain(math.sqrt, math.floor, math.ceil, math.log, math.log2, math.log10, math.sin, math.cos, math.tan, math.exp, math.fabs,
                   math.gcd, math.isnan, math.hypot, math.atan2, math.degrees, math.radians, math.trunc, math.fmod)  # fmt: skip
    return {
        **plain,
        **natives(factorial=_factorial),
        "pi": math.pi,
        "e": math.e,
        "inf": math.inf,
        "nan": math.nan,
    }


MODULES: dict[str, Callable[[Machine], dict[str, Any]]] = {
    "base64": lambda machine: _plain(base64.b64encode, base64.b64decode, base64.b32encode, base64.b32decode, base64.b16encode,
                                     base64.b16decode, base64.urlsafe_b64encode, base64.urlsafe_b64decode, base64.encodebytes, base64.decodebytes),
    "binascii": lambda machine: _plain(binascii.hexlify, binascii.unhexlify, binascii.crc32),
    "hashlib": lambda machine: {**natives(**{name: _hash(name) for name in (*HASHES, "new")}, pbkdf2_hmac=_stretched),
                                "algorithms_guaranteed": set(hashlib.algorithms_guaranteed), "algorithms_available": set(hashlib.algorithms_guaranteed)},
    "json": lambda machine: {**natives(loads=_loads, load=_load, dump=_dump), **_plain(dumps), "JSONDecodeError": json.JSONDecodeError},
    "re": functions,
    "random": lambda machine: {**natives(choice=_choice, choices=_choices, shuffle=_shuffle, seed=lambda machine, args, keywords: None),
                               **_plain(random.randint, random.random, random.uniform, random.randrange)},
    "string": lambda machine: {name: getattr(string, name) for name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "hexdigits", "punctuation", "printable", "whitespace")},
    "math": _math,
    "struct": lambda machine: natives(pack=_struct(struct.pack), unpack=_struct(struct.unpack), calcsize=_struct(struct.calcsize)),
    "datetime": lambda machine: {"datetime": Record("type", natives(now=_now, utcnow=_now))},
    "collections": collections_of,
}  # fmt: skip
