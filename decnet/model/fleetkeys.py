"""The keys of a fleet file: one table for the parser, the JSON Schema and the docs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from . import addresses, event_values, hours, rollout_values, values

Kind = Literal[
    "text",
    "whole number",
    "number or percentage",
    "true or false",
    "list",
    "table",
    "tables",
    "rows",
    "scalars",
    "texts",
]


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
    entries: tuple[str, ...] = ("string",)
    """Of a list: the types of its entries in the JSON Schema."""
    names: str = values.DECKY
    """Of tables: the pattern of their names."""


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

ROLES = Key(
    "list",
    "archetypes that it may change to by itself, rarely and within `mutate_hours`: `decnet archetypes` lists "
    "them; default: none",
    values.archetypes,
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
    "roles": ROLES,
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

ROLLOUT = {
    "waves": Key(
        "list",
        "how many units have the change after each wave (a number, or a percentage of all, rounded up), or "
        'which ones (selectors of workers: "@canary", "edge-*"); default: ["1", "10%", "100%"]',
        rollout_values.waves,
        entries=("string", "integer"),
    ),
    "max_in_flight": Key(
        "number or percentage",
        "how many units are changed and judged at once; a percentage is rounded down, at least 1; default: "
        '"25%"',
        rollout_values.share,
        pattern=rollout_values.SHARE,
    ),
    "max_per_lan": Key(
        "whole number",
        "how many deckies of a unit change at once; default: 1",
        minimum=1,
        maximum=100_000,
    ),
    "soak": Key(
        "text",
        'how long a unit must stay healthy; default: "10m"',
        rollout_values.duration,
        pattern=rollout_values.DURATION,
    ),
    "healthy_deadline": Key(
        "text",
        'a unit that is not healthy after this time has failed; default: "5m"',
        rollout_values.positive_duration,
        pattern=rollout_values.DURATION,
    ),
    "progress_deadline": Key(
        "text",
        'the rollout halts if a unit is in flight and nothing has moved for this time; default: "1h"',
        rollout_values.positive_duration,
        pattern=rollout_values.DURATION,
    ),
    "max_failures": Key(
        "number or percentage",
        "more failed units than these end the rollout as `on_failure` decides; a percentage is rounded down; "
        "default: 0",
        rollout_values.share_or_none,
        pattern=rollout_values.SHARE,
    ),
    "max_restarts": Key(
        "whole number",
        "how often the soak of a unit may start again because a container restarted; default: 3",
        minimum=0,
        maximum=100_000,
    ),
    "on_failure": Key(
        "text",
        "what more than `max_failures` failures do; default: halt",
        choices=("halt", "rollback", "continue"),
    ),
    "offline": Key(
        "text",
        "whether a unit that cannot be reached is waited for (block) or skipped; default: block",
        choices=("block", "skip"),
    ),
    "offline_after": Key(
        "text",
        'with `offline = "skip"`: after how long; default: "30m"',
        rollout_values.duration,
        pattern=rollout_values.DURATION,
    ),
    "busy": Key(
        "text",
        "whether a unit on which an attacker is logged in waits; default: wait",
        choices=("wait", "go"),
    ),
    "busy_deadline": Key(
        "text",
        'how long it waits at most; default: "2h"',
        rollout_values.duration,
        pattern=rollout_values.DURATION,
    ),
    "promote": Key(
        "text",
        "whether the next wave begins by itself, or with `decnet rollout promote`; default: auto",
        choices=("auto", "manual"),
    ),
    "confirm_within": Key(
        "text",
        "a worker restores its former state unless it is confirmed to be healthy within this time, 10s to "
        '1d; or "never". Default: only if driver, interface or subnet change',
        rollout_values.confirmation,
    ),
}

FLEET = {
    "mutate_interval": MINUTES,
    "mutate_hours": Key(
        "text",
        'when deckies mutate by themselves, like "Mon-Fri 07:00-19:00, Sat 22:00-02:00", or "always"; '
        f'default: "{hours.DEFAULT_HOURS}"',
        hours.mutate_hours,
        pattern=hours.HOURS,
    ),
    "time_zone": Key(
        "text",
        'the time zone of `mutate_hours`, like "Europe/Berlin"; default: that of this machine',
        hours.time_zone,
        pattern=hours.ZONE,
    ),
    "core": CORE,
    "side": SIDE,
    "roles": ROLES,
    "network": Key("table", "the LAN of the deckies", keys=NETWORK),
    "events": Key("table", "attackers' events on this machine", keys=EVENTS),
    "rollout": Key(
        "tables",
        "one table per policy: how `--rollout NAME` releases a change",
        values.name,
        keys=ROLLOUT,
        names=values.NAME,
    ),
    "decky": Key("tables", "one table per decky, or per group of identical ones", values.decky, keys=DECKY),
}
