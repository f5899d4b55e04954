"""Bytes that are no TOML are refused in words, with the place, and without what may be a password."""

from __future__ import annotations

import pytest

from decnet.errors import SpecError
from decnet.model import toml_text


def refused(content: bytes) -> SpecError:
    with pytest.raises(SpecError) as caught:
        toml_text.load(toml_text.decode(content, "fleet.toml"), "fleet.toml")
    return caught.value


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = 1\nb = caf\xe9\n", "fleet.toml:2: this line is not UTF-8"),
        (b"a = 1\n\x00", "fleet.toml:2: a NUL byte: this is not a text file"),
        (b"\xff\xfea\x00", "fleet.toml: written as UTF-16"),
        (b"#" * (toml_text.MAX_BYTES + 1), "fleet.toml: larger than 1024 KiB"),
        (b"a = 1\nb\n", "fleet.toml:2:2: `=` is missing after the key: b"),
        (b"a = yes", "fleet.toml:1:5: not a valid TOML value: a"),
        (b'a = "x\n', "fleet.toml:1:7: a text without its closing quote: a"),
        (b"a = 'x\n", "fleet.toml:1:7: a text without its closing quote: a"),
        (b'a = """x\n\n', "fleet.toml:1:9: a text without its closing quote: a"),
        (b"[a]\n[b]\n[a]\n", "fleet.toml:3:3: this table was already written: [a]"),
        (b"a = 1\na = 2", "fleet.toml:2:6: this key appears twice in its table: a"),
        (b"a = {b = 1, b = 2}", "fleet.toml:1:18: this key appears twice in its table: a"),
        (b"a = {b = 1}\n[a.c]", "fleet.toml:2:5: this table was already written: [a.c]"),
        (b"a = 1 2", "fleet.toml:1:7: something is left over after the value: a"),
        (b"a = [1 2]", "fleet.toml:1:8: a list without its closing `]`, or without a comma: a"),
        (b"a = [\n 1,\n", "fleet.toml:2:4: the file ends in the middle of a value"),
        (b"a = {b = 1\n}", "fleet.toml:1:11: an inline table without its closing `}`, or without a comma: a"),
        (b"[a\n", "fleet.toml:1:3: a table header without its closing `]`: [a"),
        (b"? = 1", "fleet.toml:1:1: neither `key = value` nor `[table]`: ?"),
        (b"[]", "fleet.toml:1:2: not a valid TOML key: []"),
        (b'a = "\\q"', "fleet.toml:1:8: an unknown escape in a text: a"),
        (b'a = "\\ud800"', "fleet.toml:1:12: an escape that is not a character: a"),
        (b'a = "x\x07"', "fleet.toml:1:7: a control character that is not allowed here: a"),
        (b"a = 1\r\rb = 2", "fleet.toml:1:6: something is left over after the value: a"),
        (b"a = 2024-13-01", "fleet.toml:1:9: something is left over after the value: a"),
        (b"a = " + b"[" * 9000, "fleet.toml: nested too deeply"),
        (b"a = " + b"[" * 40 + b"]" * 40, "fleet.toml: nested deeper than 32 levels"),
        (b"a" + b".a" * 40 + b" = 1", "fleet.toml: nested deeper than 32 levels"),
        (b"\na" + b".a" * 400000 + b" = 1", "fleet.toml:2: a key of more than 100 parts"),
        (b"a = " + b"9" * 5000, "fleet.toml: a number in it has too many digits"),
    ],
)
def test_broken_text_is_refused_with_its_place(content: bytes, message: str) -> None:
    assert refused(content).message == message


def test_a_line_that_cannot_be_read_does_not_show_its_value() -> None:
    error = refused(b'credentials = "root:hunter2\n')
    assert "hunter2" not in error.message + str(error.hint)


def test_control_characters_of_a_broken_line_are_escaped() -> None:
    assert "\x1b" not in refused(b"\x1b[31m = 1").message


def test_a_byte_order_mark_is_not_an_error() -> None:
    assert toml_text.load(toml_text.decode(b"\xef\xbb\xbfa = 1", "f"), "f") == {"a": 1}
