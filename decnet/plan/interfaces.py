"""What the base of a decky of several networks, or of none but inner ones, is told of its interfaces.

It sets the MACs itself: Compose passes one to an arbitrary interface. It sets its own default route: Docker's
leads to the worker, if there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network
from json.encoder import encode_basestring_ascii as _quoted

from decnet.model.fleet import Decky, Network
from decnet.wire import NETWORK

SYSCTLS = {"net.ipv4.conf.all.arp_announce": "2", "net.ipv4.conf.all.arp_ignore": "1"}
"""Of a base with several interfaces: on the LAN it neither answers for its inner addresses nor uses them."""


def interfaces_of(decky: Decky, networks: Mapping[str, Network]) -> str:
    """[[address, prefix length, MAC], ...] as JSON, its home first. Without a MAC ("") where the driver gives
    all containers that of the worker's interface."""
    # By hand: every pass encodes those of all deckies, and the encoder takes three times as long.
    rows = []
    for each in decky.attachments:
        network = networks[each.network]
        mac = "" if network.driver == "ipvlan" else each.mac
        rows.append(f"[{_quoted(each.address)},{_block(network.subnet)[0]},{_quoted(mac)}]")
    return f"[{','.join(rows)}]"


def router_of(decky: Decky, networks: Mapping[str, Network]) -> str:
    """The next hop of its default route: the gateway of the LAN, else the first host of the first inner
    network where it is not that itself, which is the decky on the way to the LAN; "" if there is none."""
    if decky.lan is not None:
        return networks[NETWORK].gateway
    for each in decky.attachments:
        first = _block(networks[each.network].subnet)[1]
        if first != each.address:
            return first
    return ""


def parts_of(network: Network) -> tuple[str, ...]:
    """The parts of a network that a base is made from."""
    return network.name, network.driver, network.interface, network.subnet, network.gateway


@lru_cache(maxsize=4096)
def _block(subnet: str) -> tuple[int, str]:
    """The prefix length of a subnet, and its first host."""
    block = IPv4Network(subnet)
    return block.prefixlen, str(block.network_address + 1)
