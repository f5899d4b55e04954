"""The walk of every verb that changes something: observe, plan, confirm, apply, record."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from decnet.commands.deadline import why_ended
from decnet.commands.planning import make_plan
from decnet.commands.strangers import strangers
from decnet.engine.apply import Applied, apply
from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.outcome import PassOutcome, Trouble
from decnet.engine.progress import Planned
from decnet.engine.situation import Situation, commit
from decnet.engine.waiting import after_jobs, awaited, without
from decnet.errors import DecnetError, PartlyFailed, WorkerBusy, WorkerError, worst
from decnet.model.actual import Job, NotSeen, Seen
from decnet.model.fleet import Fleet
from decnet.model.plan import Plan
from decnet.plan.guard import fleet_size, guard
from decnet.store.audit import append
from decnet.store.desired import save_fleet


@dataclass(frozen=True)
class WalkOptions:
    """How a walk is made, the same for every verb.

    `asked` is how many removals the user typed by name: these are never a surprise to the guard. `narrowed`
    is said where the user chose some of the workers: of the others nothing is told.
    """

    dry_run: bool = False
    check: bool = False
    record_only: bool = False
    prune: bool = False
    detach: bool = False
    quiet: bool = False
    narrowed: bool = False
    max_remove: int | None = None
    asked: int = 0
    confirm: bool = False
    no_cache: bool = False

    @property
    def looks(self) -> bool:
        """Whether nothing is to be changed anywhere."""
        return self.dry_run or self.check

    @property
    def replaces(self) -> bool:
        """Whether older agents give way: not where workers are to stay as they are."""
        return not (self.looks or self.record_only)


async def walk(
    ctx: Context, links: Links, situation: Situation, desired: Fleet, verb: str, options: WalkOptions
) -> PassOutcome:
    """From a situation that was looked at to the fleet as `desired`."""
    seen = {name for name, each in situation.observed.items() if isinstance(each, Seen)}
    before = fleet_size(situation.desired, situation.recorded, seen)
    changed = desired != situation.desired
    situation = situation.with_desired(desired)
    plan = make_plan(
        ctx,
        situation,
        prune=options.prune,
        max_remove=options.max_remove,
        record_only=options.record_only,
    )
    if options.looks:
        return _planned(ctx, verb, situation, plan, options)
    plan, barred = _without_ahead(plan)
    guard(plan, before, desired.deckies, max_remove=options.max_remove, asked=options.asked)
    if not plan.is_empty and not options.quiet:
        ctx.emit(Planned(plan))
    if options.confirm and plan.docker_steps and not ctx.confirm(_question(plan)):
        return _outcome(ctx, verb, situation, plan, Applied(), options, carried_out=False)
    if changed:
        save_fleet(ctx.home, desired)
    try:
        situation, plan, applied = await _carried_out(ctx, links, situation, plan, before, options)
    except BaseException as error:
        if changed or not plan.is_empty:
            _note_early(ctx, error)
        raise
    applied.errors.update(barred)
    outcome = _outcome(ctx, verb, situation, plan, applied, options, carried_out=True)
    if changed or not plan.is_empty:
        _note(ctx, outcome.summary, outcome.exit_code)
    return outcome


def _note(ctx: Context, outcome: str, exit_code: int) -> None:
    append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome, exit_code=exit_code)


def _note_early(ctx: Context, error: BaseException) -> None:
    """What was changed is in the audit log though the pass did not come to its end."""
    why, exit_code = why_ended(error)
    # What ended the pass is what has to be told, not that it could not be written down.
    with suppress(DecnetError):
        _note(ctx, f"ended early: {why}", exit_code)


async def _carried_out(
    ctx: Context, links: Links, situation: Situation, plan: Plan, before: int, options: WalkOptions
) -> tuple[Situation, Plan, Applied]:
    """Carry out the plan; what an earlier command's job still works on is planned anew after it."""
    occupied = {} if options.detach or options.record_only else awaited(situation, plan)
    now = without(plan, occupied)
    applied = await apply(ctx, links, situation, now, detach=options.detach, no_cache=options.no_cache)
    if not occupied:
        return situation, plan, applied
    situation = await after_jobs(ctx, links, situation)
    rest = make_plan(ctx, situation, prune=options.prune, max_remove=options.max_remove)
    rest, barred = _without_ahead(rest)
    still = awaited(situation, rest)
    rest = without(rest, still)
    kept = situation.desired.deckies
    guard(rest, before, kept, max_remove=options.max_remove, asked=options.asked)
    later = await apply(ctx, links, situation, rest, no_cache=options.no_cache)
    later.errors.update(barred | {name: _endless(name, job) for name, job in still.items()})
    steps = now.steps + rest.steps
    return situation, rest.model_copy(update={"steps": steps}), applied.joined(later)


def _without_ahead(plan: Plan) -> tuple[Plan, dict[str, DecnetError]]:
    """The plan without the workers that were told more than this home knows of, and an error for each: what
    an older copy of desired asks for is nothing that anybody has asked for now."""
    barred: dict[str, DecnetError] = {
        name: WorkerError(
            f"{name}: its description is {why}; nothing was done there",
            hint="decnet worker recover --take-generation, then look at decnet reconcile --check",
            worker=name,
        )
        for name, why in plan.slices.items()
        if why.startswith("ahead:")
    }
    return without(plan, barred), barred


def _endless(name: str, job: Job) -> WorkerBusy:
    return WorkerBusy(
        f"{name}: the job that runs there ({job.operation}) does not end; nothing was done there",
        job_id=job.job_id,
        hint="decnet status shows it; run this again when it is over",
        worker=name,
    )


def _planned(ctx: Context, verb: str, situation: Situation, plan: Plan, options: WalkOptions) -> PassOutcome:
    outcome = _outcome(ctx, verb, situation, plan, Applied(), options, carried_out=False)
    if options.check and (not plan.is_empty or plan.skipped) and outcome.exit_code == 0:
        return replace(outcome, exit_code=3)
    return outcome


def _question(plan: Plan) -> str:
    count = len(plan.docker_steps)
    return f"Carry out {count} step{'s' if count != 1 else ''}?"


def _outcome(
    ctx: Context,
    verb: str,
    situation: Situation,
    plan: Plan,
    applied: Applied,
    options: WalkOptions,
    *,
    carried_out: bool,
) -> PassOutcome:
    if not carried_out and not options.looks:
        commit(ctx, situation)
    absent = () if options.narrowed else strangers(situation.desired, situation.workers)
    troubles = absent + _troubles(situation, plan, applied)
    codes = [trouble.exit_code for trouble in troubles] + applied.exit_codes
    if plan.skipped and carried_out:
        codes.append(4)
    return PassOutcome(
        verb=verb,
        plan=plan,
        carried_out=carried_out,
        exit_code=worst(codes),
        outcomes=tuple(applied.outcomes),
        troubles=troubles,
        detached=tuple(applied.detached),
        quiet=options.quiet,
        summary=_summary(plan, applied, troubles),
    )


def _troubles(situation: Situation, plan: Plan, applied: Applied) -> tuple[Trouble, ...]:
    seen = [
        Trouble(name, o.error, o.hint, o.exit_code)
        for name, o in sorted(situation.observed.items())
        if isinstance(o, NotSeen)
    ]
    swarms = [_swarm(name, count) for name, count in plan.swarms.items()]
    failed = [_trouble(name, error) for name, error in sorted(applied.errors.items())]
    return tuple(seen + swarms + failed)


def _swarm(name: str, count: int) -> Trouble:
    return Trouble(
        name,
        f"{name}: its {count} strays are too many to be pruned unasked, and were left alone",
        f"if that is meant: decnet reconcile --prune --max-remove {count} --on {name}",
        PartlyFailed.exit_code,
    )


def _trouble(name: str, error: DecnetError) -> Trouble:
    return Trouble(name, error.message, error.hint, error.exit_code)


def _summary(plan: Plan, applied: Applied, troubles: tuple[Trouble, ...]) -> str:
    done = sum(1 for o in applied.outcomes if o.status == "succeeded")
    failed = len(applied.outcomes) - done
    recorded = sum(1 for step in plan.steps if not step.touches_docker)
    parts = [f"{done} done"] if done else []
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{recorded} recorded"] if recorded else []
    sent = sum(1 for step in plan.docker_steps if step.worker in applied.detached)
    parts += [f"{sent} on the way"] if sent else []
    pushed = [name for name in plan.slices if name not in applied.errors]
    parts += [f"{len(pushed)} told anew"] if pushed else []
    parts += [f"{len(plan.skipped)} skipped"] if plan.skipped else []
    parts += [f"{plan.kept} kept"] if plan.kept else []
    parts += [f"{len(troubles)} worker{'s' if len(troubles) != 1 else ''} in trouble"] if troubles else []
    return ", ".join(parts) or "nothing to do"
