"""One count, one noun: `1 decky`, `2 deckies`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import decnet
from decnet.model.counted import counted

ROOT = Path(decnet.__file__).parent
OUR_TEXT = "catalog cli commands console engine export model plan store worker"
NOUNS = "deckies|workers|services|strays|events|lines|steps|networks|files|days|logins|images|bytes"
COUNTED_NOUN = re.compile(rf"^ (more |other |stored |oldest )?({NOUNS}|decky|event|step|worker)\b")
NUMBERS = {"count", "number", "total", "events", "files", "load", "wanted", "others", "dropped", "left"}


def uncounted(path: Path) -> Iterator[str]:
    """The places where a number that may be one is followed by a noun that does not depend on it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            for value, text in zip(node.values, node.values[1:], strict=False):
                is_noun = isinstance(text, ast.Constant) and COUNTED_NOUN.match(str(text.value))
                if is_noun and isinstance(value, ast.FormattedValue) and _may_be_one(value):
                    yield f"{path.name}:{node.lineno}: {ast.unparse(node)}"


def _may_be_one(formatted: ast.FormattedValue) -> bool:
    """Whether it is a length, or a name that is used for numbers; those with thousands have own functions."""
    value = formatted.value
    if formatted.format_spec is not None:
        return False
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "len"
    return (value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")) in NUMBERS


def test_a_number_has_the_noun_that_fits_it() -> None:
    files = [path for name in OUR_TEXT.split() for path in sorted((ROOT / name).rglob("*.py"))]
    assert [place for path in files for place in uncounted(path)] == []


def test_one_decky_and_two_deckies() -> None:
    assert [counted(number, "decky") for number in (0, 1, 2)] == ["0 deckies", "1 decky", "2 deckies"]
    assert (counted(1, "day"), counted(3, "day"), counted(3, "more stray")) == (
        "1 day",
        "3 days",
        "3 more strays",
    )
