"""All rules about addresses and LANs: which are valid, and which fit together.

A check returns the problem of a value ("must be ..." or "is ..."), or None.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Container, Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from decnet.errors import SpecError

from .values import display, interface

if TYPE_CHECKING:
    from .fleet import Network

Range = tuple[int, int]
"""First and last address, both included."""

WIDEST, NARROWEST = 16, 30
"""Prefix lengths of a LAN: probing more than a /16 takes hours, and a /31 has no address left for a decky."""


def host(value: str) -> str | None:
    """One IPv4 address that a host can have."""
    try:
        address = IPv4Address(value)
    except ValueError:
        return f"must be an IPv4 address like 192.0.2.10, not {display(value)}"
    if address.is_multicast or address.is_loopback or address.is_unspecified or int(address) >> 28 == 15:
        return f"must be an address for a host, not {value}"
    return None


def subnet(value: str) -> str | None:
    """An IPv4 network with room for deckies."""
    try:
        block = IPv4Network(value, strict=False)
    except ValueError:
        block = None
    if block is None or "/" not in value:
        return f"must be a network like 192.0.2.0/24, not {display(value)}"
    if str(block.network_address) != value.partition("/")[0]:
        return f"must be a network, and {value} is a host in {block}"
    if not WIDEST <= block.prefixlen <= NARROWEST:
        return f"must be a network of /{WIDEST} to /{NARROWEST}, not /{block.prefixlen}"
    return None


def ranges(value: Sequence[object]) -> str | None:
    """A list of addresses, `a-b` ranges and CIDR blocks."""
    for entry in value:
        complaint = _range(entry) if isinstance(entry, str) else "an entry must be text"
        if isinstance(complaint, str):
            return f"has {display(entry)}: {complaint}"
    return None


def mac(value: str) -> str | None:
    """A hardware address that one host can have; Docker's own prefix would identify a decky as a
    container."""
    plain = value.lower().replace("-", ":")
    if not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", plain):
        return f"must be a MAC address like 00:50:56:12:34:56, not {display(value)}"
    if int(plain[:2], 16) & 1 or plain == "00:00:00:00:00:00":
        return f"must be the address of one host, not {value}"
    if plain.startswith("02:42:"):
        return "must not begin with 02:42: Docker's prefix identifies a decky as a honeypot"
    return None


def lan(value: Network) -> tuple[str, str] | None:
    """The first field of a LAN that is invalid, alone or together with the others, and why."""
    alone = (
        ("interface", interface(value.interface)),
        ("subnet", subnet(value.subnet)),
        ("gateway", host(value.gateway)),
        ("use", ranges(value.use)),
        ("exclude", ranges(value.exclude)),
    )
    wrong = [(field, complaint) for field, complaint in alone if complaint]
    if not wrong and (complaint := not_within(value.gateway, IPv4Network(value.subnet))):
        wrong = [("gateway", complaint)]
    return wrong[0] if wrong else None


def not_within(address: str, block: IPv4Network) -> str | None:
    """An address that a host on that network can have."""
    if IPv4Address(address) not in block:
        return f"is {address}, which is not within the subnet {block}"
    if IPv4Address(address) in (block.network_address, block.broadcast_address):
        return f"is {address}, the network's or the broadcast address of {block}"
    return None


def network(lan: Network) -> IPv4Network:
    """The LAN's subnet, which `lan` has checked when it was planned or read."""
    return IPv4Network(lan.subnet)


def reserved(lan: Network) -> dict[int, str]:
    """Addresses of the LAN that no decky can have, each with the reason."""
    block = network(lan)
    return {
        int(block.network_address): "the network's own address",
        int(block.broadcast_address): "the broadcast address",
        **({int(IPv4Address(lan.gateway)): "the gateway"} if lan.gateway else {}),
    }


def usable(lan: Network) -> list[Range]:
    """The ranges of `use` (if empty: the whole subnet) inside the subnet, without `exclude`."""
    return usable_ranges(network(lan), lan.use, lan.exclude)


def usable_ranges(block: IPv4Network, use: Sequence[str], exclude: Sequence[str]) -> list[Range]:
    """See `usable`."""
    first, last = int(block.network_address), int(block.broadcast_address)
    wanted = parse_addresses(use, place="network.addresses.use") if use else [(first, last)]
    inside = [(max(low, first), min(high, last)) for low, high in wanted if low <= last and high >= first]
    for hole in parse_addresses(exclude, place="network.addresses.exclude"):
        inside = [rest for each in inside for rest in _without(each, hole)]
    return inside


def free(spans: Iterable[Range], blocked: Container[int], last_resort: Container[int]) -> Iterator[int]:
    """The addresses of the ranges that are not blocked when they are requested; those of `last_resort` come
    last."""
    later = []
    for low, high in spans:
        for address in range(low, high + 1):
            if address in last_resort:
                later.append(address)
            elif address not in blocked:
                yield address
    for address in later:
        if address not in blocked:
            yield address


def blocks_around(address: int) -> Iterator[Range]:
    """The networks of the size of a LAN that have the address, the widest first."""
    for length in range(WIDEST, NARROWEST + 1):
        rest = (1 << 32 - length) - 1
        yield address & ~rest, address | rest


def size(spans: Iterable[Range]) -> int:
    """How many addresses the ranges hold, overlaps counted once."""
    total, end = 0, -1
    for low, high in sorted(spans):
        total += max(0, high - max(low, end + 1) + 1)
        end = max(end, high)
    return total


def parse_addresses(items: Iterable[str], *, place: str = "") -> list[Range]:
    """Ranges for single addresses, `a-b` ranges and CIDR blocks, sorted. Raises SpecError."""
    return sorted(_parsed(item, place) for item in items)


def number(text: str, *, what: str, place: str = "") -> int:
    """An IPv4 address as a number. Raises SpecError naming its purpose."""
    try:
        # A tenth of the time of IPv4Address, and as strict.
        return int.from_bytes(socket.inet_pton(socket.AF_INET, text.strip()), "big")
    except (OSError, ValueError):
        raise SpecError(
            f"{what} must be an IPv4 address like 192.0.2.10, not {display(text)}", place=place
        ) from None


def text_of(address: int) -> str:
    return str(IPv4Address(address))


def _parsed(item: str, place: str) -> Range:
    found = _range(item)
    if isinstance(found, str):
        raise SpecError(f"{display(item)} {found}", place=place)
    return found


def _range(item: str) -> Range | str:
    """First and last address of `a`, `a-b` or a CIDR block, or its problem."""
    if "/" in item:
        return _block(item.strip())
    low, dash, high = item.partition("-")
    try:
        first, last = int(IPv4Address(low.strip())), int(IPv4Address((high if dash else low).strip()))
    except ValueError:
        return _NO_RANGE
    return "ends before it begins" if last < first else (first, last)


def _block(item: str) -> Range | str:
    try:
        block = IPv4Network(item, strict=False)
    except ValueError:
        return _NO_RANGE
    if str(block.network_address) != item.partition("/")[0]:
        return f"is a host in a block: did you mean {block}?"
    return int(block.network_address), int(block.broadcast_address)


_NO_RANGE = "must be an address, a range like 192.0.2.10-192.0.2.20, or a block like 192.0.2.64/26"


def _without(whole: Range, hole: Range) -> list[Range]:
    (low, high), (start, end) = whole, hole
    if end < low or start > high:
        return [whole]
    return [part for part in ((low, start - 1), (end + 1, high)) if part[0] <= part[1]]
