"""A dry run's second opinion: each worker checks what it would be sent, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet.engine.apply import ApplyResult, split_jobs
from decnet.engine.bundle import make_bundle
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerFailure
from decnet.model.actual import Seen
from decnet.model.plan import Bundle, Plan

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient


async def check_on_workers(
    ctx: Context, connections: Connections, snap: Snapshot, plan: Plan, options: PassOptions
) -> ApplyResult:
    """In a dry run, the failures of the workers that would refuse a job of the plan; otherwise none.

    Not checked are workers whose agent is not enrolled yet or would be replaced first, and steps that wait
    for another step to release an address: until then its present holder answers for it.
    """
    if not options.dry_run:
        return ApplyResult()
    bundles: dict[str, list[Bundle]] = {}
    first, _ = split_jobs(step for step in plan.docker_steps if not step.after)
    for key, steps in first.items():
        if _has_our_agent(snap, key.worker):
            generation = snap.recorded[key.worker].of(key.project).generation + 1
            made = make_bundle(snap, key, steps, request_id=ctx.identifier(), generation=generation)
            bundles.setdefault(key.worker, []).append(made)

    async def check(client: AgentClient) -> None:
        for bundle in bundles[client.worker]:
            await client.apply(bundle, dry_run=True)

    answers = await connections.call_all((snap.workers[name] for name in bundles), check)
    failures = {name: each for name, each in answers.items() if isinstance(each, WorkerFailure)}
    for failure in failures.values():
        ctx.emit(failure)
    return ApplyResult(failures=failures)


def _has_our_agent(snap: Snapshot, worker: str) -> bool:
    seen = snap.observed.get(worker)
    return (
        isinstance(seen, Seen)
        and seen.agent_compatibility == "current"
        and bool(snap.workers[worker].worker_id)
    )
