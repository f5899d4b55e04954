"""What a value of a fleet file has to look like. Each check gives what is wrong ("must be ..."), or None."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from ..wire import clean

NAME = r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
DECKY = r"^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$"
SERVICE = r"^[a-z0-9][a-z0-9_-]{0,31}$"
HOSTNAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
INTERFACE = r"^[A-Za-z0-9_.:@-]{1,15}$"
IMAGE = r"^[a-z0-9][A-Za-z0-9._/:@-]{0,199}$"
MAX_LIST = 256

Setting = str | int | bool | float
"""One value of a service's settings, as TOML and INI can spell it."""

Settings = dict[str, Setting]


def shown(value: object) -> str:
    """A value as a message quotes it: short, and without control characters."""
    spelled = f'"{value}"' if isinstance(value, str) else str(value).lower()
    return clean(spelled, 60)


def name(value: str) -> str | None:
    """A worker's name."""
    if re.fullmatch(NAME, value):
        return None
    return "must be lower case letters, digits and inner dashes, at most 40"


def decky(value: str) -> str | None:
    """A decky's name, which is its base container's: Docker takes none of one letter."""
    if re.fullmatch(DECKY, value):
        return None
    return "must be 2 to 40 lower case letters, digits and inner dashes"


def word(value: str) -> str | None:
    """The name of something in the catalog."""
    return None if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", value) else f"must be one word, not {shown(value)}"


def services(value: Sequence[object]) -> str | None:
    """A list of service names, each once, at least one."""
    return names(value) if value else "must name at least one service"


def names(value: Sequence[object]) -> str | None:
    """A list of service names, each once, perhaps empty."""
    for entry in value:
        if not isinstance(entry, str) or word(entry):
            return f"must be a list of service names, and {shown(entry)} is none"
    twice = sorted({str(entry) for entry in value if value.count(entry) > 1})
    return f"names {twice[0]} twice" if twice else None


def hostname(value: str) -> str | None:
    """One label of letters, digits and inner dashes (RFC 1123)."""
    if re.fullmatch(HOSTNAME, value):
        return None
    return f"must be letters, digits and inner dashes, at most 63, not {shown(value)}"


def interface(value: str) -> str | None:
    """A Linux network interface."""
    if re.fullmatch(INTERFACE, value) and value not in (".", ".."):
        return None
    return f"must be an interface's name like eth0, not {shown(value)}"


def ipv4(value: str) -> str | None:
    """One IPv4 address that a host can have."""
    try:
        address = IPv4Address(value)
    except ValueError:
        return f"must be an IPv4 address like 192.0.2.10, not {shown(value)}"
    if address.is_multicast or address.is_loopback or address.is_unspecified or int(address) >> 28 == 15:
        return f"must be an address that a host can have, not {value}"
    return None


def subnet(value: str) -> str | None:
    """An IPv4 network with room for deckies."""
    try:
        network = IPv4Network(value, strict=False)
    except ValueError:
        network = None
    if network is None or "/" not in value:
        return f"must be a network like 192.0.2.0/24, not {shown(value)}"
    if str(network.network_address) != value.partition("/")[0]:
        return f"must be a network, and {value} is a host in {network}"
    if not 8 <= network.prefixlen <= 30:
        return f"must be a network of /8 to /30, not /{network.prefixlen}"
    return None


def addresses(value: Sequence[object]) -> str | None:
    """A list of addresses, `a-b` ranges and CIDR blocks."""
    for entry in value:
        complaint = _range(entry) if isinstance(entry, str) else "an entry must be text"
        if complaint:
            return f"has {shown(entry)}: {complaint}"
    return None


def span(text: str) -> tuple[IPv4Address, IPv4Address]:
    """First and last address of `a`, `a-b` or a CIDR block. Raises ValueError."""
    if "/" in text:
        network = IPv4Network(text.strip())
        return network[0], network[-1]
    first, dash, last = text.partition("-")
    return IPv4Address(first.strip()), IPv4Address((last if dash else first).strip())


def _range(text: str) -> str | None:
    try:
        first, last = span(text)
    except ValueError:
        return "must be an address, a range like 192.0.2.10-192.0.2.20, or a block like 192.0.2.64/26"
    return "the range ends before it begins" if last < first else None


def mac(value: str) -> str | None:
    """A hardware address that one host can have; Docker's own prefix would give a decky away."""
    plain = value.lower().replace("-", ":")
    if not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", plain):
        return f"must be a hardware address like 00:50:56:12:34:56, not {shown(value)}"
    if int(plain[:2], 16) & 1 or plain == "00:00:00:00:00:00":
        return f"must be the address of one host, not {value}"
    if plain.startswith("02:42:"):
        return "must not begin with 02:42, which is Docker's own prefix and gives a decky away"
    return None


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
    """A reference to an image of Docker's."""
    if re.fullmatch(IMAGE, value):
        return None
    return f"must be an image like registry.example/decoy:1, not {shown(value)}"
