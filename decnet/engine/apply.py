"""Carry out a plan: workers side by side, releases before claims, a record after every step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from decnet.engine.context import Context
from decnet.engine.images import provide_images
from decnet.engine.job import JobEnd, run_job
from decnet.engine.links import Links
from decnet.engine.progress import Finished, StepDone, WorkerLost
from decnet.engine.situation import Situation
from decnet.errors import DecnetError
from decnet.model.plan import Plan, Step
from decnet.model.record import WorkerRecords
from decnet.store.records import Records


@dataclass
class Applied:
    """How a plan ended: one outcome per decky that was worked on, one error per worker that failed."""

    outcomes: list[StepDone] = field(default_factory=list)
    errors: dict[str, DecnetError] = field(default_factory=dict)
    detached: list[str] = field(default_factory=list)

    def joined(self, later: Applied) -> Applied:
        """Both as one: what was done, and then done later."""
        return Applied(
            self.outcomes + later.outcomes,
            {**self.errors, **later.errors},
            self.detached + later.detached,
        )

    @property
    def exit_codes(self) -> list[int]:
        codes = [error.exit_code for error in self.errors.values()]
        return codes + [4 for outcome in self.outcomes if outcome.status != "succeeded"]


async def apply(
    ctx: Context,
    links: Links,
    situation: Situation,
    plan: Plan,
    *,
    detach: bool = False,
    no_cache: bool = False,
) -> Applied:
    """Carry out every step of the plan; what fails stays failed and is recorded, the rest goes on."""
    record_only(ctx, situation, plan)
    applied = Applied()
    ready = await provide_images(ctx, links, situation, plan, applied.errors, no_cache=no_cache)
    try:
        ordered = waves(plan)
        for wave in ordered:
            # A wave that another one waits for is followed to its end, whatever was said of detaching.
            last = detach and wave is ordered[-1]
            await _run_wave(ctx, links, situation, [s for s in wave if s.worker in ready], applied, last)
        await _push_slices(ctx, links, situation, plan, applied)
    finally:
        ctx.emit(Finished())
    return applied


def record_only(ctx: Context, situation: Situation, plan: Plan) -> None:
    """Commit what was learned, and the steps that change nothing but the record."""
    for name, records in situation.recorded.items():
        for step in plan.steps:
            if step.worker == name and not step.touches_docker:
                records = recorded(records, step)
        situation.recorded[name] = records
        Records(ctx.home).save(records)


def recorded(records: WorkerRecords, step: Step) -> WorkerRecords:
    """The records after a step: its row put in, or taken out where it has none."""
    rows = dict(records.deckies)
    rows.pop(step.decky, None)
    if step.row is not None and step.record != "delete":
        rows[step.decky] = step.row
    return records.model_copy(update={"deckies": dict(sorted(rows.items()))})


def waves(plan: Plan) -> list[list[Step]]:
    """The plan's Docker steps in the order in which they may run.

    On one worker a job removes before it creates, so that one wave is enough; where a release on one
    worker may free an address for another, every release ends before the first claim.
    """
    steps = list(plan.docker_steps)
    if len({step.worker for step in steps}) < 2 or not any(step.wave == 0 for step in steps):
        return [steps] if steps else []
    return [wave for wave in ([s for s in steps if s.wave == n] for n in (0, 1)) if wave]


async def _run_wave(
    ctx: Context,
    links: Links,
    situation: Situation,
    steps: Sequence[Step],
    applied: Applied,
    detach: bool,
) -> None:
    """One job per worker, all at the same time. Where a release fails, what waits for it is not claimed."""
    by_worker: dict[str, list[Step]] = {}
    for step in steps:
        if step.worker not in applied.errors and not _blocked(step, applied):
            by_worker.setdefault(step.worker, []).append(step)
    ends = await asyncio.gather(
        *(_worker_job(ctx, links, situation, name, own, detach) for name, own in by_worker.items())
    )
    for name, end in zip(by_worker, ends, strict=True):
        applied.outcomes.extend(end.outcomes)
        if end.error is not None:
            applied.errors[name] = end.error
        if end.detached:
            applied.detached.append(name)


def _blocked(step: Step, applied: Applied) -> bool:
    """Whether the step waits for a release that did not succeed."""
    unreleased = {f"{o.worker}/{o.decky}" for o in applied.outcomes if o.status != "succeeded"}
    return any(release in unreleased or release.partition("/")[0] in applied.errors for release in step.after)


async def _worker_job(
    ctx: Context, links: Links, situation: Situation, name: str, steps: list[Step], detach: bool
) -> JobEnd:
    try:
        return await run_job(ctx, links, situation, name, steps, detach=detach)
    except DecnetError as error:
        ctx.emit(WorkerLost(name, error.message, error.hint))
        return JobEnd(error=error)


async def _push_slices(
    ctx: Context, links: Links, situation: Situation, plan: Plan, applied: Applied
) -> None:
    """Bring each seen worker's own copy of desired up to date where no step has done so."""
    worked = {step.worker for step in plan.docker_steps}
    chosen = [name for name in plan.slices if name not in worked and name not in applied.errors]
    ends = await asyncio.gather(*(_worker_job(ctx, links, situation, name, [], False) for name in chosen))
    for name, end in zip(chosen, ends, strict=True):
        if end.error is not None:
            applied.errors[name] = end.error
