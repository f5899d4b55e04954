"""Which LAN each worker's deckies are on, and which workers share one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network

from decnet.errors import SpecError
from decnet.model import addresses
from decnet.model.fleet import Attachment, Network
from decnet.model.spec import NetworkSpec
from decnet.model.worker import Facts
from decnet.wire import NETWORK

MOST_NAMED = 4096
"""An agent takes no more addresses of other workers."""
_SET = "set --interface, --subnet and --gateway"


class NoLan(SpecError):
    """A worker whose own network is not suitable for deckies, or not known. The fleet file is not wrong: only
    what needs this worker stops."""

    def __init__(self, worker: str, reason: str, remedy: str) -> None:
        hint = f"{remedy}; or, if {worker} is not to run deckies: decnet worker remove {worker}"
        super().__init__(f"{worker}: {reason}", hint=hint)
        self.name, self.reason, self.remedy = worker, reason, remedy


def decide_lan(
    worker: str,
    network: NetworkSpec,
    facts: Facts | None,
    known: Network | None,
    *,
    ip_start: str | None = None,
) -> Network:
    """The LAN of one worker. Values that the spec omits come from `known`, else from the facts.

    Raises NoLan if the worker's own network is not suitable or not known, and SpecError if given values
    contradict each other.
    """
    lan = described_lan(network, facts, known)
    if not lan.interface or not lan.subnet:
        raise NoLan(worker, "it has no default route, so its LAN is unknown", _SET)
    if not lan.gateway:
        raise NoLan(worker, "its default route has no gateway", "set --gateway")
    if wrong := addresses.lan(lan):
        field, complaint = wrong
        if field in ("interface", "subnet", "gateway") and not getattr(network, field):
            raise NoLan(worker, f"its LAN's {field} {complaint}", f"set --{field}")
        raise SpecError(f"{worker}: its LAN's {field} {complaint}")
    _check_wireless(worker, lan, facts)
    return lan.model_copy(update={"use": _range_from(ip_start, addresses.network(lan))}) if ip_start else lan


def described_lan(network: NetworkSpec, facts: Facts | None, known: Network | None) -> Network:
    """The LAN of one worker, unchecked; what is not known is ""."""
    return Network(
        driver=network.driver or (known.driver if known else "macvlan"),
        interface=_first(network.interface, known, facts, "interface") or "",
        subnet=_first(network.subnet, known, facts, "subnet") or "",
        gateway=_first(network.gateway, known, facts, "gateway") or "",
        use=network.addresses.use or (known.use if known else ()),
        exclude=network.addresses.exclude or (known.exclude if known else ()),
    )


def unconfirmed_subnets(lans: Mapping[str, Network], confirmed: tuple[str, ...]) -> tuple[str, ...]:
    """Subnets without a range that the operator has not confirmed."""
    return tuple(sorted({lan.subnet for lan in lans.values() if not lan.use} - set(confirmed)))


class LanGroups:
    """Workers grouped by the LAN that their deckies are on.

    A bridge is a LAN of its own. Other LANs are separate if their subnets are disjoint. Overlapping subnets
    count as one LAN: nothing that a worker reports proves otherwise, and a wrong guess would put an address
    on a network twice.
    """

    def __init__(self, lans: Mapping[str, Network]) -> None:
        self._group_of = {worker: worker for worker, lan in lans.items() if lan.driver == "bridge"}
        blocks = [(addresses.network(lan), worker) for worker, lan in lans.items()]
        end, first = -1, ""
        # Networks are disjoint or nested: the wider one comes first.
        for block, worker in sorted(blocks, key=lambda each: (each[0].network_address, each[0].prefixlen)):
            if worker in self._group_of:
                continue
            if int(block.network_address) > end:
                end, first = int(block.broadcast_address), worker
            self._group_of[worker] = first
        self._all = sorted(set(self._group_of.values()))

    def group_of(self, worker: str) -> str:
        """The LAN's name: that of one of its workers."""
        return self._group_of[worker]

    def resource_of(self, worker: str, ip: str) -> str:
        """The address on that worker's LAN, as `address@LAN`."""
        return f"{ip}@{self._group_of[worker]}"

    def resources_of(self, worker: str, attachments: Iterable[Attachment]) -> set[str]:
        """The addresses and MACs of attachments of a decky on that worker. Those on an inner network are
        `address@worker/network`: each worker has its own."""
        found: set[str] = set()
        for each in attachments:
            if each.network == NETWORK:
                found |= {self.resource_of(worker, each.address), each.mac}
            else:
                found |= {f"{value}@{worker}/{each.network}" for value in (each.address, each.mac)}
        return found

    def on_every_lan(self, ips: Iterable[str]) -> set[str]:
        """The addresses on every LAN of the fleet, for a holder whose LAN is unknown."""
        return {f"{ip}@{lan_group}" for ip in ips for lan_group in self._all}


def on_their_lans(lans: Mapping[str, Network], hosts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The addresses of `hosts` that are on the LAN of each worker, in their order, at most MOST_NAMED."""
    ordered = sorted({int(IPv4Address(each)) for each in hosts})
    found = {}
    for worker, lan in lans.items():
        block = addresses.network(lan)
        first = bisect_left(ordered, int(block.network_address))
        last = bisect_right(ordered, int(block.broadcast_address))
        found[worker] = tuple(
            str(IPv4Address(each)) for each in ordered[first : min(last, first + MOST_NAMED)]
        )
    return found


def address_of(resource: str) -> str:
    """The address of a resource of `LanGroups`; other text is unchanged."""
    return resource.partition("@")[0]


def is_inner(resource: str) -> bool:
    """Whether a resource belongs to a worker's inner network."""
    return "/" in resource


def _first(given: str | None, known: Network | None, facts: Facts | None, field: str) -> str | None:
    """The operator's value, else the stored one, else the worker's."""
    value: str | None = given or getattr(known, field, None) or getattr(facts, field, None)
    return value


def _range_from(start: str, block: IPv4Network) -> tuple[str, ...]:
    if complaint := addresses.host(start) or addresses.not_within(start, block):
        raise SpecError(f"--ip-start {complaint}")
    return (f"{start}-{block.broadcast_address - 1}",)


def _check_wireless(worker: str, lan: Network, facts: Facts | None) -> None:
    if facts and facts.wireless and lan.driver == "macvlan" and lan.interface == facts.interface:
        raise NoLan(
            worker,
            f"{lan.interface} is wireless, and an access point drops the frames of other MACs",
            "use a wired interface (--interface), or --driver ipvlan",
        )
