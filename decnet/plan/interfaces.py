"""What the base of a decky of several networks, or of none but inner ones, is told of its interfaces.

It sets the MACs itself: Compose passes one to an arbitrary interface. It sets its own default route: Docker's
leads to the worker, if there is one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

from decnet.model.fleet import Attachment, Decky, Network
from decnet.wire import NETWORK

SYSCTLS = {"net.ipv4.conf.all.arp_announce": "2", "net.ipv4.conf.all.arp_ignore": "1"}
"""Of a base with several interfaces: on the LAN it neither answers for its inner addresses nor uses them."""


def interfaces_of(decky: Decky, networks: Mapping[str, Network]) -> str:
    """[[address, prefix length, MAC], ...] as JSON, its home first. Without a MAC ("") where the driver gives
    all containers that of the worker's interface."""
    rows = [
        [each.address, _block(networks[each.network]).prefixlen, _mac(each, networks)]
        for each in decky.attachments
    ]
    return json.dumps(rows, separators=(",", ":"))


def router_of(decky: Decky, networks: Mapping[str, Network]) -> str:
    """The next hop of its default route: the gateway of the LAN, else the first host of the first inner
    network where it is not that itself, which is the decky on the way to the LAN; "" if there is none."""
    if decky.lan is not None:
        return networks[NETWORK].gateway
    firsts = (
        (str(IPv4Address(int(_block(networks[each.network]).network_address) + 1)), each.address)
        for each in decky.attachments
    )
    return next((first for first, own in firsts if first != own), "")


def parts_of(networks: Mapping[str, Network], decky: Decky) -> list[str]:
    """The parts of its networks that a base is made from."""
    used = (networks[each.network] for each in decky.attachments)
    return [
        part for each in used for part in (each.name, each.driver, each.interface, each.subnet, each.gateway)
    ]


def _block(network: Network) -> IPv4Network:
    return IPv4Network(network.subnet)


def _mac(attachment: Attachment, networks: Mapping[str, Network]) -> str:
    return "" if networks[attachment.network].driver == "ipvlan" else attachment.mac
