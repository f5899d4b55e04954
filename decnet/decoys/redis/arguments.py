"""Parsers for the arguments of commands, and their errors."""

import math

from .keyspace import Wrong

NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NOT_A_FLOAT = "ERR value is not a valid float"
SYNTAX = "ERR syntax error"
MOST_DIGITS = 19


def whole(text: bytes, complaint: str = NOT_AN_INTEGER) -> int:
    """A signed number of 64 bits. Raises Wrong."""
    digits = text[1:] if text[:1] == b"-" else text
    if not digits.isdigit() or len(digits) > MOST_DIGITS or (digits[:1] == b"0" and len(text) > 1):
        raise Wrong(complaint)
    return within(int(text), complaint)


def within(value: int, complaint: str = "ERR increment or decrement would overflow") -> int:
    """The number, unless it needs more than 64 bits. Raises Wrong."""
    if not -(2**63) <= value < 2**63:
        raise Wrong(complaint)
    return value


def positive(text: bytes) -> int:
    """A number of things. Raises Wrong."""
    value = whole(text, "ERR value is out of range, must be positive")
    if value < 0:
        raise Wrong("ERR value is out of range, must be positive")
    return value


def real(text: bytes, complaint: str = NOT_A_FLOAT) -> float:
    """A floating point number. Raises Wrong."""
    try:
        value = float(text) if text and not text[:1].isspace() and b"_" not in text else math.nan
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise Wrong(complaint)
    return value


def word(text: bytes) -> str:
    """A keyword in lower case; any bytes decode (Latin-1)."""
    return text.decode("latin-1").lower()


def printable(text: bytes) -> str:
    """Bytes as an error repeats them."""
    return text.decode("latin-1")


def span(start: int, end: int, length: int) -> tuple[int, int]:
    """Start and end (exclusive) of a range of indexes as in Redis, where -1 is the last one."""
    if start < 0:
        start = max(start + length, 0)
    if end < 0:
        end += length
    return start, max(start, min(end, length - 1) + 1)
