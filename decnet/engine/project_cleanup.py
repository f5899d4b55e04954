"""Removes what workers still hold of a topology that they no longer run: its slice and its inner networks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from decnet.engine.apply import ApplyResult, commit
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.network_cleanup import REMOVAL_SECONDS
from decnet.engine.observe import observe
from decnet.engine.options import PassOptions
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerError, WorkerFailure
from decnet.model.actual import Seen
from decnet.model.counted import counted
from decnet.model.keys import SliceKey
from decnet.model.record import Applied
from decnet.wire import PROJECT, is_project

MOST = 64
WORKER_SECONDS = 60.0
"""How many projects one worker is let remove in a pass, and after how long no other one is begun: its report
alone says how many it holds."""
REST = "decnet reconcile removes the rest"


async def remove_projects(
    ctx: Context, connections: Connections, snap: Snapshot, applied: ApplyResult, options: PassOptions
) -> tuple[Snapshot, ApplyResult]:
    """Let every worker that has carried out its part remove the rest of the projects that it no longer runs.
    What it still holds is read from its own report, so that a killed command's rest is removed, too."""
    if options.detach or options.record_only or applied.needs_reconfirmation:
        return snap, applied
    left = [key for key in _left(snap, applied) if key.worker not in applied.failures]
    if not left:
        return snap, applied
    by_worker: dict[str, list[SliceKey]] = {}
    for key in left:
        by_worker.setdefault(key.worker, []).append(key)
    for key in (each for keys in by_worker.values() for each in keys[:MOST]):
        records = snap.recorded[key.worker]
        raised = records.with_project(key.project, generation=records.of(key.project).generation + 1)
        snap = snap.with_records({key.worker: raised})
    snap = commit(ctx, snap)
    ends = await asyncio.gather(*(_remove_some(ctx, connections, snap, keys) for keys in by_worker.values()))
    failures = {end.worker: end for end in ends if end is not None}
    workers = [snap.workers[name] for name in sorted(by_worker)]
    snap = await observe(ctx, connections, snap, workers)
    return _without_former(snap, left), applied.joined(ApplyResult(failures=failures))


def _without_former(snap: Snapshot, left: list[SliceKey]) -> Snapshot:
    """What a worker does not hold any more was removed there, and not lost. Of a project of no topology that
    is known here nothing is kept: none will be sent again."""
    known = {each.project for each in snap.desired.topologies.values()}
    for key in left:
        records, seen = snap.recorded[key.worker], snap.observed.get(key.worker)
        if isinstance(seen, Seen) and seen.status.held(key.project).plan_hash is None:
            former = Applied(generation=0, plan_hash=None)
            if key.project not in known:
                snap = snap.with_records({key.worker: records.without_project(key.project)})
                continue
            snap = snap.with_records({key.worker: records.with_project(key.project, applied=former)})
    return snap


def will_remove_projects(snap: Snapshot, options: PassOptions) -> bool:
    """Whether the pass removes the rest of a project, even if its plan is empty."""
    return not options.detach and not options.record_only and bool(_left(snap, ApplyResult()))


def _left(snap: Snapshot, applied: ApplyResult) -> list[SliceKey]:
    """The projects that observed workers hold and should not, and that have no container any more. One with
    containers that are not recorded is not touched: they are strays."""
    removed = {end.key for end in applied.outcomes if end.status == "succeeded"}
    found = []
    for worker, seen in sorted(snap.observed.items()):
        if not isinstance(seen, Seen) or worker not in snap.recorded:
            continue
        present = {(each.project, each.decky) for each in seen.status.containers}
        for project, held in sorted(seen.status.projects.items()):
            if project == PROJECT or held.plan_hash is None or snap.desired.on(worker, project):
                continue
            if not is_project(project):
                # Its agent would refuse the name.
                continue
            left = {decky for name, decky in present if name == project}
            if not left - {key.decky for key in removed if (key.worker, key.project) == (worker, project)}:
                found.append(SliceKey(worker, project))
    return [key for key in found if not snap.recorded[key.worker].of(key.project).deckies]


async def _remove_some(
    ctx: Context, connections: Connections, snap: Snapshot, keys: Sequence[SliceKey]
) -> WorkerFailure | None:
    """Let one worker remove these projects, one after the other; the first failure ends that."""
    clock = asyncio.get_running_loop().time
    until = clock() + WORKER_SECONDS
    for number, key in enumerate(keys):
        if number == MOST or clock() >= until:
            why = f"{counted(len(keys) - number, 'project')} of topologies not removed yet"
            return WorkerFailure(key.worker, WorkerError, why, REST)
        failure = await _remove(ctx, connections, snap, key)
        if failure is not None:
            return failure
    return None


async def _remove(
    ctx: Context, connections: Connections, snap: Snapshot, key: SliceKey
) -> WorkerFailure | None:
    generation = snap.recorded[key.worker].of(key.project).generation
    answers = await connections.call_all(
        [snap.workers[key.worker]],
        lambda client: client.teardown(
            ctx.identifier(), generation, project=key.project, wait=REMOVAL_SECONDS
        ),
    )
    answer = answers[key.worker]
    if isinstance(answer, WorkerFailure):
        return answer
    if answer.state == "done":
        return None
    why = f"the networks of {key.project} are not removed yet (its job is {answer.state})"
    return WorkerFailure(key.worker, WorkerError, why, REST)
