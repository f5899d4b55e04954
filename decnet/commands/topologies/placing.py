"""Where a topology runs: the worker, and the addresses of its DMZ on the worker's LAN."""

from __future__ import annotations

from random import Random

from decnet.commands.allocation import allocate_unclaimed
from decnet.commands.receivers import no_worker, open_workers
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.errors import SpecError, UsageError
from decnet.model.actual import NotSeen, Seen
from decnet.model.counted import counted
from decnet.model.fleet import Fleet, Network
from decnet.model.spec import NetworkSpec
from decnet.model.suggest import suggest
from decnet.model.topology import Topology
from decnet.model.worker import Facts
from decnet.plan.lans import decide_lan
from decnet.plan.topologies.place import dmz_drafts, dmz_of, placed, with_placed
from decnet.wire import clean


def chosen_worker(snap: Snapshot, topology: Topology, on: str | None) -> str:
    """The worker that runs the topology: the named one, the present one, or the emptiest that may receive
    deckies and has room for all of it. Raises the error of a worker that was not seen."""
    if on is not None:
        return _named(snap, topology, on)
    if topology.worker in snap.workers:
        return str(topology.worker)
    open_ones = [name for name in open_workers(snap, None) if isinstance(snap.observed.get(name), Seen)]
    if not open_ones:
        raise no_worker(snap)
    roomy = [name for name in open_ones if has_room(snap, topology, name)] or open_ones
    return min(roomy, key=lambda name: (_load(snap, name), name))


def _named(snap: Snapshot, topology: Topology, on: str) -> str:
    if on not in snap.workers:
        near = suggest(on, snap.workers)
        hint = f"did you mean {near!r}?" if near else "decnet worker list lists them"
        raise UsageError(f"no worker is named {clean(on, 60)!r}", hint=hint)
    if snap.workers[on].drained and topology.worker != on:
        raise UsageError(
            f"{on} is drained and receives no deckies",
            hint=f"choose another worker; or decnet worker undrain {on}",
        )
    return on


async def place(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    topology: Topology,
    worker: str,
    rng: Random,
    *,
    network: NetworkSpec | None = None,
    ip_start: str | None = None,
) -> tuple[Snapshot, Fleet]:
    """The fleet in which the topology runs on this worker, each new address of the DMZ probed on its LAN; and
    the snapshot after that. What is deployed already keeps its addresses and MACs."""
    _check_room(snap, topology, worker)
    lan = _lan(snap, worker, network or NetworkSpec(driver=None), ip_start)
    desired = snap.desired.model_copy(
        update={"lans": dict(sorted({**snap.desired.lans, worker: lan}.items()))}
    )
    present = desired.projects.get(topology.project)
    drafts = dmz_drafts(topology, worker, present, ctx.catalog)
    snap, allocated = await allocate_unclaimed(
        ctx, connections, snap, desired, drafts, {worker: lan}, rng, project=topology.project
    )
    project = placed(topology, worker, dmz_of(allocated), now=ctx.now(), present=present)
    return snap, with_placed(desired, topology.model_copy(update={"worker": worker}), project)


def facts_of(snap: Snapshot) -> dict[str, Facts]:
    """What the workers reported of themselves, or the last time that they did."""
    found = {name: records.facts for name, records in snap.recorded.items() if records.facts}
    return found | {name: o.facts for name, o in snap.observed.items() if isinstance(o, Seen) and o.facts}


def check_seen(snap: Snapshot, worker: str) -> None:
    """Raises the error of a worker that was not observed."""
    observation = snap.observed.get(worker)
    if isinstance(observation, NotSeen):
        raise observation.failure.error


def has_room(snap: Snapshot, topology: Topology, worker: str) -> bool:
    """Whether the worker may have so many deckies more."""
    most = snap.workers[worker].max_deckies
    return most is None or _load(snap, worker, topology.project) + len(topology.design.deckies) <= most


def _check_room(snap: Snapshot, topology: Topology, worker: str) -> None:
    if not has_room(snap, topology, worker):
        most, load = snap.workers[worker].max_deckies, _load(snap, worker, topology.project)
        raise SpecError(
            f"{topology.name}: {worker} has no room for {counted(len(topology.design.deckies), 'decky')}, "
            f"{load} of {most} are taken",
            hint="choose another worker (--on)",
        )


def _load(snap: Snapshot, worker: str, without: str = "") -> int:
    every = snap.desired.every_decky()
    return sum(1 for project, _, decky in every if decky.worker == worker and project != without)


def _lan(snap: Snapshot, worker: str, network: NetworkSpec, ip_start: str | None) -> Network:
    """The worker's LAN. Raises SpecError if other values are given than its deckies have."""
    known, seen = snap.desired.lans.get(worker), snap.observed.get(worker)
    facts = seen.facts if isinstance(seen, Seen) else None
    lan = decide_lan(worker, network, facts, known, ip_start=ip_start)
    for key in ("interface", "subnet", "gateway", "driver"):
        if known and getattr(lan, key) != getattr(known, key) and worker in snap.desired.placed:
            raise SpecError(
                f"{worker}: the {key} of its deckies is {getattr(known, key)}, not {getattr(lan, key)}: this "
                "would change all of them",
                hint=f"omit --{key}, or choose another worker (--on)",
            )
    return lan
