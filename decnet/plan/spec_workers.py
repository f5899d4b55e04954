"""Every mistake of a fleet file that the state directory shows: unknown workers, addresses off their LAN."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from decnet.model import addresses
from decnet.model.counted import counted
from decnet.model.diagnostics import Diagnostics
from decnet.model.fleet import Network
from decnet.model.spec import LOCAL, DeckySpec, FleetSpec
from decnet.model.suggest import suggest
from decnet.model.worker import Facts, Worker

from .lans import LanGroups, described_lan


@dataclass(frozen=True)
class Stored:
    """What the state directory has about the fleet: workers, their LANs and facts, quarantined addresses."""

    workers: Mapping[str, Worker]
    lans: Mapping[str, Network] = field(default_factory=dict)
    facts: Mapping[str, Facts] = field(default_factory=dict)
    quarantined: Collection[str] = ()


def check_workers(mistakes: Diagnostics, spec: FleetSpec, stored: Stored) -> None:
    """Add the mistakes in the names of workers and in addresses that these cannot have."""
    _check_workers(mistakes, spec.deckies, stored.workers)
    _Addresses(mistakes, spec, stored).check()


def _check_workers(
    mistakes: Diagnostics, entries: Iterable[DeckySpec], workers: Mapping[str, Worker]
) -> None:
    room = {name: worker.max_deckies for name, worker in workers.items() if worker.max_deckies is not None}
    for entry in entries:
        name, path = entry.worker, ("decky", entry.name, "worker")
        if name is None:
            continue
        if name not in workers and name != LOCAL:
            near = suggest(name, [*workers, LOCAL])
            known = f"known: {', '.join(workers) or 'none'}; decnet worker add {name} USER@HOST"
            hint = f"did you mean `{near}`?" if near else known
            mistakes.add(path, f"{entry.name}: no worker is named {name!r}", hint)
        elif name in room:
            room[name] -= entry.count
            if -entry.count <= room[name] < 0:
                most = workers[name].max_deckies or 0
                message = f"{entry.name}: {name} takes {counted(most, 'decky')}, not {most - room[name]}"
                mistakes.add(path, message)


class _Addresses:
    """The checks of addresses against the LANs that the file and the state directory describe."""

    def __init__(self, mistakes: Diagnostics, spec: FleetSpec, stored: Stored) -> None:
        self.mistakes, self.spec, self.stored = mistakes, spec, stored
        names = {*stored.workers, *(entry.worker for entry in spec.deckies if entry.worker)}
        self.lans = {
            name: _valid(described_lan(spec.network, stored.facts.get(name), stored.lans.get(name)))
            for name in sorted(names)
        }

    def check(self) -> None:
        """Add every mistake in an address."""
        self._check_gateways()
        for entry in self.spec.deckies:
            path = ("decky", entry.name, "ip")
            if entry.ip and not self.mistakes.has(path) and (complaint := self._complaint(entry, entry.ip)):
                self.mistakes.add(path, f"{entry.name}: {entry.ip} {complaint}")
        self._check_twice()
        if not self.mistakes.has(("network",)):
            self._check_room()

    def _check_gateways(self) -> None:
        """A gateway that only the file has, and a subnet that only the state directory has."""
        network = self.spec.network
        if not network.gateway or network.subnet:
            return
        for name, lan in self.lans.items():
            complaint = lan.subnet and addresses.not_within(network.gateway, IPv4Network(lan.subnet))
            if complaint and any(entry.worker in (None, name) for entry in self.spec.deckies):
                self.mistakes.add(("network", "gateway"), f"`gateway` {complaint} of {name}")

    def _complaint(self, entry: DeckySpec, ip: str) -> str | None:
        """Why the address cannot be used on any LAN where the decky may be."""
        if ip in self.stored.quarantined:
            return "is quarantined"
        if entry.worker:
            return self._why_not(ip, entry.worker)
        reasons = [self._why_not(ip, worker) for worker in self.lans]
        if None in reasons or not reasons:
            return None
        inside = [reason for reason in reasons if reason and "outside" not in reason]
        every = ", ".join(f"{name} ({lan.subnet})" for name, lan in self.lans.items())
        return inside[0] if inside else f"is in no subnet of {every}"

    def _why_not(self, ip: str, worker: str) -> str | None:
        lan = self.lans[worker]
        address = int(IPv4Address(ip))
        if lan.subnet:
            block = IPv4Network(lan.subnet)
            if IPv4Address(ip) not in block:
                return f"is outside of {worker}'s subnet {block}"
            if address in addresses.reserved(lan):
                return f"is {addresses.reserved(lan)[address]}"
        facts = self.stored.facts.get(worker)
        if facts and facts.address and facts.address.split("/")[0] == ip:
            return f"is {worker}'s own address"
        if any(low <= address <= high for low, high in addresses.parse_addresses(lan.exclude)):
            return "is in addresses.exclude"
        return None

    def _check_twice(self) -> None:
        """One address on two workers of one LAN; within one worker the file itself shows it."""
        groups = LanGroups({name: lan for name, lan in self.lans.items() if lan.subnet})
        owners: dict[tuple[str, str], str] = {}
        for entry in self.spec.deckies:
            if entry.ip is None or entry.worker is None or not self.lans[entry.worker].subnet:
                continue
            place = (groups.group_of(entry.worker), entry.ip)
            other = owners.setdefault(place, entry.name)
            path = ("decky", entry.name, "ip")
            if other != entry.name and not self.mistakes.has(path):
                self.mistakes.add(path, f"{entry.name}: {entry.ip} is used twice, by {other} too")

    def _check_room(self) -> None:
        """Fewer addresses than deckies on the LANs of the workers, as far as these are known. Only what is
        certain is a mistake: an address that may be free counts as free."""
        lans = self.lans.values()
        if not lans or any(not lan.subnet or lan.driver == "bridge" for lan in lans):
            return
        groups, spans = LanGroups(self.lans), dict[str, list[addresses.Range]]()
        for name, lan in self.lans.items():
            spans.setdefault(groups.group_of(name), []).extend(addresses.usable(lan))
        room = {name: addresses.size(each) - self._taken(each, lans) for name, each in spans.items()}
        wanted = Counter[str]()
        for entry in self.spec.deckies:
            if entry.ip is None:
                wanted[groups.group_of(entry.worker) if entry.worker else ""] += entry.count
        short = [name for name in spans if wanted[name] > room[name]]
        if not short and wanted.total() <= sum(room.values()):
            return
        where = [name for name in self.lans if not short or groups.group_of(name) == short[0]]
        number, free = (wanted[short[0]], room[short[0]]) if short else (wanted.total(), sum(room.values()))
        verb = "needs" if number == 1 else "need"
        message = f"{counted(number, 'decky')} {verb} an address on the LAN of {', '.join(where)}"
        self.mistakes.add(("network", "addresses", "use"), f"{message}, and {free} can be used")

    def _taken(self, spans: list[addresses.Range], lans: Collection[Network]) -> int:
        """How many addresses of the ranges are those of networks, gateways and workers, or fixed in the
        file."""
        taken = {address for lan in lans for address in addresses.reserved(lan)}
        own = [each.address.split("/")[0] for each in self.stored.facts.values() if each.address]
        fixed = [entry.ip for entry in self.spec.deckies if entry.ip]
        taken |= {int(IPv4Address(text)) for text in [*own, *fixed] if not addresses.host(text)}
        return sum(any(low <= each <= high for low, high in spans) for each in taken)


def _valid(lan: Network) -> Network:
    """The LAN without what a worker reported and no LAN can have."""
    if not lan.subnet or addresses.subnet(lan.subnet):
        return lan.model_copy(update={"subnet": "", "gateway": ""})
    return lan.model_copy(update={"gateway": ""}) if addresses.host(lan.gateway) else lan
