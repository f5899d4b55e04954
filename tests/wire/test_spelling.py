"""The fast JSON encoder and decoder give what the `json` package gives, errors included."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.wire import canonical, decode_json, digest, encode_json, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@settings(max_examples=300)
@given(VALUES)
def test_spelling_is_what_json_dumps_spells(value: object) -> None:
    assert encode_json(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@settings(max_examples=300)
@given(VALUES, st.sampled_from(["", " ", "\n\t \r"]), st.booleans())
def test_reading_is_what_json_loads_reads(value: object, blanks: str, indented: bool) -> None:
    text = blanks + json.dumps(value, indent=2 if indented else None) + blanks
    assert decode_json(text) == json.loads(text)


@settings(max_examples=300)
@given(st.text(alphabet='{}[]",:0123456789.eE-+tfn\\u \n\x00rals', max_size=30))
def test_text_is_refused_exactly_where_json_refuses_it(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            decode_json(text)
    else:
        found = decode_json(text)
        assert found == expected or (isinstance(found, float) and math.isnan(found))


@pytest.mark.parametrize(
    "text", ["", "{", '{"a":', '"abc', '{"a" 1}', "[1,", "nul", "1 2", "{}x", '"\\x"', '"\n"']
)
def test_bad_syntax_is_a_value_error_also_where_json_was_never_imported(text: str) -> None:
    package = Path(__file__).parents[2]
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from decnet.wire import decode_json\n"
        "assert 'json' not in sys.modules\n"
        "try: decode_json(sys.argv[2])\n"
        "except ValueError: print('refused')"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(package), text],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert ended.stdout == "refused\n"


def test_importing_the_wire_imports_none_of_the_slow_modules() -> None:
    package = Path(__file__).parents[2]
    script = "import sys; sys.path.insert(0, sys.argv[1]); import decnet.wire; print(*sorted(sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(package)],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    slow = {"json", "re", "enum", "typing", "hashlib", "socket"}
    assert slow & set(ended.stdout.split()) == set()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan]])
def test_what_is_not_a_number_is_never_encoded(value: object) -> None:
    with pytest.raises(ValueError):
        canonical(value)


@pytest.mark.parametrize(
    "text",
    [
        b"\xff", b'{"a":1,"a":2}', b"NaN", b"-Infinity", b"[" * 41 + b"]" * 41, b"[" * 100_000, b'"\\ud800"',
        b"12345678901234567890", b'{"a":"\\udfff"}',
    ],
)  # fmt: skip
def test_the_other_sides_text_is_refused_where_it_is_not_plain(text: bytes) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_the_order_of_keys_does_not_change_a_digest() -> None:
    assert digest({"b": 1, "a": [1, "ü"]}) == digest({"a": [1, "ü"], "b": 1})
