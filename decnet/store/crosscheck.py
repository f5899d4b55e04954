"""What one value of a fleet says against another: each alone may be right, both together cannot be."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from decnet.model.fleet import Decky, Fleet
from decnet.plan.grounds import Grounds

from .positions import Route

Wrong = tuple[Route, str]


def contradiction(fleet: Fleet) -> Wrong | None:
    """The first contradiction with the route to it, in the order of names; None for a sound fleet."""
    networks: dict[str, IPv4Network] = {}
    for worker, lan in fleet.lans.items():
        try:
            networks[worker] = IPv4Network(lan.subnet)
        except ValueError:
            return ("lans", worker, "subnet"), f"lans.{worker}.subnet must be a network such as 192.0.2.0/24"
    grounds = Grounds(fleet.lans)
    ips: dict[str, str] = {}
    macs: dict[str, str] = {}
    for key, decky in fleet.deckies.items():
        wrong = _name(key, decky) or _address(key, decky, networks)
        wrong = wrong or _taken("ip", key, decky.ip, ips, grounds.at(decky.worker, decky.ip))
        wrong = wrong or _taken("mac", key, decky.mac, macs, decky.mac)
        if wrong:
            return wrong
    return None


def _name(key: str, decky: Decky) -> Wrong | None:
    if decky.name == key:
        return None
    return ("deckies", key, "name"), f"deckies.{key}.name is {decky.name}: it must be its key, {key}"


def _address(key: str, decky: Decky, networks: dict[str, IPv4Network]) -> Wrong | None:
    network = networks.get(decky.worker)
    if network is None:
        where = ("deckies", key, "worker")
        return where, f"deckies.{key}.worker is {decky.worker}, and lans has no {decky.worker}"
    try:
        address = IPv4Address(decky.ip)
    except AddressValueError:
        return ("deckies", key, "ip"), f"deckies.{key}.ip must be an address such as 192.0.2.100"
    if address not in network:
        return ("deckies", key, "ip"), f"deckies.{key}.ip is {decky.ip}, which is not in {network}"
    return None


def _taken(field: str, key: str, value: str, owners: dict[str, str], token: str) -> Wrong | None:
    """Whether another decky has the value: an address on the same LAN, a MAC anywhere."""
    owner = owners.setdefault(token, key)
    if owner == key:
        return None
    return ("deckies", key, field), f"deckies.{key}.{field} is {value}, which {owner} has already"
