"""Makes text from the other side safe for a terminal, a log and a table."""

from __future__ import annotations

import unicodedata

_PLAIN = frozenset(chr(code) for code in range(0x20, 0x7F))


def clean(text: str, limit: int = 400) -> str:
    """The text with control, format and bidi characters written as escapes, cut at `limit`."""
    cut = text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(char if char in _PLAIN else _escape(char) for char in cut)


def clean_lines(text: str, limit: int = 400) -> str:
    """The same for each line; empty ones are dropped. `limit` is for the whole text."""
    return "\n".join(clean(line.rstrip(), limit) for line in text.splitlines() if line.strip())[:limit]


def _escape(char: str) -> str:
    # C: control, format (bidi, zero width), surrogate, private, unassigned. Z: separators.
    if unicodedata.category(char)[0] not in "CZ":
        return char
    code = ord(char)
    if code < 0x100:
        return "\\x%02x" % code
    return "\\u%04x" % code if code < 0x10000 else "\\U%08x" % code
