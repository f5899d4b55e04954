"""Rules about the values of a fleet together: against each other, their LAN, and the catalog.

Values may be valid alone but not in combination.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import NamedTuple

from decnet.model import addresses, hours, values
from decnet.model.catalog import Catalog
from decnet.model.fleet import Away, Decky, Fleet, Network, Project
from decnet.plan.lans import LanGroups
from decnet.wire import NETWORK, PROJECT, clean

from . import topology_rules
from .validation_messages import Route, Wrong, dotted

_Room = tuple[IPv4Network, dict[int, str]]
"""A LAN's addresses, and those that no decky can have, each with the reason."""


def contradiction(fleet: Fleet) -> Wrong | None:
    """The first contradiction with the route to it, in the order of names; None for a valid fleet."""
    networks: dict[str, _Room] = {}
    for worker, lan in fleet.lans.items():
        if wrong := _lan(worker, lan):
            return wrong
        networks[worker] = addresses.network(lan), addresses.reserved(lan)
    if wrong := _hours(fleet) or topology_rules.contradiction(fleet):
        return wrong
    for name, away in fleet.away.items():
        if wrong := _away(fleet, name, away):
            return wrong
    owners = _Owners(LanGroups(fleet.lans), {}, {})
    for route, key, decky in _all_deckies(fleet):
        wrong = _name(route, key, decky) or _fields(route, decky)
        wrong = wrong or _attachments(route, decky, fleet.projects[str(route[1])], networks)
        wrong = wrong or _duplicates(route, decky, owners)
        if wrong:
            return wrong
    return None


def _away(fleet: Fleet, name: str, away: Away) -> Wrong | None:
    if name in fleet.deckies:
        return ("away", name), f"away.{name} is also a decky of the fleet"
    return _name(("away", name, "decky"), name, away.decky)


def _hours(fleet: Fleet) -> Wrong | None:
    """A time zone that this machine does not know is valid: another one has written it."""
    complaint = hours.mutate_hours(fleet.mutate_hours) if fleet.mutate_hours is not None else None
    return (("mutate_hours",), f"mutate_hours {complaint}") if complaint else None


def _all_deckies(fleet: Fleet) -> Iterator[tuple[Route, str, Decky]]:
    """The deckies of all projects, each with its route and its key."""
    for name, project in fleet.projects.items():
        for key, decky in project.deckies.items():
            yield ("projects", name, "deckies", key), key, decky


def unknown(fleet: Fleet, catalog: Catalog) -> Wrong | None:
    """The first OS, release or service of a decky that the catalog does not have."""
    for route, _, decky in _all_deckies(fleet):
        if decky.os not in catalog.os_profiles:
            return _not_in_catalog((*route, "os"), decky.os)
        if decky.release not in catalog.releases:
            return _not_in_catalog((*route, "release"), decky.release)
        for service in decky.services:
            known = catalog.services.get(service)
            if known is None or not known.built:
                return (*route, "services", service), _not_in_catalog((*route, "services"), service)[1]
        for field, names in (("core", decky.core), ("side", decky.side)):
            for name in names or ():
                if name not in catalog.services:
                    return _not_in_catalog((*route, field), name)
    return None


def _not_in_catalog(route: Route, name: str) -> Wrong:
    return route, f"{dotted(route)} names {clean(name, 60)}, which the catalog does not have"


def _lan(worker: str, lan: Network) -> Wrong | None:
    if lan.kind != "lan":
        return ("lans", worker, "kind"), f"lans.{worker}.kind must be lan"
    if wrong := addresses.lan(lan):
        field, complaint = wrong
        return ("lans", worker, field), f"lans.{worker}.{field} {complaint}"
    return None


def _name(route: Route, key: str, decky: Decky) -> Wrong | None:
    if decky.name == key:
        return None
    where = (*route, "name")
    return where, f"{dotted(where)} is {decky.name}: it must be its key, {key}"


def _fields(route: Route, decky: Decky) -> Wrong | None:
    if complaint := values.hostname(decky.hostname):
        where = (*route, "hostname")
        return where, f"{dotted(where)} {complaint}"
    if decky.mutate_interval is not None and decky.mutate_interval < 1:
        where = (*route, "mutate_interval")
        return where, f"{dotted(where)} must be minutes, 1 or more, not {decky.mutate_interval}"
    return None


def _attachments(route: Route, decky: Decky, project: Project, lans: dict[str, _Room]) -> Wrong | None:
    """Of the fleet: one, of the worker's LAN. Of a topology: that and its inner networks, each once."""
    if decky.worker not in lans:
        where = (*route, "worker")
        return where, f"{dotted(where)} is {decky.worker}, and lans has no {decky.worker}"
    names = [each.network for each in decky.attachments]
    where = (*route, "attachments")
    if project.name == PROJECT and names != [NETWORK]:
        return where, f"{dotted(where)} must be one, of the network {NETWORK}"
    if not names or len(set(names)) != len(names):
        return where, f"{dotted(where)} must have at least one, each of another network"
    for number, each in enumerate(decky.attachments):
        inner = project.networks.get(each.network)
        if each.network != NETWORK and inner is None:
            where = (*where, number, "network")
            return where, f"{dotted(where)} is {clean(each.network, 60)}, which the project does not have"
        room = (addresses.network(inner), addresses.reserved(inner)) if inner else lans[decky.worker]
        if wrong := _address((*where, number, "address"), each.address, room):
            return wrong
    return None


def _address(where: Route, text: str, room: _Room) -> Wrong | None:
    network, taken = room
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return where, f"{dotted(where)} must be an address such as 192.0.2.100"
    if address not in network:
        return where, f"{dotted(where)} is {text}, which is not in {network}"
    if int(address) in taken:
        return where, f"{dotted(where)} is {text}, which is {taken[int(address)]}"
    return None


class _Owners(NamedTuple):
    """Which decky has an address of a LAN, and which a MAC."""

    groups: LanGroups
    ips: dict[str, Route]
    macs: dict[str, Route]


def _duplicates(route: Route, decky: Decky, owners: _Owners) -> Wrong | None:
    """Whether another decky has an address on the same network, or a MAC anywhere."""
    for number, each in enumerate(decky.attachments):
        here = (*route, "attachments", number)
        token = f"{each.network} {each.address}"
        if each.network == NETWORK:
            token = owners.groups.resource_of(decky.worker, each.address)
        wrong = _duplicate((*here, "address"), each.address, owners.ips, token)
        wrong = wrong or _duplicate((*here, "mac"), each.mac, owners.macs, each.mac)
        if wrong:
            return wrong
    return None


def _duplicate(route: Route, value: str, owners: dict[str, Route], token: str) -> Wrong | None:
    owner = owners.setdefault(token, route)
    if owner == route:
        return None
    return route, f"{dotted(route)} is {value}, which {owner[3]} has already"
