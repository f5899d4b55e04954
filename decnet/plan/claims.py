"""Address conflicts: which steps may claim their address, and which releases they have to wait for.

An address must never be on a LAN twice. A step may claim one only if every other decky that has, had or
should have it is known to be gone, or releases it in an earlier phase of the same plan. A decky on a worker
that was not observed releases nothing, and neither does a job in progress. A quarantined address stays held
until the operator releases it by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import CLAIM, RELEASE, Skipped, Step
from decnet.model.record import OPEN, Claim, DeckyRow, WorkerRecords
from decnet.wire import NETWORK

from .decky_view import DeckyView
from .lans import LanGroups, address_of, is_inner
from .steps import claims_address, releases_address, split_release


def resolve_address_conflicts(
    views: Collection[DeckyView],
    steps: list[Step],
    skip_reasons: Mapping[DeckyKey, str],
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    open_deckies: Collection[DeckyKey],
    unknown: Mapping[str, str],
    quarantined: Mapping[str, str],
    reserved: Mapping[str, Collection[SliceKey]],
) -> tuple[list[Step], dict[DeckyKey, Skipped]]:
    """The steps that may be carried out, and those that may not with the reason.

    `skip_reasons` has the steps that are skipped in any case, `open_deckies` the deckies that a job may
    still bring up, `quarantined` addresses and MACs that nothing may claim, each with why, `reserved` those
    that only these slices may claim. A change whose
    address a decky on another worker claims is cut in two: its release goes first.
    """
    if not skip_reasons and not any(step.touches_docker for step in steps):
        return steps, {}
    resolver = _ConflictResolver(
        steps, dict(skip_reasons), desired, recorded, open_deckies, unknown, quarantined, reserved
    )
    resolver.collect(views)
    resolver.skip_conflicts()
    return resolver.outcome(views)


class PossibleHolder(NamedTuple):
    """An address and MAC that a decky may hold on one worker."""

    key: DeckyKey
    claim: Claim


def possible_holders(
    desired: Fleet, recorded: Mapping[str, WorkerRecords], workers: Collection[str]
) -> Iterator[PossibleHolder]:
    """What unobserved `workers` may hold on the LAN, each once: desired and recorded addresses, and those
    that jobs sent later may bring up. Only an observation of the worker can rule any of them out."""
    wanted = {
        DeckyKey(decky.worker, project, name): decky
        for project, name, decky in desired.every_decky()
        if decky.worker in workers
    }
    rows = {
        DeckyKey(worker, project, row.name): row
        for worker in workers
        if worker in recorded
        for project, row in recorded[worker].rows()
    }
    for key in sorted({*wanted, *rows}):
        for claim in known_claims(wanted.get(key), rows.get(key)):
            yield PossibleHolder(key, claim)


def known_claims(*known: Decky | DeckyRow | None) -> tuple[Claim, ...]:
    """The addresses of a decky on the LAN as desired and as recorded, each once."""
    found: list[Claim] = []
    for each in known:
        if isinstance(each, DeckyRow):
            found += [*([each.claim] if each.claim else ()), *each.sent]
        elif each is not None and each.lan:
            found.append(Claim(ip=each.lan.address, mac=each.lan.mac))
    return tuple(dict.fromkeys(found))


def in_progress(recorded: Mapping[str, WorkerRecords]) -> frozenset[DeckyKey]:
    """The deckies that a pending or running job may still start."""
    return frozenset(
        DeckyKey(worker, row.project, row.decky)
        for worker, records in recorded.items()
        for row in records.lifecycle
        if row.status in OPEN and row.operation != "remove"
    )


@dataclass(slots=True)
class _ConflictResolver:
    """The possible holders of each claimed address, and why steps are skipped: one skipped step can be the
    reason for others.

    A resource is an address on a LAN (`address@LAN`), a MAC, or either of them on an inner network: only one
    decky may hold it.
    """

    steps: list[Step]
    skip_reasons: dict[DeckyKey, str]
    desired: Fleet
    recorded: Mapping[str, WorkerRecords]
    open_deckies: Collection[DeckyKey]
    unknown: Mapping[str, str]
    quarantined: Mapping[str, str]
    reserved: Mapping[str, Collection[SliceKey]]
    by_key: dict[DeckyKey, Step] = field(default_factory=dict)
    claimed_resources: dict[DeckyKey, tuple[str, ...]] = field(default_factory=dict)
    holders: dict[str, set[DeckyKey]] = field(default_factory=dict)
    strays: set[DeckyKey] = field(default_factory=set)
    """Deckies that only their worker reports: neither desired nor recorded."""
    lan_groups: LanGroups = field(init=False)

    def __post_init__(self) -> None:
        self.lan_groups = LanGroups(self.desired.lans)

    def collect(self, views: Collection[DeckyView]) -> None:
        """Collect the claims, and every decky that could hold one of their addresses or MACs."""
        for step in self.steps:
            key = step.key
            self.by_key[key] = step
            if claims_address(step) and (decky := self.desired.decky(step.project, step.decky)):
                resources = self.lan_groups.resources_of(step.worker, decky.attachments)
                self.claimed_resources[key] = tuple(sorted(resources, key=_in_order))
        self.holders = {
            resource: set() for resources in self.claimed_resources.values() for resource in resources
        }
        claimed = set(map(address_of, self.holders))
        for view in views:
            key = view.key
            if view.actual:
                if not (view.is_base_desired and claimed.isdisjoint(_texts(view))):
                    self._hold(key, _base_resources(view, self.desired, self.lan_groups))
                if view.decky is None and view.row is None:
                    self.strays.add(key)
            if key in self.open_deckies:
                self._hold(key, self._open_resources(view))
        for key, claim in possible_holders(self.desired, self.recorded, self.unknown):
            self._hold(key, {*self.lan_groups.on_every_lan([claim.ip]), claim.mac})

    def _open_resources(self, view: DeckyView) -> set[str]:
        """What a job in progress on an observed worker may still bring up."""
        known = known_claims(view.decky, view.row)
        return self.lan_groups.on_every_lan(each.ip for each in known) | {each.mac for each in known}

    def _hold(self, key: DeckyKey, resources: Iterable[str]) -> None:
        for resource in resources:
            if resource in self.holders:
                self.holders[resource].add(key)

    def skip_conflicts(self) -> None:
        """Skip claims until none of the remaining ones conflicts."""
        done = False
        while not done:
            done = True
            claimed: dict[str, DeckyKey] = {}
            for key in sorted(self.claimed_resources):
                if key in self.skip_reasons:
                    continue
                why = self._obstacle(key, claimed)
                if why:
                    self.skip_reasons[key] = why
                    done = False
                    continue
                claimed.update(dict.fromkeys(self.claimed_resources[key], key))

    def _obstacle(self, key: DeckyKey, claimed: Mapping[str, DeckyKey]) -> str | None:
        for resource in self.claimed_resources[key]:
            if address_of(resource) in self.quarantined and not is_inner(resource):
                return f"{address_of(resource)} is quarantined: {self.quarantined[address_of(resource)]}"
            allowed = self.reserved.get(address_of(resource))
            if allowed is not None and key.slice not in allowed and self._is_on_lan_of(allowed, resource):
                return f"{address_of(resource)} is reserved for the open rollout"
            if resource in claimed:
                return f"{claimed[resource]} claims {address_of(resource)} too"
            for holder in sorted(self.holders[resource] - {key}):
                if not self._will_release(holder, resource):
                    return self._held_message(holder, resource)
        return None

    def _is_on_lan_of(self, slices: Iterable[SliceKey], resource: str) -> bool:
        """Whether a MAC, or an address on its LAN, can be the one that these slices have."""
        if is_inner(resource):
            return False
        text, lans = address_of(resource), self.desired.lans
        if text == resource or any(each.worker not in lans for each in slices):
            return True
        return any(self.lan_groups.resource_of(each.worker, text) == resource for each in slices)

    def _held_message(self, holder: DeckyKey, resource: str) -> str:
        if holder.worker in self.unknown:
            return f"{address_of(resource)} may still be held by {holder}: {self.unknown[holder.worker]}"
        held = f"{address_of(resource)} is held by {holder}"
        return f"{held}, {_stray_advice(holder.worker)}" if holder in self.strays else held

    def _will_release(self, holder: DeckyKey, resource: str) -> bool:
        """Whether the holder releases the address in this plan before another decky claims it."""
        step = self.by_key.get(holder)
        if step is None or holder in self.skip_reasons:
            return False
        if step.phase == RELEASE:
            return self._may_leave(step)
        return releases_address(step) and resource not in self.claimed_resources.get(holder, ())

    def _may_leave(self, step: Step) -> bool:
        """A decky that moves is not removed until it can be created on its new worker."""
        if step.moves_to is None or step.bucket != "remove":
            return True
        return step.moves_to not in self.unknown and _destination(step) not in self.skip_reasons

    def outcome(self, views: Collection[DeckyView]) -> tuple[list[Step], dict[DeckyKey, Skipped]]:
        """The allowed steps, each claim with the releases that it has to wait for; and the skipped ones."""
        self._skip_blocked_moves()
        rows = {view.key: view.row for view in views if view.key in self.by_key}
        releasing = {
            key: self._releases_before(key) for key in self.claimed_resources if key not in self.skip_reasons
        }
        releases = {holder for holders in releasing.values() for holder in holders}
        split = {holder for holder in releases if self.by_key[holder].phase == CLAIM}
        allowed: list[Step] = []
        for key, step in self.by_key.items():
            if key in self.skip_reasons:
                continue
            after = set(releasing.get(key, ()))
            if key in split:
                release, step = split_release(step, rows[key])
                allowed.append(release)
                after.add(key)
            allowed.append(step._replace(after=tuple(sorted(after))) if after else step)
        skipped = {
            key: Skipped(worker=key.worker, project=key.project, decky=key.decky, reason=why)
            for key, why in self.skip_reasons.items()
        }
        return allowed, skipped

    def _skip_blocked_moves(self) -> None:
        """Skip the removal of a decky that cannot be created on its new worker yet; it stays until then."""
        for key, step in self.by_key.items():
            if step.bucket == "remove" and not self._may_leave(step):
                destination = _destination(step)
                why = self.unknown.get(destination.worker) or self.skip_reasons.get(destination)
                self.skip_reasons[key] = f"it stays until it can move to {step.moves_to}: {why}"

    def _releases_before(self, key: DeckyKey) -> set[DeckyKey]:
        """Whose release has to come before the claim. One job of a worker removes before it creates, so a
        change on the same worker needs no order of its own."""
        holders = set().union(*(self.holders[resource] for resource in self.claimed_resources[key])) - {key}
        return {each for each in holders if each.worker != key.worker or self.by_key[each].phase == RELEASE}


def _destination(step: Step) -> DeckyKey:
    """The decky elsewhere that replaces a removed one."""
    return DeckyKey(step.moves_to or "", step.project, step.decky)


def _stray_advice(worker: str) -> str:
    """What the operator can do about a stray. A compromised worker may report it forever."""
    prune, remove = f"decnet reconcile --prune --on {worker}", f"decnet worker remove {worker} --force"
    return f"according to {worker} only: {prune} removes it; if {worker} lies: {remove}"


def _texts(view: DeckyView) -> Iterator[str]:
    """The addresses and MACs of a decky whose base is the desired one, wherever they count."""
    for each in view.decky.attachments if view.decky else ():
        yield each.address
        yield each.mac
    yield view.actual[view.base].ip


def _base_resources(view: DeckyView, desired: Fleet, lan_groups: LanGroups) -> Collection[str]:
    """The addresses and MACs that a decky's base could hold; none without a base.

    The base's fingerprint tells whether they are the desired or the recorded ones; if neither, all addresses
    of this name anywhere. The fingerprint covers the LAN too: only a desired base is known to be on the
    worker's present LAN.
    """
    name = view.base
    base = view.actual.get(name)
    if base is None:
        return ()
    if view.decky and view.is_base_desired:
        resources = lan_groups.resources_of(view.worker, view.decky.attachments)
        return resources | {lan_groups.resource_of(view.worker, base.ip)} if base.ip else resources
    reported = {base.ip} if base.ip else set()
    recorded = view.row and view.row.containers.get(name) == base.fingerprint
    wanted = None if recorded else view.decky or desired.decky(view.project, view.name)
    known = known_claims(view.row, wanted)
    here = [each for one in (view.row, wanted) if one for each in one.attachments if each.network != NETWORK]
    return (
        lan_groups.on_every_lan(reported | {each.ip for each in known})
        | {each.mac for each in known}
        | lan_groups.resources_of(view.worker, here)
    )


def _in_order(resource: str) -> tuple[bool, bool, str]:
    """Addresses on the LAN come first, MACs then, inner networks last."""
    return is_inner(resource), "@" not in resource, resource
