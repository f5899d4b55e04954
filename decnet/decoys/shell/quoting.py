"""How shells print values so that they can be read again."""

import re

RESERVED = frozenset((
    "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in", "then", "until",
    "while", "{", "}",
))  # fmt: skip
"""Words that ash quotes, too."""
SAFE = re.compile(r"[A-Za-z0-9_@%+:,./-]+")
SAFE_IN_ASH = re.compile(r"[A-Za-z0-9_@+:,./\]^-]*")
SAFE_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./~-]+")


def shown(value: str) -> str:
    """As bash shows it in `set` of special characters, `export -p` and `${name@Q}`."""
    if any(char < " " or char == "\x7f" for char in value):
        return "$'" + "".join(_ansi(char) for char in value) + "'"
    return "'" + value.replace("'", "'\\''") + "'"


def if_needed(value: str) -> str:
    """Quoted only if it has to be (`set`, `set -x`)."""
    if value and SAFE_WORD.fullmatch(value) and not value.startswith("~"):
        return value
    return shown(value)


def if_needed_in_ash(value: str) -> str:
    """The same as BusyBox's ash does."""
    if SAFE_IN_ASH.fullmatch(value) and value not in RESERVED:
        return value
    quoted = "'" + value.replace("'", "'\"'\"'") + "'"
    return quoted[:-2] if value.endswith("'") else quoted


def double_quoted(value: str) -> str:
    """As `declare -p` and bash's `export -p` show it."""
    if any(char < " " or char == "\x7f" for char in value):
        return shown(value)
    return '"' + re.sub(r'([$`"\\])', r"\\\1", value) + '"'


def escaped(text: str) -> str:
    """With backslashes, as `printf %q` does."""
    if not text:
        return "''"
    if any(char < " " or char == "\x7f" for char in text):
        return shown(text)
    return re.sub(r"([^A-Za-z0-9_@%+=:./-])|^~", lambda found: "\\" + found[0], text)


def _ansi(char: str) -> str:
    simple = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v",
              "\x1b": "\\E", "'": "\\'", "\\": "\\\\"}  # fmt: skip
    return simple.get(char) or (f"\\{ord(char):03o}" if char < " " or char == "\x7f" else char)
