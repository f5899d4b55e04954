"""Removes the workers' networks and slices after their last decky."""

from __future__ import annotations

from decnet.engine.apply import ApplyResult, commit
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.observe import observe
from decnet.engine.options import PassOptions
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerFailure
from decnet.model.actual import Seen
from decnet.model.worker import Worker
from decnet.store.desired import save_fleet
from decnet.wire import PROJECT

REMOVAL_SECONDS = 10.0
"""How long the removal of a network may take; the next `teardown --all` removes the rest."""


async def remove_networks(
    ctx: Context, connections: Connections, snap: Snapshot, applied: ApplyResult, options: PassOptions
) -> tuple[Snapshot, ApplyResult]:
    """With `options.remove_networks`, let every worker that carried out its part remove our network and its
    slice. Then delete the worker's LAN from desired. An entry there means that the network may still exist
    on the worker. Nothing is removed while the operator has not confirmed the rest of the plan."""
    if not will_remove_networks(snap, options) or applied.needs_reconfirmation:
        return snap, applied
    failed = {*applied.failures, *(end.worker for end in applied.outcomes if end.status != "succeeded")}
    needing = [worker for worker in _with_lan(snap) if worker.name not in failed]
    known = {worker.name: snap.recorded[worker.name] for worker in needing}
    raised = {n: r.with_project(PROJECT, generation=r.of().generation + 1) for n, r in known.items()}
    snap = commit(ctx, snap.with_records(raised))
    answers = await connections.call_all(
        needing,
        lambda client: client.teardown(
            ctx.identifier(), raised[client.worker].of().generation, wait=REMOVAL_SECONDS
        ),
    )
    cleaned = {
        n for n, each in answers.items() if not isinstance(each, WorkerFailure) and each.state == "done"
    }
    snap = _without_lans(ctx, snap, cleaned)
    failures = {name: each for name, each in answers.items() if isinstance(each, WorkerFailure)}
    result = applied.joined(ApplyResult(failures=failures, networks_removed=len(cleaned)))
    # Record what the workers hold now: the same command then has nothing to do.
    return await observe(ctx, connections, snap, needing), result


def will_remove_networks(snap: Snapshot, options: PassOptions) -> bool:
    """Whether the pass removes networks, even if its plan is empty."""
    return options.remove_networks and not options.detach and bool(_with_lan(snap))


def _with_lan(snap: Snapshot) -> list[Worker]:
    """The workers with a LAN that were observed."""
    workers = snap.workers.items()
    return [
        each
        for name, each in workers
        if name in snap.desired.lans and isinstance(snap.observed.get(name), Seen)
    ]


def _without_lans(ctx: Context, snap: Snapshot, cleaned: set[str]) -> Snapshot:
    fleet = snap.desired
    in_use = fleet.placed
    left = {name: lan for name, lan in fleet.lans.items() if name not in cleaned or name in in_use}
    if len(left) == len(fleet.lans):
        return snap
    snap = snap.with_desired(fleet.model_copy(update={"lans": left})).with_stored()
    save_fleet(ctx.home, snap.desired)
    return snap
