"""What would grow in memory, or in depth, far beyond its length is refused before it is read."""

from __future__ import annotations

import json
import resource
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.wire import parse

MEGABYTE = 1024 * 1024
AWKWARD = st.text(alphabet='[]{},"\\:a\u202e', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | AWKWARD,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(AWKWARD, inner, max_size=5),
    max_leaves=25,
)


def depth_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return int(isinstance(value, list | dict)) + max(map(depth_of, inner), default=0)


def entries_of(value: Any) -> int:
    """One for each list and object, and one for each comma in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = 1 + max(len(inner) - 1, 0) if isinstance(value, list | dict) else 0
    return own + sum(map(entries_of, inner))


@settings(max_examples=400)
@given(VALUES, st.integers(1, 8), st.integers(1, 30), st.booleans())
def test_depth_and_entries_are_counted_outside_of_strings_only(
    value: Any, depth: int, entries: int, ascii_only: bool
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    deep, many = depth_of(value) > depth, entries_of(value) > entries
    try:
        assert parse(text, depth, entries) == value
        # A short text is not counted: neither depth nor entries can be over by its mere length.
        assert not deep and (not many or text.count(b",") < entries)
    except ValueError:
        assert deep or many


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"[]," * (5 * MEGABYTE) + b"[]]",
        b"[" + b'{"a":1},' * (2 * MEGABYTE) + b"{}]",
        b"[" + b'"",' * (5 * MEGABYTE) + b"1]",
        b"[" + b"1," * (8 * MEGABYTE) + b"1]",
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'"' * (16 * MEGABYTE),
        b"[[" + b"]" * (16 * MEGABYTE),
        b'["' + b"\\" * (16 * MEGABYTE),
    ],
    ids=[
        "lists",
        "objects",
        "strings",
        "numbers",
        "deep",
        "deep-objects",
        "quotes",
        "closers",
        "backslashes",
    ],
)
def test_a_bomb_is_refused_at_once_and_costs_no_memory(text: bytes) -> None:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ValueError):
        parse(text)
    assert time.process_time() - start < 2
    # Copies of the text itself, and no value for each of its bytes.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 120 * 1024


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1.0e400", "NaN", "Infinity", "-Infinity", "9" * 20])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValueError):
        parse(b'{"a":[%s]}' % number.encode())


def test_twenty_thousand_containers_are_still_read() -> None:
    row = {"name": "web", "id": "x", "decky": "web", "service": "", "fingerprint": "f", "image": "i"}
    rows = [
        {**row, "restarts": 0, "exit_code": None, "attached": None, "ip": "", "state": "running"}
    ] * 20_000
    assert parse(json.dumps(rows).encode()) == rows
