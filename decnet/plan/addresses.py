"""IPv4 addresses as numbers and ranges: reading them, and which of a LAN may be claimed."""

from __future__ import annotations

import ipaddress
from collections.abc import Container, Iterable, Iterator

from decnet.errors import SpecError
from decnet.model.fleet import Network
from decnet.wire import clean

Range = tuple[int, int]
"""First and last address, both included."""


def parse_addresses(items: Iterable[str], *, place: str = "") -> list[Range]:
    """Ranges for single addresses, `a-b` ranges and CIDR blocks, sorted. Raises SpecError."""
    return sorted(_range(item.strip(), place) for item in items)


def number(text: str, *, what: str, place: str = "") -> int:
    """An IPv4 address as a number. Raises SpecError naming what it was for."""
    try:
        return int(ipaddress.IPv4Address(text.strip()))
    except ValueError:
        raise SpecError(f"{what}: {clean(text, 60)!r} is not an IPv4 address", place=place) from None


def text_of(address: int) -> str:
    return str(ipaddress.IPv4Address(address))


def network(lan: Network, *, worker: str) -> ipaddress.IPv4Network:
    """The LAN's subnet. Raises SpecError."""
    try:
        return ipaddress.IPv4Network(lan.subnet)
    except ValueError:
        message = f"{worker}: subnet {clean(lan.subnet, 60)!r} is not an IPv4 network"
        raise SpecError(message, place="network.subnet", hint="for example 192.0.2.0/24") from None


def reserved(lan: Network, *, worker: str) -> dict[int, str]:
    """Addresses of the LAN that are never anybody's or the router's, each with what it is."""
    subnet = network(lan, worker=worker)
    found = {int(subnet.network_address): "the network's own address"}
    found[int(subnet.broadcast_address)] = "the broadcast address"
    if lan.gateway:
        found[number(lan.gateway, what=f"{worker}: gateway", place="network.gateway")] = "the gateway"
    return found


def usable(lan: Network, *, worker: str) -> list[Range]:
    """The ranges of `use` (the whole subnet where it is empty) inside the subnet, without `exclude`."""
    subnet = network(lan, worker=worker)
    first, last = int(subnet.network_address), int(subnet.broadcast_address)
    ranges = parse_addresses(lan.use, place="network.addresses.use") if lan.use else [(first, last)]
    inside = [(max(low, first), min(high, last)) for low, high in ranges if low <= last and high >= first]
    for hole in parse_addresses(lan.exclude, place="network.addresses.exclude"):
        inside = [rest for each in inside for rest in _without(each, hole)]
    return inside


def free(ranges: Iterable[Range], blocked: Container[int], last_resort: Container[int]) -> Iterator[int]:
    """The addresses of the ranges that are not blocked at the time they are asked for; those of
    `last_resort` come at the end."""
    later = []
    for low, high in ranges:
        for address in range(low, high + 1):
            if address in last_resort:
                later.append(address)
            elif address not in blocked:
                yield address
    for address in later:
        if address not in blocked:
            yield address


def size(ranges: Iterable[Range]) -> int:
    """How many addresses the ranges hold, overlaps counted once."""
    total, end = 0, -1
    for low, high in sorted(ranges):
        total += max(0, high - max(low, end + 1) + 1)
        end = max(end, high)
    return total


def _range(item: str, place: str) -> Range:
    if "/" in item:
        return _block(item, place)
    low_text, dash, high_text = item.partition("-")
    low = number(low_text, what=place or "addresses", place="")
    high = number(high_text, what=place or "addresses", place="") if dash else low
    if high < low:
        raise SpecError(f"the range {clean(item, 60)} runs backwards", place=place)
    return low, high


def _block(item: str, place: str) -> Range:
    try:
        block = ipaddress.IPv4Network(item, strict=False)
    except ValueError:
        message = f"{clean(item, 60)!r} is not an address, a range a-b or a block"
        raise SpecError(message, place=place) from None
    if str(block.network_address) != item.split("/")[0]:
        message = f"{clean(item, 60)} is not the start of a block"
        raise SpecError(message, place=place, hint=f"did you mean {block}?")
    return int(block.network_address), int(block.broadcast_address)


def _without(whole: Range, hole: Range) -> list[Range]:
    (low, high), (start, end) = whole, hole
    if end < low or start > high:
        return [whole]
    return [part for part in ((low, start - 1), (end + 1, high)) if part[0] <= part[1]]
