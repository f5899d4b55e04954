"""Checks of single values of a fleet file. Each returns the problem ("must be ..."), or None."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..wire import clean

NAME = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
DECKY = r"^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$"
SERVICE = r"^[a-z0-9][a-z0-9_-]{0,31}$"
HOSTNAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
INTERFACE = r"^[A-Za-z0-9_.:@-]{1,15}$"
IMAGE = r"^[a-z0-9][A-Za-z0-9._/:@-]{0,199}$"
MAX_LIST = 256

HIDDEN = "(hidden)"
"""Shown for a setting that is a secret: credentials, passwords, communities."""
OTHER_HIDDEN = "(another one, hidden)"

Setting = str | int | bool | float
"""One value of a service's settings, of the types that TOML and INI have."""

Settings = dict[str, Setting]

HIDDEN = "(hidden)"
"""Shown for a setting that is a secret: credentials, passwords, communities."""
OTHER_HIDDEN = "(another one, hidden)"


def display(value: object) -> str:
    """A value as a message quotes it: short, and without control characters."""
    spelled = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return clean(spelled, 60)


def name(value: str) -> str | None:
    """A worker's name."""
    if re.fullmatch(NAME, value):
        return None
    return "must be lower case letters, digits and inner hyphens, at most 40"


def decky(value: str) -> str | None:
    """A decky's name, also that of its base container: Docker refuses names of one letter."""
    if re.fullmatch(DECKY, value):
        return None
    return "must be 2 to 40 lower case letters, digits and inner hyphens"


def word(value: str) -> str | None:
    """The name of a catalog entry."""
    return None if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value) else f"must be one word, not {display(value)}"


def services(value: Sequence[object]) -> str | None:
    """A list of service names, each once, at least one."""
    return names(value) if value else "must name at least one service"


def archetypes(value: Sequence[object]) -> str | None:
    """A list of names of archetypes, each once, perhaps empty."""
    return names(value, of="archetypes")


def names(value: Sequence[object], *, of: str = "services") -> str | None:
    """A list of names, each once, perhaps empty."""
    for entry in value:
        if not isinstance(entry, str) or word(entry):
            what = of.removesuffix("s")
            return f"must be a list of {what} names, and {display(entry)} is not one"
    twice = sorted({str(entry) for entry in value if value.count(entry) > 1})
    return f"names {twice[0]} twice" if twice else None


def hostname(value: str) -> str | None:
    """One label of letters, digits and inner hyphens (RFC 1123)."""
    if re.fullmatch(HOSTNAME, value):
        return None
    return f"must be letters, digits and inner hyphens, at most 63, not {display(value)}"


def interface(value: str) -> str | None:
    """A Linux network interface."""
    if re.fullmatch(INTERFACE, value) and value not in (".", ".."):
        return None
    return f"must be an interface's name like eth0, not {display(value)}"


def setting(value: object) -> str | None:
    """One setting of a service: text, a number, or true or false."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if abs(value) < 2**53 else "is too large a number"
    if isinstance(value, float):
        return None if value - value == 0.0 else "must be a finite number"
    if not isinstance(value, str):
        return "must be text, a number, or true or false"
    if "\0" in value:
        return "must not hold a NUL character"
    return None if len(value) <= 4096 else "must be at most 4096 characters"


def image(value: str) -> str | None:
    """A Docker image reference."""
    if re.fullmatch(IMAGE, value):
        return None
    return f"must be an image like registry.example/decoy:1, not {display(value)}"
