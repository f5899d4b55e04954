"""Workers that still carry out an earlier command's job: a plan for them waits, the other workers do not."""

from __future__ import annotations

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.job import JOB_SECONDS
from decnet.engine.observe import observe
from decnet.engine.progress import JobProgress
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerBusy, WorkerFailure
from decnet.model.actual import Job, Seen
from decnet.model.plan import Plan
from decnet.model.record import OPEN

PAUSE_SECONDS = 0.5

FOREIGN_SECONDS = 60.0
"""How long a job is waited for of which nothing is recorded here: it may be none."""


def busy(snap: Snapshot) -> dict[str, Job]:
    """The workers that carry out a job now, with it."""
    found = {}
    for name, observation in snap.observed.items():
        jobs = observation.status.jobs if isinstance(observation, Seen) else ()
        running = [job for job in jobs if job.state == "running"]
        if running:
            found[name] = running[-1]
    return found


def awaited(snap: Snapshot, plan: Plan) -> dict[str, Job]:
    """The workers at work that the plan has to wait for: it has something for them, something of it waits
    for them, or an operation that is open here may be what they work on."""
    concerned = {key.worker for key in plan.slices}
    for step in plan.docker_steps:
        concerned |= {step.worker, *(release.worker for release in step.after)}
    return {
        name: job
        for name, job in busy(snap).items()
        if name in concerned or any(row.status in OPEN for row in snap.recorded[name].lifecycle)
    }


async def after_jobs(ctx: Context, connections: Connections, snap: Snapshot) -> Snapshot:
    """The snapshot of the same workers, observed again when none of them is at work any more, or when each
    that is has had its time: one that claims an endless job holds nothing up for long."""
    begun = ctx.monotonic()
    patience = {name: _patience(ctx, snap, name, job) for name, job in busy(snap).items()}
    for name, job in busy(snap).items():
        ctx.note(f"waiting for a running job of an earlier command ({job.operation})", name)
    while running := {
        name: job for name, job in busy(snap).items() if ctx.monotonic() - begun < patience.get(name, 0.0)
    }:
        for name, job in running.items():
            ctx.emit(JobProgress(name, job.done, job.total, job.current))
        await ctx.sleep(PAUSE_SECONDS)
        snap = await observe(ctx, connections, snap, [snap.workers[name] for name in running])
    return await observe(ctx, connections, snap, [snap.workers[name] for name in snap.observed])


def _patience(ctx: Context, snap: Snapshot, name: str, job: Job) -> float:
    """Seconds that the job may still take, by when its command wrote it down."""
    rows = snap.recorded[name].lifecycle
    written = [row.created for row in rows if row.request_id == job.request_id and row.status in OPEN]
    if not written:
        return FOREIGN_SECONDS
    return min(JOB_SECONDS, max(0.0, max(written) + JOB_SECONDS - ctx.now()))


def endless(name: str, job: Job) -> WorkerFailure:
    """The failure of a worker whose job did not end within its time."""
    return WorkerFailure(
        name,
        WorkerBusy,
        f"the job that runs there ({job.operation}) does not end; nothing was done there",
        "decnet status shows it; run the command again when it has ended",
    )
