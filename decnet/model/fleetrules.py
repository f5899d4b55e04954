"""Checks across keys of a fleet file: whether its entries fit together."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from decnet.model.counted import counted

from .addresses import not_within, parse_addresses, size, usable_ranges
from .diagnostics import Diagnostics
from .spec import LOCAL, numbered

Entries = dict[str, dict[str, Any]]

_OF_ONE = ("ip", "mac", "hostname")


def check(mistakes: Diagnostics, table: dict[str, Any]) -> None:
    """Add every contradiction between the values of a fleet file, each valid by itself."""
    entries: Entries = table.get("decky", {})
    _check_choices(mistakes, entries)
    _check_core(mistakes, table, entries)
    _check_counts(mistakes, entries)
    _check_names(mistakes, entries)
    for key in _OF_ONE:
        _check_once(mistakes, entries, key)
    network = table.get("network", {})
    _check_network(mistakes, network, entries)
    _check_excluded(mistakes, network, entries)


def _check_choices(mistakes: Diagnostics, entries: Entries) -> None:
    for name, entry in entries.items():
        if entry.get("randomize_services") and "services" in entry:
            message = f"[decky.{name}] sets both `services` and `randomize_services`"
            mistakes.add(("decky", name, "randomize_services"), message, "remove one of the two")


def _check_core(mistakes: Diagnostics, table: dict[str, Any], entries: Entries) -> None:
    """No service is both a core and a side service; an entry's list replaces the fleet's."""
    written: list[tuple[tuple[str, ...], dict[str, Any]]] = [((), table)]
    written += [(("decky", name), entry) for name, entry in entries.items()]
    for path, each in written:
        both = [name for name in each.get("side", ()) if name in each.get("core", ())]
        if both:
            where = f" in [{'.'.join(path)}]" if path else ""
            mistakes.add((*path, "side"), f"`side`{where} names {both[0]}, which `core` names too")


def _check_counts(mistakes: Diagnostics, entries: Entries) -> None:
    for name, entry in entries.items():
        count = entry.get("count", 1)
        for key in _OF_ONE:
            if count > 1 and key in entry:
                message = f"`{key}` in [decky.{name}] is for one decky, and its `count` is {count}"
                mistakes.add(("decky", name, key), message, f"leave `{key}` out, or write one table for each")
        if count > 1 and len(numbered(name, count)[-1]) > 40:
            mistakes.add(("decky", name), f"the name of [decky.{name}] has no room for the number of each")


def _check_names(mistakes: Diagnostics, entries: Entries) -> None:
    owner: dict[str, str] = {}
    for name, entry in entries.items():
        for single in numbered(name, entry.get("count", 1)):
            if single in owner:
                message = f"[decky.{name}] and [decky.{owner[single]}] both define a decky named {single}"
                mistakes.add(("decky", name), message)
                break
            owner[single] = name


def _check_once(mistakes: Diagnostics, entries: Entries, key: str) -> None:
    owner: dict[str, str] = {}
    for name, entry in entries.items():
        if key not in entry:
            continue
        value = str(entry[key]).lower().replace("-", ":") if key == "mac" else str(entry[key]).lower()
        if value in owner and not (key == "ip" and _on_two_workers(entry, entries[owner[value]])):
            message = f"`{key}` in [decky.{name}] is also that of [decky.{owner[value]}]"
            mistakes.add(("decky", name, key), message)
        owner.setdefault(value, name)


def _on_two_workers(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both are pinned, to different workers: the file does not show whether these share a LAN."""
    return None not in (one.get("worker"), other.get("worker")) and one["worker"] != other["worker"]


def _check_network(mistakes: Diagnostics, network: dict[str, Any], entries: Entries) -> None:
    if "subnet" not in network:
        return
    subnet = IPv4Network(network["subnet"])
    low, high = int(subnet.network_address), int(subnet.broadcast_address)
    gateway = network.get("gateway")
    if gateway and (message := not_within(gateway, subnet)):
        mistakes.add(("network", "gateway"), f"`gateway` {message}")
    for key in ("use", "exclude"):
        for entry in network.get("addresses", {}).get(key, ()):
            first, last = parse_addresses([entry])[0]
            if key == "use" and not (low <= first and last <= high):
                message = f"`{key}` has {entry}, which is not within the subnet {subnet}"
                mistakes.add(("network", "addresses", key), message)
    for name, entry in entries.items():
        # Another worker may be on another LAN: its facts show which one.
        if "ip" not in entry or entry.get("worker", LOCAL) != LOCAL:
            continue
        message = not_within(entry["ip"], subnet) or ("is the gateway's" if entry["ip"] == gateway else "")
        if message:
            mistakes.add(("decky", name, "ip"), f"`ip` in [decky.{name}] {message}")


def _check_excluded(mistakes: Diagnostics, network: dict[str, Any], entries: Entries) -> None:
    excluded = parse_addresses(network.get("addresses", {}).get("exclude", ()))
    for name, entry in entries.items():
        path = ("decky", name, "ip")
        if "ip" not in entry or mistakes.has(path):
            continue
        address = int(IPv4Address(entry["ip"]))
        if any(low <= address <= high for low, high in excluded):
            mistakes.add(path, f"`ip` in [decky.{name}] is {entry['ip']}, which is in addresses.exclude")


def check_room(mistakes: Diagnostics, table: dict[str, Any]) -> None:
    """Add whether the file has fewer addresses than deckies: those of its LAN, or of `use` where the workers
    know the LANs. A bridge is a LAN per worker."""
    network, entries = table.get("network", {}), table.get("decky", {})
    given = network.get("addresses", {})
    is_known = "subnet" in network or given.get("use")
    if not is_known or network.get("driver") == "bridge" or mistakes.has(("network",)):
        return
    subnet = IPv4Network(network.get("subnet", "0.0.0.0/0"))
    spans = usable_ranges(subnet, given.get("use", ()), given.get("exclude", ()))
    closed = {int(subnet.network_address), int(subnet.broadcast_address)}
    fixed = [network.get("gateway"), *(entry.get("ip") for entry in entries.values())]
    closed |= {int(IPv4Address(text)) for text in fixed if text}
    free = size(spans) - sum(any(low <= each <= high for low, high in spans) for each in closed)
    wanted = sum(entry.get("count", 1) for entry in entries.values() if "ip" not in entry)
    if wanted > free:
        key = ("addresses", "use") if given.get("use") else ("subnet",)
        verb = "needs" if wanted == 1 else "need"
        of = subnet if "subnet" in network else "addresses.use"
        message = f"{counted(wanted, 'decky')} {verb} an address, and {free} of {of} can be used"
        mistakes.add(("network", *key), message)
