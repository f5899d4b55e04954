"""The keys of a fleet file: one table for the parser, the JSON Schema and the docs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from . import addresses, event_values, values

Kind = Literal["text", "whole number", "true or false", "list", "table", "tables", "rows", "scalars", "texts"]


@dataclass(frozen=True)
class Key:
    """One key. `check` takes a value of the right type and returns its problem ("must be ..."), or None; of
    tables it takes the name of each, of texts each of them."""

    kind: Kind
    help: str
    check: Callable[[Any], str | None] | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    keys: dict[str, Key] = field(default_factory=dict)
    """Of a table: its keys. Of tables and rows: the keys of each."""


MINUTES = Key(
    "whole number",
    "minutes between two mutations; default: only `decnet mutate` changes it",
    minimum=1,
    maximum=525600,
)

CORE = Key(
    "list",
    "services that mutations never remove; default: those that define this kind of machine",
    values.names,
)

SIDE = Key(
    "list",
    "services that mutations may add and remove, one at a time; default: those that fit this kind of machine",
    values.names,
)

ADDRESSES = {
    "use": Key(
        "list",
        'addresses that deckies may have: single ones, "a-b" ranges, or CIDR blocks',
        addresses.ranges,
    ),
    "exclude": Key("list", "addresses that deckies never use, same syntax", addresses.ranges),
}

NETWORK = {
    "interface": Key(
        "text",
        "the worker's interface on the LAN; default: that of the default route",
        values.interface,
        pattern=values.INTERFACE,
    ),
    "subnet": Key("text", "the LAN as CIDR; default: the interface's subnet", addresses.subnet),
    "gateway": Key("text", "the LAN's router; default: that of the default route", addresses.host),
    "driver": Key(
        "text",
        "how deckies are attached to the LAN; default: macvlan",
        choices=("macvlan", "ipvlan", "bridge"),
    ),
    "addresses": Key("table", "which addresses deckies may use", keys=ADDRESSES),
}

DECKY = {
    "count": Key(
        "whole number",
        "how many of them; above 1 they are named NAME-01, NAME-02 and so on",
        minimum=1,
        maximum=100,
    ),
    "archetype": Key("text", "a kind of machine: `decnet archetypes` lists them", values.word),
    "services": Key("list", "what it offers: `decnet services` lists them", values.services),
    "randomize_services": Key("true or false", "choose the services at random"),
    "os": Key("text", "the OS profile: linux, windows, windows_server, bsd, embedded, cisco", values.word),
    "ip": Key("text", "its address; default: the next free one", addresses.host),
    "mac": Key("text", "its MAC address; default: one of a matching vendor", addresses.mac),
    "hostname": Key(
        "text",
        "its hostname; default: generated in the style of the archetype or OS",
        values.hostname,
        pattern=values.HOSTNAME,
    ),
    "worker": Key(
        "text",
        "the worker that runs it; default: chosen by decnet",
        values.name,
        pattern=values.NAME,
    ),
    "mutate_interval": MINUTES,
    "core": CORE,
    "side": SIDE,
    "settings": Key("scalars", "settings per service: [decky.NAME.settings.SERVICE]"),
}

RETENTION = {
    "days": Key("whole number", "days; default: without a limit", minimum=1, maximum=36_500),
    "size": Key(
        "text",
        'for each worker, like "500 MiB" or "10 GiB"; default: 160 MiB',
        event_values.size,
        pattern=event_values.SIZE,
    ),
}

IGNORE = {
    "source": Key(
        "text",
        "the attacker's address: an address, a CIDR block, a range or a pattern, separated by commas",
        event_values.selector,
    ),
    "port": Key("whole number", "the decky's port", minimum=1, maximum=65_535),
    "service": Key("text", "services, separated by commas", event_values.selector),
    "kind": Key("text", "kinds of events, separated by commas", event_values.selector),
    "decky": Key("text", "deckies, as --decky selects them", event_values.selector),
    "hours": Key(
        "text", 'from and to, in UTC, like "22:00-06:30"', event_values.hours, pattern=event_values.HOURS
    ),
}

EVENTS = {
    "ignore": Key(
        "rows", "events that are stored, and neither shown nor sent: [[events.ignore]]", keys=IGNORE
    ),
    "retention": Key("table", "how long this machine keeps events that it has pulled", keys=RETENTION),
}

FLEET = {
    "mutate_interval": MINUTES,
    "core": CORE,
    "side": SIDE,
    "network": Key("table", "the LAN of the deckies", keys=NETWORK),
    "events": Key("table", "attackers' events on this machine", keys=EVENTS),
    "decky": Key("tables", "one table per decky, or per group of identical ones", values.decky, keys=DECKY),
}
