"""`decnet topology teardown|delete`: take a topology off its worker, and forget it."""

from __future__ import annotations

from decnet.commands.topologies.known import (
    known,
    record_of,
    recorded_deckies,
    store,
    stored_fleet,
    without_topology,
    words,
)
from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome, TextOutcome
from decnet.engine.rollout_orders import refuse_topology_while_open
from decnet.engine.run_pass import run_pass, without_observation
from decnet.engine.snapshot import Snapshot
from decnet.engine.workers import known_workers
from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.model.topology import Topology
from decnet.plan.topologies.place import without_placed
from decnet.store.topologies import TopologyTable


async def teardown(ctx: Context, name: str, options: PassOptions) -> PassOutcome:
    """Remove a topology's deckies and networks from its worker; it stays described and can be deployed
    again. Raises UsageError if it is not deployed."""

    def proposal(snap: Snapshot) -> Proposal:
        topology = known(snap.desired, name)
        placed = topology.project in snap.desired.projects
        if not placed and record_of(ctx, topology).status == "pending":
            raise UsageError(f"{name} is not deployed", hint=f"decnet topology delete {name} forgets it")
        desired = without_placed(snap.desired, [name]) if placed else snap.desired
        return Proposal(snap.with_desired(desired), requested_removals=len(deckies_of(snap, topology)))

    return await run_pass(ctx, "topology teardown", without_observation(proposal), options)


def deckies_of(snap: Snapshot, topology: Topology) -> set[str]:
    """The deckies of a topology as desired and as recorded."""
    return set(snap.desired.project(topology.project).deckies) | recorded_deckies(
        snap.recorded, topology.project
    )


def delete(ctx: Context, name: str) -> TextOutcome:
    """Forget a topology that no worker runs. Raises UsageError for one that is deployed, or of which
    something may be left."""
    with ctx.lock():
        fleet = stored_fleet(ctx)
        topology = known(fleet, name)
        _refuse_deployed(ctx, fleet, topology)
        refuse_topology_while_open(ctx, topology.project, "it cannot be deleted meanwhile")
        store(ctx, without_topology(fleet, name), f"topology {name} deleted")
        TopologyTable(ctx.home).remove(topology.id)
    return TextOutcome((f"{name} is deleted",), {"name": name})


def _refuse_deployed(ctx: Context, fleet: Fleet, topology: Topology) -> None:
    """A topology that failed, and of which no worker ever accepted anything, may be deleted as well."""
    status = record_of(ctx, topology).status
    hint = f"decnet topology teardown {topology.name}"
    records = {n: ctx.records.load(w.worker_id) for n, w in known_workers(ctx.home).items()}
    held = {n for n, each in records.items() if each.of(topology.project).plan_hash is not None}
    left = held or recorded_deckies(records, topology.project)
    if topology.project in fleet.projects and (status != "failed" or left):
        raise UsageError(f"{topology.name} is {words(status)}: tear it down first", hint=hint)
    if status == "tearing_down" or (left and status != "pending"):
        where = ", ".join(sorted(held)) or "a worker"
        raise UsageError(f"something of {topology.name} may be left on {where}", hint=hint)
