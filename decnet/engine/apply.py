"""Carries out a plan: workers concurrently, releases before claims, a record after every step."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.images import provide_images
from decnet.engine.job import JobEnd, run_job
from decnet.engine.options import PassOptions
from decnet.engine.progress import Finished, StepDone
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerFailure
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import CLAIM, Plan, Step
from decnet.model.record import WorkerRecords

RunJob = Callable[[SliceKey, list[Step], bool], Awaitable[JobEnd]]
"""Carries out these steps of one slice; detached: they are not followed to their end."""


@dataclass
class ApplyResult:
    """How a plan ended: one outcome per decky that was worked on, one failure per worker that failed.
    `needs_reconfirmation`: there is more to do that the operator has not seen yet.
    `networks_removed`: from how many workers the fleet's network was removed."""

    outcomes: list[StepDone] = field(default_factory=list)
    failures: dict[str, WorkerFailure] = field(default_factory=dict)
    detached: list[str] = field(default_factory=list)
    needs_reconfirmation: bool = False
    networks_removed: int = 0

    def joined(self, later: ApplyResult) -> ApplyResult:
        """Both as one: what was done first, and what was done later."""
        return ApplyResult(
            self.outcomes + later.outcomes,
            {**self.failures, **later.failures},
            self.detached + later.detached,
            self.needs_reconfirmation or later.needs_reconfirmation,
            self.networks_removed + later.networks_removed,
        )

    @property
    def exit_codes(self) -> list[int]:
        codes = [failure.exit_code for failure in self.failures.values()]
        return codes + [4 for outcome in self.outcomes if outcome.status != "succeeded"]


async def apply(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    plan: Plan,
    options: PassOptions,
) -> tuple[Snapshot, ApplyResult]:
    """Carry out every step of the plan; failures are recorded, the rest continues.

    Returns the snapshot with the new records: each was committed as soon as it was known.
    """
    snap = commit(ctx, apply_record_steps(snap, plan))
    applied = ApplyResult()
    learned: dict[str, WorkerRecords] = {}
    transfers = await provide_images(
        ctx, connections, snap, plan, applied.failures, no_cache=options.no_cache
    )

    locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def job(key: SliceKey, steps: list[Step], detach: bool) -> JobEnd:
        transfer = transfers.get(key.worker)
        # No other worker waits for a slow transfer of images.
        failure = await transfer if transfer is not None else None
        if failure is not None:
            return JobEnd(failure=failure)
        # A worker has one job at a time, and each begins with the records that the one before has left.
        async with locks[key.worker]:
            end = await run_job(ctx, connections, snap.with_records(learned), key, steps, detach=detach)
            if end.records is not None:
                learned[key.worker] = end.records
        return end

    try:
        steps = [step for step in plan.docker_steps if step.worker in transfers]
        await _all_ended(
            carry_out(steps, job, applied, detach=options.detach),
            _push_slices(plan, job, applied, detach=options.detach),
        )
    finally:
        for transfer in transfers.values():
            if transfer is not None:
                transfer.cancel()
        ctx.emit(Finished())
    return snap.with_records(learned), applied


def commit(ctx: Context, snap: Snapshot) -> Snapshot:
    """Save all records that are not saved yet; returns the snapshot."""
    for records in snap.recorded.values():
        ctx.records.save(records)
    return snap


def apply_record_steps(snap: Snapshot, plan: Plan) -> Snapshot:
    """The snapshot after the steps that only change the record."""
    learned = dict(snap.recorded)
    for step in plan.steps:
        if not step.touches_docker and step.worker in learned:
            learned[step.worker] = _recorded(learned[step.worker], step)
    return snap.with_records(learned)


def _recorded(records: WorkerRecords, step: Step) -> WorkerRecords:
    """The records after a step: with its row, or without one if the step has none. A decky without a row is
    gone; one that gets its name later has not been healed yet."""
    known = records.of(step.project)
    rows, heals = dict(known.deckies), dict(known.heals)
    if step.row is not None and step.record != "delete":
        rows[step.decky] = step.row
    else:
        rows.pop(step.decky, None)
        heals.pop(step.decky, None)
    return records.with_project(step.project, deckies=dict(sorted(rows.items())), heals=heals)


def split_jobs(steps: Iterable[Step]) -> tuple[dict[SliceKey, list[Step]], dict[SliceKey, list[Step]]]:
    """The first job of each slice, and the second job of those that need one.

    A job removes before it creates, so one is enough; but if a claim of a slice waits for a release in
    another slice, or of its own decky, the slice claims in a second job.
    """
    steps = list(steps)
    waiting = {
        step.key.slice for step in steps if any(_needs_second_job(step, release) for release in step.after)
    }
    first: dict[SliceKey, list[Step]] = {}
    second: dict[SliceKey, list[Step]] = {}
    for step in steps:
        batch = second if step.phase == CLAIM and step.key.slice in waiting else first
        batch.setdefault(step.key.slice, []).append(step)
    return first, second


def _needs_second_job(step: Step, release: DeckyKey) -> bool:
    """Whether the release cannot be in one job with the step; a job knows each decky once."""
    return release.slice != step.key.slice or release == step.key


async def carry_out(
    steps: Sequence[Step], job: RunJob, applied: ApplyResult, *, detach: bool = False
) -> None:
    """One job per slice, workers side by side; a second one waits for the first ones that it names. Where a
    release fails, what waits for it is not claimed. A worker carries out one job at a time."""
    first, second = split_jobs(steps)
    awaited = {key: {key, *_releasing(job_steps)} & set(first) for key, job_steps in second.items()}
    # A job that another one waits for is followed to its end, even with --detach: also the jobs of a worker
    # but for its last one.
    followed = set().union(*awaited.values())
    worker_locks = {key.worker: asyncio.Lock() for key in (*first, *second)}
    left_to_run = Counter(key.worker for key in (*first, *second))

    async def run(key: SliceKey, job_steps: list[Step], detach: bool) -> None:
        async with worker_locks[key.worker]:
            left_to_run[key.worker] -= 1
            end = await job(key, job_steps, detach and not left_to_run[key.worker])
        applied.outcomes.extend(end.outcomes)
        if end.failure is not None:
            applied.failures[key.worker] = end.failure
        if end.detached:
            applied.detached.append(key.worker)

    async def run_second(key: SliceKey, job_steps: list[Step]) -> None:
        await asyncio.gather(*(first_tasks[other] for other in awaited[key]))
        left = [
            step for step in job_steps if key.worker not in applied.failures and not _blocked(step, applied)
        ]
        if left:
            await run(key, left, detach)

    first_tasks = {
        key: asyncio.create_task(run(key, job_steps, detach and key not in followed))
        for key, job_steps in first.items()
    }
    await _all_ended(
        *first_tasks.values(), *(run_second(key, job_steps) for key, job_steps in second.items())
    )
    applied.outcomes.sort(key=lambda outcome: outcome.worker)
    applied.detached.sort()


def _releasing(steps: Iterable[Step]) -> set[SliceKey]:
    return {release.slice for step in steps for release in step.after}


def _blocked(step: Step, applied: ApplyResult) -> bool:
    """Whether the step waits for a release that did not succeed."""
    unreleased = {each.key for each in applied.outcomes if each.status != "succeeded"}
    return any(release in unreleased or release.worker in applied.failures for release in step.after)


async def _push_slices(plan: Plan, job: RunJob, applied: ApplyResult, *, detach: bool) -> None:
    """Update each slice of a seen worker that had no steps. With `detach`, a worker with steps is still busy
    with them."""
    given = {step.key.slice for step in plan.docker_steps}
    busy = {key.worker for key in given} if detach else set()
    chosen = [
        key
        for key in plan.slices
        if key not in given and key.worker not in busy and key.worker not in applied.failures
    ]

    async def push(key: SliceKey) -> None:
        end = await job(key, [], False)
        if end.failure is not None:
            applied.failures[key.worker] = end.failure

    await _all_ended(*(push(key) for key in chosen))


async def _all_ended(*work: Awaitable[None]) -> None:
    """Wait for all of it, then raise the first error: a failure of this machine, which ends the command after
    every worker's job has ended as far as it can."""
    for end in await asyncio.gather(*work, return_exceptions=True):
        if end is not None:
            raise end
