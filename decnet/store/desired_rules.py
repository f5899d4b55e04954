"""Rules about the values of a fleet together: against each other, their LAN, and the catalog.

Values may be valid alone but not in combination.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from decnet.model import addresses, values
from decnet.model.catalog import Catalog
from decnet.model.fleet import Decky, Fleet, Network
from decnet.plan.lans import LanGroups
from decnet.wire import NETWORK, clean

from .validation_messages import Route, dotted

Wrong = tuple[Route, str]

_Room = tuple[IPv4Network, dict[int, str]]
"""A LAN's addresses, and those that no decky can have, each with the reason."""


def contradiction(fleet: Fleet) -> Wrong | None:
    """The first contradiction with the route to it, in the order of names; None for a valid fleet."""
    networks: dict[str, _Room] = {}
    for worker, lan in fleet.lans.items():
        if wrong := _lan(worker, lan):
            return wrong
        networks[worker] = addresses.network(lan), addresses.reserved(lan)
    groups = LanGroups(fleet.lans)
    ips: dict[str, Route] = {}
    macs: dict[str, Route] = {}
    for route, key, decky in _all_deckies(fleet):
        home = (*route, "attachments", 0)
        wrong = _name(route, key, decky) or _fields(route, decky) or _address(route, decky, networks)
        wrong = wrong or _duplicate(
            (*home, "address"), decky.ip, ips, groups.resource_of(decky.worker, decky.ip)
        )
        wrong = wrong or _duplicate((*home, "mac"), decky.mac, macs, decky.mac)
        if wrong:
            return wrong
    return None


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


def _address(route: Route, decky: Decky, networks: dict[str, _Room]) -> Wrong | None:
    if decky.worker not in networks:
        where = (*route, "worker")
        return where, f"{dotted(where)} is {decky.worker}, and lans has no {decky.worker}"
    network, taken = networks[decky.worker]
    if [each.network for each in decky.attachments] != [NETWORK]:
        where = (*route, "attachments")
        return where, f"{dotted(where)} must be one, of the network {NETWORK}"
    where = (*route, "attachments", 0, "address")
    try:
        address = IPv4Address(decky.ip)
    except AddressValueError:
        return where, f"{dotted(where)} must be an address such as 192.0.2.100"
    if address not in network:
        return where, f"{dotted(where)} is {decky.ip}, which is not in {network}"
    if int(address) in taken:
        return where, f"{dotted(where)} is {decky.ip}, which is {taken[int(address)]}"
    return None


def _duplicate(route: Route, value: str, owners: dict[str, Route], token: str) -> Wrong | None:
    """Whether another decky has the value: an address on the same LAN, a MAC anywhere."""
    owner = owners.setdefault(token, route)
    if owner == route:
        return None
    return route, f"{dotted(route)} is {value}, which {owner[3]} has already"
