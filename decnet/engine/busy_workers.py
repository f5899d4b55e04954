"""Workers that still run the job of an earlier command: their part of a plan waits, other workers do not."""

from __future__ import annotations

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.observe import observe
from decnet.engine.progress import JobProgress
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerBusy, WorkerFailure
from decnet.model.actual import Job, Seen
from decnet.model.plan import Plan
from decnet.model.record import OPEN
from decnet.wire import longest_job

PAUSE_SECONDS = 0.5

UNRECORDED_JOB_TIMEOUT_SECONDS = 60.0
"""How long to wait for a job that is not recorded here: it may not exist."""


def running_jobs(snap: Snapshot) -> dict[str, Job]:
    """The running job of each worker that has one."""
    found = {}
    for name, observation in snap.observed.items():
        jobs = observation.status.jobs if isinstance(observation, Seen) else ()
        running = [job for job in jobs if job.state == "running"]
        if running:
            found[name] = running[-1]
    return found


def blocking_jobs(snap: Snapshot, plan: Plan) -> dict[str, Job]:
    """The running jobs that the plan has to wait for: on workers that it has steps for, that its steps depend
    on, or that have an open operation here."""
    concerned = {key.worker for key in plan.slices}
    for step in plan.docker_steps:
        concerned |= {step.worker, *(release.worker for release in step.after)}
    return {
        name: job
        for name, job in running_jobs(snap).items()
        if name in concerned or any(row.status in OPEN for row in snap.recorded[name].lifecycle)
    }


async def wait_for_jobs(ctx: Context, connections: Connections, snap: Snapshot) -> Snapshot:
    """The snapshot after the running jobs have ended or have used up their time: a worker that reports an
    endless job does not block the others for long."""
    begun = ctx.monotonic()
    patience = {name: _patience(ctx, snap, name, job) for name, job in running_jobs(snap).items()}
    for name, job in running_jobs(snap).items():
        ctx.note(f"waiting for a running job of an earlier command ({job.operation})", name)
    while running := {
        name: job
        for name, job in running_jobs(snap).items()
        if ctx.monotonic() - begun < patience.get(name, 0.0)
    }:
        for name, job in running.items():
            ctx.emit(JobProgress(name, job.done, job.total, job.current))
        await ctx.sleep(PAUSE_SECONDS)
        snap = await observe(ctx, connections, snap, [snap.workers[name] for name in running])
    return await observe(ctx, connections, snap, [snap.workers[name] for name in snap.observed])


def _patience(ctx: Context, snap: Snapshot, name: str, job: Job) -> float:
    """Seconds that the job may still take, according to when its command recorded it."""
    rows = snap.recorded[name].lifecycle
    written = [row.created for row in rows if row.request_id == job.request_id and row.status in OPEN]
    if not written:
        return UNRECORDED_JOB_TIMEOUT_SECONDS
    limit = longest_job(len(written))
    return min(limit, max(0.0, max(written) + limit - ctx.now()))


def still_busy(name: str, job: Job) -> WorkerFailure:
    """The failure of a worker whose job did not end in time."""
    return WorkerFailure(
        name,
        WorkerBusy,
        f"a job ({job.operation}) is still running there; nothing was changed",
        "decnet status shows it; run the command again when it has ended",
    )
