"""Checks for values of the compose document, one for each kind of value.

A check answers whether the value is allowed. Regular expressions match whole strings only.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Sequence

    Check = Callable[[Any], bool]

LONGEST_VALUE = 16384


def exactly(expected: Any) -> Check:
    return lambda value: type(value) is type(expected) and value == expected


def one_of(*expected: str) -> Check:
    return lambda value: isinstance(value, str) and value in expected


def matching(pattern: str, longest: int = 255) -> Check:
    compiled = re.compile(pattern, re.ASCII)

    def check(value: Any) -> bool:
        return isinstance(value, str) and len(value) <= longest and compiled.fullmatch(value) is not None

    return check


def whole(least: int, most: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def number(least: float, most: float) -> Check:
    return lambda value: (
        isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
    )


def subset_of(*members: str) -> Check:
    """A list without repetition, of these strings only."""

    def check(value: Any) -> bool:
        return (
            isinstance(value, list)
            and all(isinstance(item, str) and item in members for item in value)
            and len(set(value)) == len(value)
        )

    return check


def items(check_item: Check, most: int) -> Check:
    return lambda value: (
        isinstance(value, list) and len(value) <= most and all(check_item(item) for item in value)
    )


def entries(check_key: Check, check_value: Check, most: int) -> Check:
    """An object whose keys and values all pass."""
    return lambda value: (
        isinstance(value, dict)
        and len(value) <= most
        and all(check_key(key) and check_value(item) for key, item in value.items())
    )


def plain_text(longest: int = LONGEST_VALUE) -> Check:
    """Printable text in which every dollar sign is doubled, so that compose does not interpolate it."""
    return lambda value: (
        isinstance(value, str)
        and len(value) <= longest
        and value.isprintable()
        and "$" not in value.replace("$$", "")
    )


def fields(required: Dict[str, Check], optional: Dict[str, Check]) -> Callable[[Any], Sequence[str]]:
    """The names of the missing, unknown and invalid keys of an object that must have exactly these."""

    def check(value: Any) -> Sequence[str]:
        if not isinstance(value, dict):
            return ["(not an object)"]
        known = dict(required, **optional)
        bad = [str(key)[:80] for key in value if key not in known or not known[key](value[key])]
        return bad + [key for key in required if key not in value]

    return check


ADDRESS = matching(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)")
MAC = matching(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
NAME = matching(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
SERVICE = matching(r"[a-z0-9][a-z0-9_-]{0,31}")
CONTAINER = matching(r"[a-z0-9][a-z0-9-]{0,99}")
HOSTNAME = matching(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
HEX64 = matching(r"[0-9a-f]{64}")
SIZE = matching(r"[1-9]\d{0,5}[km]")
GRACE = matching(r"\d{1,2}s")
VARIABLE = matching(r"[A-Z][A-Z0-9_]{0,63}")
