"""What a fleet's values say against each other, the LAN they are on, and the catalog.

Each alone may have the right shape, and together they cannot be.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from decnet.model import values
from decnet.model.catalog import Catalog
from decnet.model.fleet import Decky, Fleet, Lan
from decnet.plan.addresses import reserved
from decnet.plan.grounds import Grounds
from decnet.wire import clean

from .positions import Route

Wrong = tuple[Route, str]

_Network = tuple[IPv4Network, dict[int, str]]
"""A LAN's addresses, and those of them that no decky can have, each with what it is."""


def contradiction(fleet: Fleet) -> Wrong | None:
    """The first contradiction with the route to it, in the order of names; None for a sound fleet."""
    networks: dict[str, _Network] = {}
    for worker, lan in fleet.lans.items():
        if wrong := _lan(worker, lan):
            return wrong
        networks[worker] = IPv4Network(lan.subnet), reserved(lan, worker=worker)
    grounds = Grounds(fleet.lans)
    ips: dict[str, str] = {}
    macs: dict[str, str] = {}
    for key, decky in fleet.deckies.items():
        wrong = _name(key, decky) or _plain(key, decky) or _address(key, decky, networks)
        wrong = wrong or _taken("ip", key, decky.ip, ips, grounds.at(decky.worker, decky.ip))
        wrong = wrong or _taken("mac", key, decky.mac, macs, decky.mac)
        if wrong:
            return wrong
    return None


def unknown(fleet: Fleet, catalog: Catalog) -> Wrong | None:
    """The first OS, release or service that a decky names and nothing can be made of."""
    for key, decky in fleet.deckies.items():
        if decky.os not in catalog.os_profiles:
            return ("deckies", key, "os"), _not_there(f"deckies.{key}.os", decky.os)
        if decky.release not in catalog.releases:
            return ("deckies", key, "release"), _not_there(f"deckies.{key}.release", decky.release)
        for service in decky.services:
            known = catalog.services.get(service)
            if known is None or not known.built:
                return ("deckies", key, "services", service), _not_there(f"deckies.{key}.services", service)
        for field, names in (("core", decky.core), ("side", decky.side)):
            for name in names or ():
                if name not in catalog.services:
                    return ("deckies", key, field), _not_there(f"deckies.{key}.{field}", name)
    return None


def _not_there(place: str, name: str) -> str:
    return f"{place} names {clean(name, 60)}, which the catalog does not have"


def _lan(worker: str, lan: Lan) -> Wrong | None:
    try:
        network = IPv4Network(lan.subnet)
    except ValueError:
        return ("lans", worker, "subnet"), f"lans.{worker}.subnet must be a network such as 192.0.2.0/24"
    for field, complaint in (
        ("interface", values.interface(lan.interface)),
        ("gateway", values.ipv4(lan.gateway)),
        ("use", values.addresses(lan.use)),
        ("exclude", values.addresses(lan.exclude)),
    ):
        if complaint:
            return ("lans", worker, field), f"lans.{worker}.{field} {complaint}"
    if IPv4Address(lan.gateway) not in network:
        where = f"lans.{worker}.gateway"
        return ("lans", worker, "gateway"), f"{where} is {lan.gateway}, which is not in {network}"
    return None


def _name(key: str, decky: Decky) -> Wrong | None:
    if decky.name == key:
        return None
    return ("deckies", key, "name"), f"deckies.{key}.name is {decky.name}: it must be its key, {key}"


def _plain(key: str, decky: Decky) -> Wrong | None:
    if complaint := values.hostname(decky.hostname):
        return ("deckies", key, "hostname"), f"deckies.{key}.hostname {complaint}"
    if decky.mutate_interval is not None and decky.mutate_interval < 1:
        where = ("deckies", key, "mutate_interval")
        return where, f"deckies.{key}.mutate_interval must be minutes, 1 or more, not {decky.mutate_interval}"
    return None


def _address(key: str, decky: Decky, networks: dict[str, _Network]) -> Wrong | None:
    if decky.worker not in networks:
        where = ("deckies", key, "worker")
        return where, f"deckies.{key}.worker is {decky.worker}, and lans has no {decky.worker}"
    network, taken = networks[decky.worker]
    try:
        address = IPv4Address(decky.ip)
    except AddressValueError:
        return ("deckies", key, "ip"), f"deckies.{key}.ip must be an address such as 192.0.2.100"
    if address not in network:
        return ("deckies", key, "ip"), f"deckies.{key}.ip is {decky.ip}, which is not in {network}"
    if int(address) in taken:
        return ("deckies", key, "ip"), f"deckies.{key}.ip is {decky.ip}, which is {taken[int(address)]}"
    return None


def _taken(field: str, key: str, value: str, owners: dict[str, str], token: str) -> Wrong | None:
    """Whether another decky has the value: an address on the same LAN, a MAC anywhere."""
    owner = owners.setdefault(token, key)
    if owner == key:
        return None
    return ("deckies", key, field), f"deckies.{key}.{field} is {value}, which {owner} has already"
