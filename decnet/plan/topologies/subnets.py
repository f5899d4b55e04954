"""Which subnets inner LANs can have, and which addresses in them."""

from __future__ import annotations

import random
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from decnet.errors import SpecError
from decnet.model.addresses import Range
from decnet.model.fleet import Fleet
from decnet.model.worker import Facts
from decnet.wire import clean

DOCKER_POOLS = (*(f"172.{second}.0.0/16" for second in range(17, 32)), "192.168.0.0/16")
"""Where Docker takes a network's subnet from if it is given none
(libnetwork/ipamutils: `localScopeDefaultNetworks`)."""

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
PREFIX = 24
_SIZE = 1 << (32 - PREFIX)
_FIRST_HOST, _LAST_HOST = 10, 249
"""The last byte of addresses that are chosen at random: routers are around them."""


def reserved_subnets(
    fleet: Fleet, facts: Mapping[str, Facts], *, without: Collection[str] = ()
) -> dict[str, str]:
    """The subnets that no inner LAN may overlap, each with its owner. `without` names topologies whose own
    subnets do not count."""
    found = dict.fromkeys(DOCKER_POOLS, "Docker's address pool")
    own = [fleet.topologies[name] for name in without if name in fleet.topologies]
    prefixes = tuple(f"{topology.project}-" for topology in own)
    for worker, known in facts.items():
        found |= dict.fromkeys(known.routes, f"a route of {worker}")
        for network in known.networks:
            # A change that was interrupted may have made networks that the stored design does not have.
            if not network.name.startswith(prefixes):
                found |= dict.fromkeys(network.subnets, f"the Docker network {network.name} of {worker}")
        if known.subnet:
            found[known.subnet] = f"the network of {worker}"
    for topology in fleet.topologies.values():
        if topology.name not in without:
            found |= {lan.subnet: f"topology {topology.name}" for lan in topology.design.lans if lan.subnet}
    found |= {lan.subnet: f"the LAN of {worker}" for worker, lan in fleet.lans.items()}
    return {subnet: owner for subnet, owner in found.items() if subnet}


def none_left(taken: Iterable[str]) -> str:
    """The hint for an error when no subnet is left: what uses most, with its owner if `taken` has it."""
    sizes = {subnet: last - first for subnet in taken for first, last in spans([subnet])}
    largest = sorted(sizes, key=lambda subnet: (-sizes[subnet], subnet))[:3]
    owners = taken if isinstance(taken, Mapping) else {}
    named = [f"{each} ({clean(owners[each], 80)})" if each in owners else each for each in largest]
    return f"most is used by {', '.join(named)}"


def free_subnets(taken: Iterable[str], rng: random.Random) -> Iterator[str]:
    """Subnets of private address space that overlap none of these; the first is at random, the others
    follow it."""
    blocked = sorted(spans(taken))
    for pool in PRIVATE:
        block = IPv4Network(pool)
        low, high = int(block.network_address), int(block.broadcast_address)
        start = low + rng.randrange((high - low + 1) // _SIZE) * _SIZE
        yield from _gaps(start, high, blocked)
        yield from _gaps(low, start - 1, blocked)


def spans(subnets: Iterable[str]) -> list[Range]:
    """First and last address of each valid subnet."""
    found = []
    for subnet in subnets:
        try:
            block = IPv4Network(subnet)
        except ValueError:
            continue
        found.append((int(block.network_address), int(block.broadcast_address)))
    return found


def gateway_of(subnet: str) -> str:
    """The address of the bridge itself: the last host address of the subnet. Docker refuses the gateway's
    address to containers, and the first one belongs to a decky."""
    return str(IPv4Network(subnet).broadcast_address - 1)


def free_address(subnet: str, taken: Container[str], rng: random.Random, *, first: bool = False) -> str:
    """An address for one more decky; with `first` that of a router, if it is free. Raises SpecError."""
    block = IPv4Network(subnet)
    low, high = int(block.network_address) + 1, int(block.broadcast_address) - 2
    if first and _text(low) not in taken and low <= high:
        return _text(low)
    last = min(low + _LAST_HOST - 1, high)
    start = min(low + _FIRST_HOST - 1, last)
    for _ in range(20 if start < last else 0):
        if (address := _text(rng.randint(start, last))) not in taken:
            return address
    # The first address is left for a router.
    for number in (*range(low + 1, high + 1), low):
        if low <= number <= high and (address := _text(number)) not in taken:
            return address
    raise SpecError(f"no free address in {subnet}", hint="give the LAN a larger subnet")


def _gaps(low: int, high: int, blocked: list[Range]) -> Iterator[str]:
    """The free subnets from one address to another, in ascending order."""
    at = low
    while at + _SIZE - 1 <= high:
        owner = next((span for span in blocked if span[0] < at + _SIZE and span[1] >= at), None)
        if owner is None:
            yield f"{_text(at)}/{PREFIX}"
            at += _SIZE
        else:
            at = (owner[1] // _SIZE + 1) * _SIZE


def _text(address: int) -> str:
    return str(IPv4Address(address))
