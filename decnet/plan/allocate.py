"""Assigns each decky a worker, address, MAC and hostname."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from decnet.errors import SpecError
from decnet.model.addresses import (
    Range,
    blocks_around,
    free,
    network,
    number,
    parse_addresses,
    reserved,
    size,
    text_of,
    usable,
)
from decnet.model.catalog import Catalog
from decnet.model.counted import counted
from decnet.model.fleet import Decky, Fleet, Network
from decnet.model.suggest import unknown_name
from decnet.model.worker import Facts

from .assemble import assemble
from .capacity import weights
from .draft import Draft
from .lans import LanGroups
from .resolve import natural_key


@dataclass(slots=True)
class _WorkerPool:
    """One worker, its free addresses and its load. `capacity` None: no limit; `weight`: how many it can hold,
    0 for one that may not receive new ones."""

    worker: str
    lan: Network
    low: int
    high: int
    ranges: list[Range]
    reserved: dict[int, str]
    capacity: int | None
    weight: int
    lan_group: str
    load: int = 0
    addresses: Iterator[int] = field(default_factory=lambda: iter(()))

    def has(self, address: int) -> bool:
        return self.low <= address <= self.high

    @property
    def open(self) -> bool:
        return self.weight > 0

    @property
    def full(self) -> bool:
        return self.capacity is not None and self.load >= self.capacity


def allocate(
    drafts: Iterable[Draft],
    *,
    catalog: Catalog,
    lans: Mapping[str, Network],
    desired: Fleet,
    facts: Mapping[str, Facts],
    capacity: Mapping[str, int | None],
    rng: random.Random,
    now: float,
    taken: Collection[str] = (),
    quarantined: Collection[str] = (),
    possibly_in_use: Collection[str] = (),
) -> dict[str, Decky]:
    """The deckies by name. One that exists keeps its worker, address, MAC and hostname where they still fit.

    `lans` has every worker of the fleet, `capacity` those that may receive new deckies, each with its
    maximum; new deckies are spread by that and by the memory in `facts`. `taken` are addresses known to be in
    use, `quarantined` addresses and MACs that nothing may have, `possibly_in_use` those that an unobserved
    worker may hold: these are not assigned, but existing deckies keep them. Raises SpecError with the place
    of the decky.
    """
    ordered = sorted(drafts, key=lambda draft: natural_key(draft.name))
    allocation = _Allocation(ordered, lans, desired, facts, capacity, taken, quarantined, possibly_in_use)
    allocation.settle()
    return assemble(
        ordered,
        {name: (allocation.worker[name], text_of(address)) for name, address in allocation.address.items()},
        catalog,
        rng.getrandbits(128),
        now,
        frozenset(quarantined),
        frozenset(possibly_in_use),
    )


class _Allocation:
    """The assignment, made step by step: the user's addresses, kept ones, then new ones."""

    def __init__(
        self,
        drafts: list[Draft],
        lans: Mapping[str, Network],
        desired: Fleet,
        facts: Mapping[str, Facts],
        capacity: Mapping[str, int | None],
        taken: Collection[str],
        quarantined: Collection[str],
        possibly_in_use: Collection[str],
    ) -> None:
        self.drafts = drafts
        self.quarantined = {ip for ip in quarantined if ":" not in ip}
        self.in_use = {number(ip, what="an address in use") for ip in taken}
        hosts = {
            _lenient_number(each.address.split("/")[0]): f"{worker}'s own address"
            for worker, each in facts.items()
            if each.address
        }
        weight, lan_groups, ordered = weights(capacity, facts), LanGroups(lans), sorted(hosts)
        self.pools = {
            worker: _worker_pool(
                worker,
                lan,
                {each: hosts[each] for each in _within(ordered, lan)},
                capacity.get(worker),
                weight.get(worker, 0),
                lan_groups.group_of(worker),
            )
            for worker, lan in lans.items()
        }
        self.on_lan: dict[str, list[_WorkerPool]] = {}
        for pool in self.pools.values():
            self.on_lan.setdefault(pool.lan_group, []).append(pool)
        self.by_subnet: dict[Range, list[_WorkerPool]] | None = None
        self.queue: list[tuple[float, str]] | None = None
        self.worker: dict[str, str] = {}
        self.address: dict[str, int] = {}
        self.owner: dict[tuple[str, int], str] = {}
        neighbours = {_lenient_number(ip) for each in facts.values() for ip in each.neighbours}
        excluded = {_lenient_number(ip) for ip in (*self.quarantined, *possibly_in_use) if ":" not in ip}
        self._start_address_iterators(desired, neighbours, excluded)

    def _start_address_iterators(self, desired: Fleet, neighbours: set[int], excluded: set[int]) -> None:
        staying = {draft.name for draft in self.drafts}
        leaving = {
            _lenient_number(decky.ip) for name, decky in desired.deckies.items() if name not in staying
        }
        unavailable = ((self.in_use | neighbours) - leaving) | excluded
        for pool in self.pools.values():
            blocked = _Blocked((unavailable, pool.reserved), pool.lan_group, self.owner)
            pool.addresses = free(pool.ranges, blocked, leaving)

    def settle(self) -> None:
        for draft in self.drafts:
            self._assign_fixed_worker(draft)
        for draft in self.drafts:
            if draft.ip is not None:
                self._claim(draft, self._requested_address(draft))
        for draft in self.drafts:
            if draft.moves and draft.name not in self.worker:
                self._assign_neighbour(draft)
        for draft in self.drafts:
            if draft.name not in self.address and (kept := self._kept_address(draft)) is not None:
                self._claim(draft, kept)
        for draft in self.drafts:
            if draft.name not in self.address:
                self._assign_new(draft)

    def _assign_fixed_worker(self, draft: Draft) -> None:
        """Assign workers that are known before the addresses: pinned ones, or where the decky is already."""
        if draft.worker is not None:
            if draft.worker not in self.pools:
                raise unknown_name(
                    "worker", draft.worker, self.pools, who=draft.name, place=draft.at("worker")
                )
            self._assign_worker(draft, self.pools[draft.worker])
        elif draft.kept and draft.kept.worker in self.pools and self._may_stay(draft, draft.kept.worker):
            self._assign_worker(draft, self.pools[draft.kept.worker])

    def _assign_neighbour(self, draft: Draft) -> None:
        """Let a decky that moves keep its address, if another worker on its LAN has room for it."""
        kept = draft.kept
        if kept is None or kept.worker not in self.pools or _lenient_number(kept.ip) in self.in_use:
            return
        for pool in self._by_load(self.on_lan[self.pools[kept.worker].lan_group]):
            if self._may_have(pool, kept.ip):
                self._assign_worker(draft, pool)
                return

    def _may_stay(self, draft: Draft, worker: str) -> bool:
        pool = self.pools[worker]
        if draft.moves:
            return False
        return draft.ip is None or pool.has(number(draft.ip, what=f"{draft.name}: ip", place=draft.at("ip")))

    def _assign_worker(self, draft: Draft, pool: _WorkerPool) -> None:
        moved_in = draft.kept is None or draft.kept.worker != pool.worker
        if moved_in and pool.full:
            message = f"{draft.name}: {pool.worker} is full, {pool.load} of {pool.capacity} deckies"
            raise SpecError(message, place=draft.place)
        self.worker[draft.name] = pool.worker
        pool.load += 1

    def _requested_address(self, draft: Draft) -> int:
        address = number(draft.ip or "", what=f"{draft.name}: ip", place=draft.at("ip"))
        if draft.name not in self.worker:
            pools = self._by_load(self._around(address))
            if not pools:
                self._refuse_subnet(draft, address)
            self._assign_worker(draft, pools[0])
        pool = self.pools[self.worker[draft.name]]
        if not pool.has(address):
            self._refuse(draft, address, f"is outside of {pool.worker}'s subnet {pool.lan.subnet}")
        if address in pool.reserved:
            self._refuse(draft, address, f"is {pool.reserved[address]}")
        if any(low <= address <= high for low, high in parse_addresses(pool.lan.exclude)):
            self._refuse(draft, address, "is in addresses.exclude")
        if text_of(address) in self.quarantined:
            hint = f"decnet worker release {text_of(address)}, once nothing can hold it any more"
            self._refuse(draft, address, "is quarantined", hint)
        its_own = draft.kept is not None and draft.kept.ip == text_of(address)
        if address in self.in_use and not its_own:
            self._refuse(draft, address, "is in use on the LAN")
        return address

    def _kept_address(self, draft: Draft) -> int | None:
        """The decky's address, if it may keep it on its worker."""
        kept = draft.kept
        if kept is None or draft.name not in self.worker:
            return None
        fits = self._may_have(self.pools[self.worker[draft.name]], kept.ip)
        return _lenient_number(kept.ip) if fits else None

    def _may_have(self, pool: _WorkerPool, ip: str) -> bool:
        """Whether a decky of this worker may keep this address."""
        address = _lenient_number(ip)
        if ip in self.quarantined or not pool.has(address) or address in pool.reserved:
            return False
        return not any(low <= address <= high for low, high in parse_addresses(pool.lan.exclude))

    def _claim(self, draft: Draft, address: int) -> None:
        lan_group = self.pools[self.worker[draft.name]].lan_group
        other = self.owner.setdefault((lan_group, address), draft.name)
        if other != draft.name:
            self._refuse(draft, address, f"is used twice, by {other} too")
        self.address[draft.name] = address

    def _assign_new(self, draft: Draft) -> None:
        """A new address, on the decky's worker or on the one with the most room."""
        if draft.name in self.worker:
            pool = self.pools[self.worker[draft.name]]
            address = next(pool.addresses, None)
            if address is None:
                self._refuse_full(draft, [pool])
            else:
                self._claim(draft, address)
            return
        if self.queue is None:
            self.queue = [(self._share(pool), pool.worker) for pool in self._by_load(self.pools.values())]
        while self.queue:
            pool = self.pools[self.queue[0][1]]
            address = None if pool.full else next(pool.addresses, None)
            if address is None:
                heapq.heappop(self.queue)
                continue
            self._assign_worker(draft, pool)
            self._claim(draft, address)
            heapq.heapreplace(self.queue, (self._share(pool), pool.worker))
            return
        self._refuse_full(draft, [pool for pool in self.pools.values() if pool.open])

    def _around(self, address: int) -> list[_WorkerPool]:
        """The workers whose subnet has the address."""
        if self.by_subnet is None:
            self.by_subnet = {}
            for pool in self.pools.values():
                self.by_subnet.setdefault((pool.low, pool.high), []).append(pool)
        return [pool for each in blocks_around(address) for pool in self.by_subnet.get(each, ())]

    def _by_load(self, pools: Iterable[_WorkerPool]) -> list[_WorkerPool]:
        """Those of these workers that may receive one more, the relatively emptiest first."""
        pools = [pool for pool in pools if pool.open and not pool.full]
        return sorted(pools, key=lambda pool: (self._share(pool), pool.worker))

    def _share(self, pool: _WorkerPool) -> float:
        """How full a worker would be with one more."""
        return (pool.load + 1) / pool.weight

    def _refuse(self, draft: Draft, address: int, why: str, hint: str | None = None) -> None:
        raise SpecError(f"{draft.name}: {text_of(address)} {why}", place=draft.at("ip"), hint=hint)

    def _refuse_subnet(self, draft: Draft, address: int) -> None:
        closed = [name for name, pool in sorted(self.pools.items()) if pool.has(address)]
        why = f"is in no subnet of {_pool_list(self.pools)}"
        if closed:
            why = f"is in the subnet of {', '.join(closed)} only, which may not receive more deckies"
        self._refuse(draft, address, why)

    def _refuse_full(self, draft: Draft, candidates: list[_WorkerPool]) -> None:
        usage = ", ".join(self._usage(pool) for pool in sorted(candidates, key=lambda pool: pool.worker))
        message = f"{draft.name}: no free address for it ({usage or 'no worker can be given new deckies'})"
        hint = "add addresses to network.addresses.use, or deploy fewer deckies"
        raise SpecError(message, place=draft.place, hint=hint)

    def _usage(self, pool: _WorkerPool) -> str:
        if pool.full:
            return f"{pool.worker}: full with {counted(pool.load, 'decky')}"
        given = sum(1 for name in self.address if self.worker[name] == pool.worker)
        return f"{pool.worker}: {size(pool.ranges)} usable in {pool.lan.subnet}, {given} given"


class _Blocked:
    """The unavailable addresses of one LAN: those blocked from the start, and those assigned since."""

    def __init__(
        self, unavailable: tuple[Container[int], ...], lan_group: str, owner: Mapping[tuple[str, int], str]
    ) -> None:
        self._unavailable = unavailable
        self._lan_group = lan_group
        self._owner = owner

    def __contains__(self, address: object) -> bool:
        return (self._lan_group, address) in self._owner or any(address in each for each in self._unavailable)


def _worker_pool(
    worker: str, lan: Network, hosts: dict[int, str], capacity: int | None, weight: int, lan_group: str
) -> _WorkerPool:
    subnet = network(lan)
    return _WorkerPool(
        worker=worker,
        lan=lan,
        low=int(subnet.network_address),
        high=int(subnet.broadcast_address),
        ranges=usable(lan),
        reserved={**hosts, **reserved(lan)},
        capacity=capacity,
        weight=weight,
        lan_group=lan_group,
    )


def _within(ordered: Sequence[int], lan: Network) -> Sequence[int]:
    """Those of the sorted addresses that are in the subnet of the LAN."""
    subnet = network(lan)
    first = bisect_left(ordered, int(subnet.network_address))
    return ordered[first : bisect_right(ordered, int(subnet.broadcast_address))]


def _lenient_number(ip: str) -> int:
    """The number of a checked address, or of one that a worker reported: -1 if it is invalid."""
    try:
        return number(ip, what="address")
    except SpecError:
        return -1


def _pool_list(pools: Mapping[str, _WorkerPool]) -> str:
    return ", ".join(f"{name} ({pool.lan.subnet})" for name, pool in sorted(pools.items()))
