"""Parses TOML that users write: bytes to values; every error has a plain message and its line."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from ..errors import SpecError
from ..wire import clean

MAX_BYTES = 1024 * 1024
MAX_NESTING = 32
"""Levels of arrays, inline tables and dotted keys; a fleet file needs five."""


# tomllib takes time by the square of a dotted key's length.
_LONG_KEY = re.compile(r"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){100}")


def decode(content: bytes, filename: str) -> str:
    """The text of a file, without a byte order mark. Raises SpecError if it is not UTF-8 or is too long."""
    if len(content) > MAX_BYTES:
        raise SpecError(f"larger than {MAX_BYTES // 1024} KiB", place=filename)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SpecError("written as UTF-16", place=filename, hint="save it as UTF-8")
    content = content.removeprefix(b"\xef\xbb\xbf")
    nul = content.find(b"\0")
    if nul >= 0:
        raise SpecError("a NUL byte: this is not a text file", place=_place(filename, content, nul))
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        place = _place(filename, content, error.start)
        raise SpecError("this line is not UTF-8", place=place, hint="save the file as UTF-8") from None


def load(text: str, filename: str) -> dict[str, Any]:
    """The values of a TOML text. Raises SpecError with file:line:column."""
    text = text.removeprefix("\ufeff")
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        raise SpecError("a key of more than 100 parts", place=f"{filename}:{line}")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _translated(str(error), text, filename) from None
    except RecursionError:
        raise SpecError("nested too deeply", place=filename) from None
    except ValueError:
        raise SpecError("a number in it has too many digits", place=filename) from None
    if _deep(table):
        raise SpecError(f"nested deeper than {MAX_NESTING} levels", place=filename)
    return table


def _place(filename: str, content: bytes, offset: int) -> str:
    line = content.count(b"\n", 0, offset) + 1
    return f"{filename}:{line}"


def _deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_NESTING):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _translated(message: str, text: str, filename: str) -> SpecError:
    reason, _, where = message.rpartition(" (at ")
    numbers = re.findall(r"\d+", where)
    if len(numbers) == 2:
        line, column = int(numbers[0]), int(numbers[1])
    else:
        line = max(text.rstrip().count("\n") + 1, 1)
        column = len(text.rstrip().rpartition("\n")[2]) + 1
    if len(numbers) != 2 and reason == "Invalid value":
        return SpecError("the file ends in the middle of a value", place=f"{filename}:{line}:{column}")
    problem, hint = _in_words(reason, text.split("\n")[line - 1] if text else "")
    return SpecError(problem, place=f"{filename}:{line}:{column}", hint=hint)


_QUOTES = 'text needs quotes: name = "value"'

_WORDS: tuple[tuple[str, str, str | None], ...] = (
    (r"Expected '=' after a key", "`=` is missing after the key", "a line is `key = value` or `[table]`"),
    (r"Invalid value|Invalid date", "not a valid TOML value", _QUOTES),
    (r"Unterminated string|Expected \"'\"", "a text without its closing quote", None),
    (r"Illegal character '\\n'", "a text without its closing quote", None),
    (r"Cannot declare", "this table was already written", "keep one and give it the keys of both"),
    (r"Cannot overwrite|Cannot redefine", "this key appears twice in its table", None),
    (r"Duplicate inline table key", "this key appears twice in its table", None),
    (r"Cannot mutate immutable|Cannot append|namespace", "this table is closed: it was written inline", None),
    (r"Expected newline or end", "something is left over after the value", _QUOTES),
    (r"Unclosed array", "a list without its closing `]`, or without a comma", None),
    (r"Unclosed inline table", "an inline table without its closing `}`, or without a comma", None),
    (r"Expected ']'|Expected '\]\]'", "a table header without its closing `]`", None),
    (r"Invalid initial character for a key", "not a valid TOML key", "keys are letters, digits, - and _"),
    (r"Invalid statement", "neither `key = value` nor `[table]`", None),
    (r"Unescaped", "an unknown escape in a text", "write \\\\ for a backslash, or use '...'"),
    (r"Invalid hex value|not a Unicode scalar", "an escape that is not a character", None),
    (r"Illegal character", "a control character that is not allowed here", None),
)


def _in_words(reason: str, line: str) -> tuple[str, str | None]:
    # What follows the `=` may be a password.
    key = clean(line.partition("=")[0].strip(), 60)
    for pattern, problem, hint in _WORDS:
        if re.search(pattern, reason):
            return f"{problem}: {key}" if key else problem, hint
    return clean(reason, 200), None
