"""The keys of a topology file."""

from __future__ import annotations

import re

from . import addresses, values
from .fleetkeys import Key
from .topology import NODE


def node(value: str) -> str | None:
    """The name of a topology, or of a LAN or decky in it."""
    if re.fullmatch(NODE, value):
        return None
    return "must be at most 32 lower case letters, digits and inner hyphens"


def _subnet(value: str) -> str | None:
    return addresses.subnet(value) if value else None


def _address(value: str) -> str | None:
    return addresses.host(value) if value else None


def _seed(value: str) -> str | None:
    return None if re.fullmatch(r"[0-9a-f]{32}", value) else "must be 32 hexadecimal digits in lower case"


LAN = {
    "dmz": Key("true or false", "whether it is the DMZ: the LAN of the worker that runs the topology"),
    "subnet": Key("text", "its subnet as CIDR; default: a free one. The DMZ has none", _subnet),
}

DECKY = {
    "archetype": Key("text", "a kind of machine: `decnet archetypes` lists them", values.word),
    "os": Key("text", "the OS profile; default: that of its archetype", values.word),
    "release": Key("text", "the release of its OS; default: one at random", values.word),
    "home": Key("text", "its main LAN; default: the DMZ if it is on it, else its only LAN", node),
    "forwards": Key("true or false", "whether it routes between its LANs; default: false"),
    "services": Key("list", "what it offers; default: what its archetype offers", values.services),
    "hostname": Key(
        "text",
        "its hostname; default: one in the style of such machines",
        values.hostname,
        pattern=values.HOSTNAME,
    ),
    "seed": Key("text", "what its keys and certificates are made from; default: at random", _seed),
    "addresses": Key("texts", 'its address by LAN; "": a free one, and always in the DMZ', _address),
    "macs": Key("texts", "its MAC by LAN; default: one of a fitting vendor", addresses.mac),
    "settings": Key("scalars", "settings per service: [decky.NAME.settings.SERVICE]"),
}

TOPOLOGY = {
    "name": Key("text", "the topology's name; default: that of the command", node),
    "lan": Key("tables", "one table per LAN", node, keys=LAN),
    "decky": Key("tables", "one table per decky", node, keys=DECKY),
}
