# ruff: noqa: E501 (what real programs print is not broken into shorter lines)
"""redis-cli --scan and --bigkeys. Source: redis-cli 7.0.15."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from ..process import Running
from .redis_replies import Reply

Ask = Callable[[list[str]], Generator[Any, Any, list[Reply]]]
Out = Callable[[str], None]
MOST_LINES = 2000


def _keys(ask: Ask, pattern: str) -> Generator[Any, Any, list[str]]:
    cursor, found = "0", []
    for _ in range(MOST_LINES):
        replies = yield from ask(["SCAN", cursor, "MATCH", pattern])
        if not replies or replies[0].mark != "*":
            break
        first, keys = replies[0].value
        found += [each.value.decode("utf-8", "surrogateescape") for each in keys.value]
        cursor = first.value.decode("latin-1")
        if cursor == "0":
            break
        yield 0.0
    return found


def scan(ask: Ask, pattern: str, out: Out) -> Running:
    for key in (yield from _keys(ask, pattern)):
        out(f"{key}\n")
    return 0


SIZES = {
    "string": "STRLEN",
    "list": "LLEN",
    "hash": "HLEN",
    "set": "SCARD",
    "zset": "ZCARD",
    "stream": "XLEN",
}
UNITS = {
    "string": "bytes",
    "list": "items",
    "hash": "fields",
    "set": "members",
    "zset": "members",
    "stream": "entries",
}


def biggest(ask: Ask, pattern: str, out: Out) -> Running:
    """--bigkeys: the largest key of each type."""
    best, counts = dict[str, tuple[int, str]](), dict[str, list[int]]()
    out(
        "\n# Scanning the entire keyspace to find biggest keys as well as\n# average sizes per key type.  You can use -i 0.1 to sleep 0.1 sec\n# per 100 SCAN commands (not usually needed).\n\n"
    )
    keys = yield from _keys(ask, pattern)
    for at, key in enumerate(keys):
        kind = (yield from ask(["TYPE", key]))[0].value.decode()
        size = int((yield from ask([SIZES.get(kind, "STRLEN"), key]))[0].value)
        counts.setdefault(kind, []).append(size)
        if size > best.get(kind, (-1, ""))[0]:
            best[kind] = size, key
            out(
                f"[{1000 * (at // 10) / len(keys):05.2f}%] Biggest {kind:<6} found so far '\"{key}\"' with {size} {UNITS.get(kind, '?')}\n"
            )
    length = sum(len(key) for key in keys)
    average = length / len(keys) if keys else 0.0
    out(
        f"\n-------- summary -------\n\nSampled {len(keys)} keys in the keyspace!\nTotal key length in bytes is {length} (avg len {average:.2f})\n\n"
    )
    for kind in SIZES:
        if kind in best:
            size, key = best[kind]
            out(f"Biggest {kind:>6} found '\"{key}\"' has {size} {UNITS[kind]}\n")
    out("\n")
    for kind in SIZES:
        sizes = counts.get(kind, [])
        share = 100 * len(sizes) / len(keys) if keys else 0.0
        mean = sum(sizes) / len(sizes) if sizes else 0.0
        out(
            f"{len(sizes)} {kind}s with {sum(sizes)} {UNITS[kind]} ({share:05.2f}% of keys, avg size {mean:.2f})\n"
        )
    return 0
