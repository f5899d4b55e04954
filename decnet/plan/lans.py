"""Which LAN each worker's deckies sit on: what the fleet file says, completed by the worker's own facts."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

from decnet.errors import SpecError
from decnet.model import addresses
from decnet.model.fleet import Network
from decnet.model.spec import NetworkSpec
from decnet.model.worker import Facts


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
            f"{worker}: it has no default route, so its LAN is unknown",
            hint="set --interface, --subnet and --gateway",
        )
    if not gateway:
        raise SpecError(f"{worker}: no gateway is known", hint="set --gateway")
    lan = Network(
        driver=network.driver,
        interface=interface,
        subnet=subnet,
        gateway=gateway,
        use=network.addresses.use or (known.use if known else ()),
        exclude=network.addresses.exclude or (known.exclude if known else ()),
    )
    if wrong := addresses.lan(lan):
        field, complaint = wrong
        hint = f"set --{field}" if field in ("interface", "subnet", "gateway") else ""
        raise SpecError(f"{worker}: its LAN's {field} {complaint}", hint=hint)
    _check_wireless(worker, lan, facts)
    return lan.model_copy(update={"use": _from(ip_start, addresses.network(lan))}) if ip_start else lan


def _first(said: str | None, known: Network | None, facts: Facts | None, field: str) -> str | None:
    """What the operator said, else what held so far, else what the worker says of itself."""
    value: str | None = said or getattr(known, field, None) or getattr(facts, field, None)
    return value


def _from(start: str, block: IPv4Network) -> tuple[str, ...]:
    if complaint := addresses.host(start) or addresses.not_within(start, block):
        raise SpecError(f"--ip-start {complaint}")
    return (f"{start}-{block.broadcast_address - 1}",)


def _check_wireless(worker: str, lan: Network, facts: Facts | None) -> None:
    if facts and facts.wireless and lan.driver == "macvlan" and lan.interface == facts.interface:
        raise SpecError(
            f"{worker}: {lan.interface} is wireless, and an access point drops the frames of other MACs",
            hint="use a wired interface (--interface), or --driver ipvlan",
        )


def unconfirmed(lans: Mapping[str, Network], confirmed: tuple[str, ...]) -> tuple[str, ...]:
    """The subnets on which addresses would be drawn from the whole range without a yes to that so far."""
    return tuple(sorted({lan.subnet for lan in lans.values() if not lan.use} - set(confirmed)))
