"""The nesting depth of a text is known before it is parsed, whatever its strings contain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.wire import parse

TRICKY = st.text(alphabet='[]{}"\\,:a\u20ac', max_size=12)
VALUES = st.recursive(
    TRICKY | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TRICKY, inner, max_size=4),
    max_leaves=40,
)


@settings(max_examples=500)
@given(VALUES, st.booleans())
def test_just_the_depth_that_a_text_has_is_enough(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode()
    deep = depth_of(value)
    assert parse(text, max_depth=deep) == value
    if deep:
        with pytest.raises(ValueError, match="nested too deeply"):
            parse(text, max_depth=deep - 1)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 41 + b"]" * 41,
        b"[" * 100_000,
        b'{"a":' * 41 + b"1" + b"}" * 41,
        b'["\\"",' + b"[" * 40 + b"]" * 41,
        b'["\\\\",' + b"[" * 40 + b"]" * 41,
        b'["[","]",' + b"[" * 40 + b"]" * 41,
        b"]" * 50 + b"[" * 50,
    ],
)
def test_what_is_nested_too_deeply_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse(text)


@pytest.mark.parametrize(
    "text", [b'["' + b"[" * 1000 + b'"]', b"[" + b"[[]]," * 1000 + b"0]", b'[{"\\\\\\"[[":[]}]' + b" " * 50]
)
def test_width_and_strings_are_not_depth(text: bytes) -> None:
    assert parse(text) == json.loads(text)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((depth_of(item) for item in value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0
