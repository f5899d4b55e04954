"""Which LAN each worker's deckies sit on: what the fleet file says, completed by the worker's own facts."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

from decnet.errors import SpecError
from decnet.model import values
from decnet.model.fleet import Network
from decnet.model.spec import NetworkSpec
from decnet.model.worker import Facts

MIN_PREFIX = 16
"""The widest LAN that is accepted: a probe of more than a /16 would not end."""


def decide_lan(
    worker: str,
    network: NetworkSpec,
    facts: Facts | None,
    known: Network | None,
    *,
    ip_start: str | None = None,
) -> Network:
    """The LAN of one worker. What the spec leaves out is taken from `known`, else from the facts.

    Raises SpecError where something needed is said by nobody, or the values do not fit each other.
    """
    interface = _first(network.interface, known, facts, "interface")
    subnet = _first(network.subnet, known, facts, "subnet")
    gateway = _first(network.gateway, known, facts, "gateway")
    if not interface or not subnet:
        raise SpecError(
            f"{worker}: it has no default route, so its LAN cannot be told",
            hint="say --interface, --subnet and --gateway",
        )
    if complaint := values.interface(interface):
        raise SpecError(f"{worker}: its LAN's interface {complaint}", hint="say --interface")
    block = _block(subnet)
    use = network.addresses.use or (known.use if known else ())
    lan = Network(
        driver=network.driver,
        interface=interface,
        subnet=str(block),
        gateway=_gateway(gateway, block),
        use=_from(ip_start, block) if ip_start else use,
        exclude=network.addresses.exclude or (known.exclude if known else ()),
    )
    _check_wireless(worker, lan, facts)
    return lan


def _first(said: str | None, known: Network | None, facts: Facts | None, field: str) -> str | None:
    """What the operator said, else what held so far, else what the worker says of itself."""
    value: str | None = said or getattr(known, field, None) or getattr(facts, field, None)
    return value


def _block(subnet: str) -> IPv4Network:
    try:
        block = IPv4Network(subnet, strict=False)
    except ValueError:
        raise SpecError(
            f"{subnet!r} is not an IPv4 subnet", hint="write it as ADDRESS/PREFIX, such as 192.0.2.0/24"
        ) from None
    if not MIN_PREFIX <= block.prefixlen <= 30:
        raise SpecError(f"the subnet {block} is not of a size that deckies can live in (/16 to /30)")
    return block


def _gateway(gateway: str | None, block: IPv4Network) -> str:
    if not gateway:
        raise SpecError("no gateway is known", hint="say --gateway")
    try:
        address = IPv4Address(gateway)
    except ValueError:
        raise SpecError(f"{gateway!r} is not an IPv4 address (the gateway)") from None
    if address not in block:
        raise SpecError(f"the gateway {address} is not in the subnet {block}")
    return str(address)


def _from(start: str, block: IPv4Network) -> tuple[str, ...]:
    try:
        address = IPv4Address(start)
    except ValueError:
        raise SpecError(f"{start!r} is not an IPv4 address", place="--ip-start") from None
    if address not in block:
        raise SpecError(f"{address} is not in the subnet {block}", place="--ip-start")
    return (f"{address}-{block.broadcast_address - 1}",)


def _check_wireless(worker: str, lan: Network, facts: Facts | None) -> None:
    if facts and facts.wireless and lan.driver == "macvlan" and lan.interface == facts.interface:
        raise SpecError(
            f"{worker}: {lan.interface} is wireless, and an access point drops the frames of other MACs",
            hint="use a wired interface (--interface), or --driver ipvlan",
        )


def unconfirmed(lans: Mapping[str, Network], confirmed: tuple[str, ...]) -> tuple[str, ...]:
    """The subnets on which addresses would be drawn from the whole range without a yes to that so far."""
    return tuple(sorted({lan.subnet for lan in lans.values() if not lan.use} - set(confirmed)))
