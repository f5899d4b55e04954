"""Jobs that an earlier command has left running: the other workers do not wait for them, a plan does."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from decnet.engine.context import Context
from decnet.engine.job import JOB_SECONDS
from decnet.engine.links import Links
from decnet.engine.progress import JobProgress
from decnet.engine.situation import Situation, look
from decnet.model.actual import Job, Seen
from decnet.model.plan import Plan

PAUSE_SECONDS = 0.5


def busy(situation: Situation) -> dict[str, Job]:
    """The workers that carry out a job now, with it."""
    found = {}
    for name, observation in situation.observed.items():
        jobs = observation.status.jobs if isinstance(observation, Seen) else ()
        running = [job for job in jobs if job.state == "running"]
        if running:
            found[name] = running[-1]
    return found


def without(plan: Plan, workers: Collection[str]) -> Plan:
    """The plan's steps that neither are on one of these workers nor wait for one that is."""
    if not workers:
        return plan
    steps = tuple(
        step
        for step in plan.steps
        if step.worker not in workers and not any(each.partition("/")[0] in workers for each in step.after)
    )
    return plan.model_copy(update={"steps": steps})


async def after_jobs(ctx: Context, links: Links, situation: Situation) -> Situation:
    """The situation of the same workers, looked at again when none of them is at work any more, or when
    the longest time that a job may take is over."""
    deadline = ctx.now() + JOB_SECONDS
    for name, job in busy(situation).items():
        ctx.note(f"waiting for a job that an earlier command has left running ({job.operation})", name)
    while (running := busy(situation)) and ctx.now() < deadline:
        for name, job in running.items():
            ctx.emit(JobProgress(name, job.done, job.total, job.current))
        await asyncio.sleep(PAUSE_SECONDS)
        again = await look(ctx, links, situation, [situation.workers[name] for name in running])
        situation = replace(again, observed={**situation.observed, **again.observed})
    return await look(ctx, links, situation, [situation.workers[name] for name in situation.observed])
