"""The LAN of this machine, from the kernel's routing table: for the fleet file of a new user."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

ROUTES = Path("/proc/net/route")
FEWEST = 32
"""The smallest subnet of which a range is proposed."""


@dataclass(frozen=True)
class OwnLan:
    """The interface of the default route, its subnet and gateway."""

    interface: str
    subnet: IPv4Network
    gateway: IPv4Address

    @property
    def example(self) -> str:
        """A range near the end of the subnet, for the user to replace: its last quarter, 8 to 20
        addresses, without the gateway."""
        last = int(self.subnet.broadcast_address) - 1
        count = max(8, min(20, self.subnet.num_addresses // 4))
        first = last - count + 1
        if first <= int(self.gateway) <= last:
            first, last = first - count, first - 1
        return f"{IPv4Address(first)}-{IPv4Address(last)}"


def own_lan(routes: Path = ROUTES) -> OwnLan | None:
    """The LAN behind the default route; None without one, or if its subnet is not known."""
    try:
        rows = [line.split() for line in routes.read_text().splitlines()[1:]]
    except OSError:
        return None
    table = [
        (row[0], _number(row[1]), _number(row[2]), _number(row[7]), int(row[6]))
        for row in rows
        if len(row) > 7
    ]
    defaults = sorted(
        (metric, name, gateway) for name, to, gateway, mask, metric in table if not to and not mask
    )
    for _, name, gateway in defaults:
        for interface, to, via, mask, _ in table:
            subnet = IPv4Network((to, mask.bit_count()))
            if interface == name and mask and not via and IPv4Address(gateway) in subnet:
                return OwnLan(name, subnet, IPv4Address(gateway)) if subnet.num_addresses >= FEWEST else None
    return None


def _number(text: str) -> int:
    """An address of the table: hexadecimal, in the byte order of the machine."""
    import sys

    return int.from_bytes(int(text, 16).to_bytes(4, sys.byteorder), "big")
