"""Jobs that an earlier command has left running: the other workers do not wait for them, a plan does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from decnet.engine.context import Context
from decnet.engine.job import JOB_SECONDS
from decnet.engine.links import Links
from decnet.engine.progress import JobProgress
from decnet.engine.situation import Situation, look
from decnet.model.actual import Job, Seen
from decnet.model.plan import Plan
from decnet.model.record import OPEN

PAUSE_SECONDS = 0.5

FOREIGN_SECONDS = 60.0
"""How long a job is waited for of which nothing is recorded here: it may be none."""


def busy(situation: Situation) -> dict[str, Job]:
    """The workers that carry out a job now, with it."""
    found = {}
    for name, observation in situation.observed.items():
        jobs = observation.status.jobs if isinstance(observation, Seen) else ()
        running = [job for job in jobs if job.state == "running"]
        if running:
            found[name] = running[-1]
    return found


def awaited(situation: Situation, plan: Plan) -> dict[str, Job]:
    """The workers at work that the plan has to wait for: it has something for them, something of it waits
    for them, or an operation that is open here may be what they work on."""
    concerned = set(plan.slices)
    for step in plan.docker_steps:
        concerned |= {step.worker, *(each.partition("/")[0] for each in step.after)}
    return {
        name: job
        for name, job in busy(situation).items()
        if name in concerned or any(row.status in OPEN for row in situation.recorded[name].lifecycle)
    }


def without(plan: Plan, workers: Collection[str]) -> Plan:
    """The plan without what is on one of these workers, or waits for a step that is."""
    if not workers:
        return plan
    steps = tuple(
        step
        for step in plan.steps
        if step.worker not in workers and not any(each.partition("/")[0] in workers for each in step.after)
    )
    slices = {name: why for name, why in plan.slices.items() if name not in workers}
    return plan.model_copy(update={"steps": steps, "slices": slices})


async def after_jobs(ctx: Context, links: Links, situation: Situation) -> Situation:
    """The situation of the same workers, looked at again when none of them is at work any more, or when
    each that is has had its time. Who says so for ever holds nothing up for long."""
    begun = ctx.monotonic()
    patience = {name: _patience(ctx, situation, name, job) for name, job in busy(situation).items()}
    for name, job in busy(situation).items():
        ctx.note(f"waiting for a job that an earlier command has left running ({job.operation})", name)
    while running := {
        name: job
        for name, job in busy(situation).items()
        if ctx.monotonic() - begun < patience.get(name, 0.0)
    }:
        for name, job in running.items():
            ctx.emit(JobProgress(name, job.done, job.total, job.current))
        await ctx.sleep(PAUSE_SECONDS)
        again = await look(ctx, links, situation, [situation.workers[name] for name in running])
        situation = replace(again, observed={**situation.observed, **again.observed})
    return await look(ctx, links, situation, [situation.workers[name] for name in situation.observed])


def _patience(ctx: Context, situation: Situation, name: str, job: Job) -> float:
    """Seconds that the job may still take, by when its command wrote it down."""
    rows = situation.recorded[name].lifecycle
    written = [row.created for row in rows if row.request_id == job.request_id and row.status in OPEN]
    if not written:
        return FOREIGN_SECONDS
    return min(JOB_SECONDS, max(0.0, max(written) + JOB_SECONDS - ctx.now()))
