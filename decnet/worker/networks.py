"""Networks of the worker's Docker engine that keep decnet's own from being created."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network

from decnet.model.worker import DockerNetwork, Facts
from decnet.wire import NETWORK, clean
from decnet.wire.engine import shares_parent

from .requirements import Problem

ON_AN_INTERFACE = ("macvlan", "ipvlan")


def network_problems(
    facts: Facts, driver: str = "macvlan", interface: str | None = None, subnet: str | None = None
) -> Iterator[Problem]:
    """What is in the way of a network with that driver; by default on the worker's own LAN."""
    interface, subnet = interface or facts.interface, subnet or facts.subnet
    if any(each.ours and each.name == NETWORK for each in facts.networks):
        return
    for each in facts.networks:
        name = clean(each.name, 60)
        if each.ours or each.name == NETWORK:
            continue
        if _is_in_the_way(each, driver, interface, facts.docker_version or ""):
            yield Problem(
                f"Docker's network {name} ({clean(each.driver, 20)}) has the interface {interface}, and the "
                "engine creates no second one on it",
                f"docker network rm {name} there; or deploy with --interface and a VLAN of it",
            )
        elif subnet is not None and any(_overlap(subnet, other) for other in each.subnets):
            yield Problem(
                f"Docker's network {name} has addresses of the LAN {subnet}",
                f"docker network rm {name} there, or give that network another subnet",
            )


def _is_in_the_way(other: DockerNetwork, driver: str, interface: str | None, version: str) -> bool:
    if interface is None or other.parent != interface or driver not in ON_AN_INTERFACE:
        return False
    return other.driver in ON_AN_INTERFACE and not shares_parent(other.driver, driver, version)


def _overlap(one: str, other: str) -> bool:
    try:
        first, second = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:
        return False
    return isinstance(first, IPv4Network) and isinstance(second, IPv4Network) and first.overlaps(second)
