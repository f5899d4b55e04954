"""`decnet worker drain|undrain`: moves the deckies of a worker to the others, or removes them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from decnet.commands.allocation import allocate_unclaimed
from decnet.commands.deploy import with_ranges
from decnet.commands.enrolment import known_worker, one_worker
from decnet.commands.receivers import no_worker, open_workers
from decnet.commands.topologies.placing import chosen_worker, place
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome, TextOutcome
from decnet.engine.run_pass import Propose, run_pass
from decnet.engine.snapshot import Snapshot
from decnet.errors import SpecError
from decnet.model.actual import NotSeen, Seen
from decnet.model.fleet import Decky, Fleet, Network
from decnet.model.spec import AddressesSpec, NetworkSpec
from decnet.model.worker import Facts
from decnet.plan.additions import unchanged
from decnet.plan.draft import Draft
from decnet.plan.lans import LanGroups, NoLan, decide_lan
from decnet.plan.topologies.place import without_placed
from decnet.store.audit import append
from decnet.store.fleet_table import FleetTable


async def drain(ctx: Context, name: str, options: PassOptions, *, remove: bool = False) -> PassOutcome:
    """Move every decky of a worker to the other workers, or `remove` them, also from desired. Afterwards the
    worker receives no new deckies.

    Raises SpecError (exit 2) if the others have no room for all of them, and the worker's own error if it
    cannot release them: then nothing is moved.
    """
    name = one_worker(ctx, name).name
    seed = ctx.rng.getrandbits(64)
    notes: set[str] = set()

    def change(stored: Snapshot) -> Propose:
        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            snap = _closed(snap, name)
            if remove:
                return _removal(snap, name)
            if not snap.desired.count_on(name):
                return Proposal(snap)
            _check_can_release(snap, name)
            lans = _lans(snap, name)
            before = snap.desired
            desired = before.model_copy(update={"lans": lans})
            if before.on(name):
                snap, moved = await _moved(ctx, connections, snap, desired, name, Random(seed))
                desired = desired.with_deckies(moved)
            snap, desired = await _topologies_moved(ctx, connections, snap, desired, name, Random(seed))
            for note in _new_addresses(before, desired):
                if note not in notes:
                    ctx.note(note)
                notes.add(note)
            left = {w: lan for w, lan in lans.items() if w in desired.placed or w in before.lans}
            desired = desired.model_copy(update={"lans": left})
            return with_ranges(snap, desired, dry_run=options.dry_run)

        return propose

    return await run_pass(ctx, "drain", change, replace(options, facts=not remove))


def undrain(ctx: Context, name: str) -> TextOutcome:
    """Let a drained worker receive new deckies again. Deckies that it had stay where they are."""
    with ctx.lock():
        worker = known_worker(ctx, name)
        text = f"{name} receives new deckies again" if worker.drained else f"{name} is not drained"
        if worker.drained:
            FleetTable(ctx.home).put_worker(worker.model_copy(update={"drained": False}))
            append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=text)
    return TextOutcome((text,), {"name": name, "drained": False})


def _closed(snap: Snapshot, name: str) -> Snapshot:
    """The snapshot in which that worker is drained; the pass stores it with desired."""
    drained = snap.workers[name].model_copy(update={"drained": True})
    return replace(snap, workers={**snap.workers, name: drained})


def _removal(snap: Snapshot, name: str) -> Proposal:
    fleet = snap.desired
    left = {n: decky for n, decky in fleet.deckies.items() if decky.worker != name}
    desired = without_placed(fleet.with_deckies(left), _topologies_on(fleet, name))
    return Proposal(snap.with_desired(desired), requested_removals=fleet.count_on(name))


def _topologies_on(fleet: Fleet, name: str) -> list[str]:
    return [each.name for each in fleet.topologies.values() if each.worker == name]


async def _topologies_moved(
    ctx: Context, connections: Connections, snap: Snapshot, desired: Fleet, name: str, rng: Random
) -> tuple[Snapshot, Fleet]:
    """The fleet in which each topology of the worker runs, as a whole, on another one that has room. Raises
    SpecError if there is none."""
    for topology_name in _topologies_on(desired, name):
        snap = snap.with_desired(desired)
        topology = desired.topologies[topology_name].model_copy(update={"worker": None})
        try:
            worker = chosen_worker(snap, topology, None)
            snap, desired = await place(ctx, connections, snap, topology, worker, rng)
        except SpecError as error:
            raise _no_room(name, error.message) from error
    return snap, desired


def _check_can_release(snap: Snapshot, name: str) -> None:
    """Raises the error of a worker that was not seen: its deckies would keep their addresses."""
    observation = snap.observed.get(name)
    if isinstance(observation, NotSeen):
        error = observation.failure.error
        dead = f"if it is dead: decnet worker remove --force {name}, then decnet deploy"
        error.hint = f"{error.hint}; {dead}" if error.hint else dead
        raise error


def _lans(snap: Snapshot, name: str) -> dict[str, Network]:
    """The LANs of the fleet, and of the workers that have none yet and may receive deckies."""
    lans = dict(snap.desired.lans)
    for other in open_workers(snap, None):
        seen = snap.observed.get(other)
        if other in lans or not isinstance(seen, Seen):
            continue
        try:
            lans[other] = decide_lan(other, _network_like(lans.get(name), seen.facts), seen.facts, None)
        except NoLan:
            continue
    return lans


def _network_like(lan: Network | None, facts: Facts | None) -> NetworkSpec:
    """The addresses to use on a worker that has no deckies yet: on the same subnet, those of `lan`."""
    if lan is None or facts is None or facts.subnet != lan.subnet:
        return NetworkSpec()
    return NetworkSpec(driver=lan.driver, addresses=AddressesSpec(use=lan.use, exclude=lan.exclude))


async def _moved(
    ctx: Context, connections: Connections, snap: Snapshot, desired: Fleet, name: str, rng: Random
) -> tuple[Snapshot, dict[str, Decky]]:
    """The deckies after the move, each new address probed. Raises SpecError if there is no room."""
    receivers = {
        worker: desired.lans[worker]
        for worker in open_workers(snap, None)
        if worker in desired.lans and isinstance(snap.observed.get(worker), Seen)
    }
    if not receivers:
        others = {other: worker for other, worker in snap.workers.items() if other != name}
        why = str(no_worker(replace(snap, workers=others))) if others else "there is no other worker"
        raise _no_room(name, why)
    drafts = tuple(_draft(decky, name) for decky in snap.desired.deckies.values())
    try:
        return await allocate_unclaimed(ctx, connections, snap, desired, drafts, receivers, rng)
    except SpecError as error:
        raise _no_room(name, error.message) from error


def _draft(decky: Decky, name: str) -> Draft:
    draft = unchanged(decky)
    return replace(draft, moves=True) if decky.worker == name else draft


def _no_room(name: str, why: str) -> SpecError:
    return SpecError(
        f"the deckies of {name} cannot move to other workers: {why}",
        hint=f"add a worker or addresses; or decnet worker drain {name} --remove removes the deckies",
    )


def _new_addresses(former: Fleet, desired: Fleet) -> list[str]:
    """Each decky whose address changes, with the reason."""
    groups = LanGroups(desired.lans)
    found, known = [], dict(former.labelled_deckies())
    for name, decky in desired.labelled_deckies():
        before = known[name]
        if before.ip == decky.ip:
            continue
        same_lan = groups.group_of(before.worker) == groups.group_of(decky.worker)
        why = f"{before.ip} is in use" if same_lan else f"{decky.worker} is not on the LAN of {before.worker}"
        found.append(f"{name} gets {decky.ip} instead of {before.ip}: {why}")
    return found
