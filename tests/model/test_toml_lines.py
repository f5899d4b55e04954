"""Every key of a TOML text is found in the line that it was written in."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decnet.model.toml_lines import Place, lines


def test_each_way_of_writing_a_key_has_its_line() -> None:
    text = '''\
# a comment with [brackets] and x = 1
top = 1 # another

[a.b]          # the table a is here too
"quoted.key" = "x # no comment"
'single' = """
two lines
x = 1
""" # after
dotted.x.y = [
  1, # one
  [2,
   3], "a]b",
]
inline = { p = 1, q = { "r s" = '}' } }
"esc\\u0061ped" = true
[[many]]
n = 1
[[many]]
n = 2
[many.inner]
m = """ends with quotes\\""""""
last = 1979-05-27T07:32:00Z'''
    tomllib.loads(text)
    assert lines(text) == {
        ("top",): 2,
        ("a",): 4,
        ("a", "b"): 4,
        ("a", "b", "quoted.key"): 5,
        ("a", "b", "single"): 6,
        ("a", "b", "dotted"): 10,
        ("a", "b", "dotted", "x"): 10,
        ("a", "b", "dotted", "x", "y"): 10,
        ("a", "b", "dotted", "x", "y", 0): 11,
        ("a", "b", "dotted", "x", "y", 1): 12,
        ("a", "b", "dotted", "x", "y", 1, 0): 12,
        ("a", "b", "dotted", "x", "y", 1, 1): 13,
        ("a", "b", "dotted", "x", "y", 2): 13,
        ("a", "b", "inline"): 15,
        ("a", "b", "inline", "p"): 15,
        ("a", "b", "inline", "q"): 15,
        ("a", "b", "inline", "q", "r s"): 15,
        ("a", "b", "escaped"): 16,
        ("many",): 17,
        ("many", 0): 17,
        ("many", 0, "n"): 18,
        ("many", 1): 19,
        ("many", 1, "n"): 20,
        ("many", 1, "inner"): 21,
        ("many", 1, "inner", "m"): 22,
        ("many", 1, "inner", "last"): 23,
    }


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_of_both_kinds_count_the_same(newline: str) -> None:
    assert lines(newline.join(["", "a = '''", "x''' # c", "b = 2", ""])) == {("a",): 2, ("b",): 4}


@dataclass
class Writer:
    """Writes a value as TOML in a drawn way, and notes the line of each key as it writes it."""

    draw: st.DrawFn
    text: str = ""
    places: dict[Place, int] = field(default_factory=dict)

    def note(self, place: Place) -> None:
        self.places.setdefault(place, self.text.count("\n") + 1)

    def blank(self) -> None:
        self.text += self.draw(st.sampled_from(["", "", " ", "\n", "# [x]\n", "# \"'\n\n"]))

    def gap(self) -> None:
        self.text += self.draw(st.sampled_from(["", " ", "\t "]))

    def table(self, place: Place, value: dict[str, object]) -> None:
        plain = {key: inner for key, inner in value.items() if not self.as_header(inner)}
        for key, inner in plain.items():
            self.blank_line()
            self.pair(place, key, inner)
        for key, inner in value.items():
            if key not in plain:
                self.headed((*place, key), inner)

    def blank_line(self) -> None:
        self.text += self.draw(st.sampled_from(["", "", "\n", "  # a = 1\n", "\t"]))

    def as_header(self, value: object) -> bool:
        return isinstance(value, dict) and bool(value)

    def headed(self, place: Place, value: object) -> None:
        assert isinstance(value, dict)
        self.blank_line()
        self.note(place)
        self.text += "[" + ".".join(self.key(str(part)) for part in place) + "]"
        self.text += self.draw(st.sampled_from(["\n", " # [y]\n"]))
        self.table(place, value)

    def pair(self, place: Place, key: str, value: object) -> None:
        self.note((*place, key))
        self.text += self.key(key)
        self.gap()
        self.text += "="
        self.gap()
        self.value((*place, key), value)
        self.text += self.draw(st.sampled_from(["\n", " # tail = 1\n"]))

    def key(self, key: str) -> str:
        bare = key.isascii() and key.replace("-", "x").replace("_", "x").isalnum()
        return key if bare and self.draw(st.booleans()) else self.quoted(key)

    def quoted(self, text: str) -> str:
        return '"' + "".join(self.spelled(char) for char in text) + '"'

    def spelled(self, char: str) -> str:
        if char in ('"', "\\"):
            return "\\" + char
        return char if char.isalnum() or char in " .#=[]{}'," else f"\\U{ord(char):08x}"

    def value(self, place: Place, value: object) -> None:
        if isinstance(value, dict):
            self.inline(place, value)
        elif isinstance(value, list):
            self.array(place, value)
        elif isinstance(value, str):
            self.string(value)
        else:
            self.text += str(value).lower()

    def string(self, value: str) -> None:
        if self.draw(st.booleans()):
            self.text += '"""\n' + self.quoted(value)[1:-1] + '\\\n   """'
        else:
            self.text += self.quoted(value)

    def array(self, place: Place, value: list[object]) -> None:
        self.text += "["
        for number, inner in enumerate(value):
            self.blank()
            self.note((*place, number))
            self.value((*place, number), inner)
            self.blank()
            self.text += "," if number < len(value) - 1 or self.draw(st.booleans()) else ""
        self.blank()
        self.text += "]"

    def inline(self, place: Place, value: dict[str, object]) -> None:
        self.text += "{"
        for number, (key, inner) in enumerate(value.items()):
            self.text += ", " if number else " "
            self.note((*place, key))
            self.text += self.key(key) + " = "
            self.value((*place, key), inner)
        self.text += " }"


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["services", "a.b", "#", "x = 1", "ip", '"', '\\"', "'", "]"]
)
VALUES = st.recursive(
    st.integers(-(2**40), 2**40)
    | st.booleans()
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.data(), st.dictionaries(KEYS, VALUES, max_size=5))
@settings(max_examples=300)
def test_every_key_of_any_file_is_found_in_its_line(data: st.DataObject, value: dict[str, object]) -> None:
    writer = Writer(data.draw)
    writer.table((), value)
    assert tomllib.loads(writer.text) == value
    assert lines(writer.text) == writer.places
