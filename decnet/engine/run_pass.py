"""The one pass of every verb that changes the fleet: observe, decide, confirm, apply, record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from decnet.engine.absent_workers import returned_workers
from decnet.engine.agent_version import replace_agents
from decnet.engine.apply import ApplyResult, apply, commit
from decnet.engine.busy_workers import blocking_jobs, still_busy, wait_for_jobs
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Proposal, decide
from decnet.engine.dry_run import check_on_workers
from decnet.engine.observe import observe
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.pass_end import audited
from decnet.engine.progress import Planned
from decnet.engine.report import report
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.engine.sweep import sweep_networks
from decnet.engine.workers import enrol_local, restore_local
from decnet.errors import SpecError
from decnet.model.plan import Plan
from decnet.plan.select import select
from decnet.store.desired import save_fleet

ProposeFn = Callable[[Context, Connections, Snapshot], Awaitable[Proposal]]
VerbFn = Callable[[Snapshot], ProposeFn]
"""A verb. From the stored snapshot it refuses bad input, before any worker is contacted, and returns the
function that makes a proposal from the observed snapshot. It may be called again and must propose the
same."""


async def run_pass(ctx: Context, verb: str, change: VerbFn, options: PassOptions) -> PassOutcome:
    """Carry out a verb. With `options.needs_confirmation` the operator sees and confirms the plan while the
    lock is free; if the plan differs once the lock is held, it is shown and confirmed again."""
    while True:
        preview = await _preview(ctx, change, options) if options.needs_confirmation else None
        if preview is not None and not preview.agreed:
            return report(verb, preview.snap, preview.plan, options)
        with ctx.lock(read_only=options.read_only):
            snap = load_snapshot(ctx)
            propose = change(snap)
            async with ctx.connections(snap.desired.fleet_id) as connections:
                snap = await _observe_selected(ctx, connections, snap, options)
                proposal = await enrol_local(ctx, connections, await propose(ctx, connections, snap), options)
                snap, plan = decide(ctx, proposal, options)
                if options.read_only:
                    refused = await check_on_workers(ctx, connections, snap, plan, options)
                    return report(verb, snap, plan, options, refused)
                if preview is not None and plan.approval_key != preview.plan.approval_key:
                    ctx.note("the fleet has changed since the plan was shown; this is the plan now")
                    continue
                with audited(ctx, snap, plan, options) as audit:
                    if preview is None:
                        _show_plan(ctx, plan, options)
                    snap = _record_desired(ctx, snap)
                    snap = await replace_agents(ctx, connections, snap, options)
                    snap, plan, applied = await _apply_and_wait(
                        ctx, connections, proposal, snap, plan, options
                    )
                    snap, applied = await sweep_networks(ctx, connections, snap, applied, options)
                    audit.outcome = report(verb, commit(ctx, snap), plan, options, applied)
        if not audit.outcome.needs_reconfirmation:
            return audit.outcome
        rest = keep_desired(requested_removals=proposal.requested_removals)
        return audit.outcome.joined(await run_pass(ctx, verb, rest, options))


def keep_desired(*, requested_removals: int = 0) -> VerbFn:
    """The change that leaves desired as it is stored, as `reconcile` does. `requested_removals`: the removals
    that the user requested when it was stored."""

    def change(stored: Snapshot) -> ProposeFn:
        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            return Proposal(snap, requested_removals)

        return propose

    return change


def without_observation(proposal: Callable[[Snapshot], Proposal]) -> VerbFn:
    """A change that needs only the stored snapshot; it is made before any worker is contacted."""

    def change(stored: Snapshot) -> ProposeFn:
        desired = proposal(stored)

        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            return desired.on(snap)

        return propose

    return change


@dataclass(frozen=True)
class _Preview:
    """A plan that was shown, and whether the operator agreed to it."""

    snap: Snapshot
    plan: Plan
    agreed: bool


async def _preview(ctx: Context, change: VerbFn, options: PassOptions) -> _Preview:
    """Decide without the lock, show the plan, and ask. Raises SpecError if a question is answered with no."""
    snap = load_snapshot(ctx)
    propose = change(snap)
    async with ctx.connections(snap.desired.fleet_id) as connections:
        proposal = await propose(
            ctx, connections, await _observe_selected(ctx, connections, snap, options, held=False)
        )
    snap, plan = decide(ctx, proposal, options)
    for question in proposal.questions:
        if not ctx.confirm(question.text):
            raise SpecError(question.refusal, hint=question.hint)
    _show_plan(ctx, plan, options)
    count = len(plan.docker_steps)
    question_text = f"Carry out {count} step{'s' if count != 1 else ''}?"
    return _Preview(snap, plan, agreed=not count or ctx.confirm(question_text))


def _show_plan(ctx: Context, plan: Plan, options: PassOptions) -> None:
    if not plan.is_empty and not options.quiet:
        ctx.emit(Planned(plan))


async def _observe_selected(
    ctx: Context, connections: Connections, snap: Snapshot, options: PassOptions, *, held: bool = True
) -> Snapshot:
    """The snapshot after observing the selected workers; `held`: whether the lock is held."""
    may_replace_agents = held and options.may_replace_agents
    chosen = select(snap.workers, options.selector).values()
    snap = await observe(
        ctx, connections, snap, chosen, facts=options.facts, may_replace_agents=may_replace_agents
    )
    if options.selector is None:
        snap = snap.with_returned(await returned_workers(connections, snap))
    return await restore_local(ctx, connections, snap, facts=options.facts) if may_replace_agents else snap


def _record_desired(ctx: Context, snap: Snapshot) -> Snapshot:
    if snap.desired != snap.stored:
        save_fleet(ctx.home, snap.desired)
    return snap.with_stored()


async def _apply_and_wait(
    ctx: Context,
    connections: Connections,
    proposal: Proposal,
    snap: Snapshot,
    plan: Plan,
    options: PassOptions,
) -> tuple[Snapshot, Plan, ApplyResult]:
    """Apply the plan. If an earlier command's job still runs on a worker, decide that worker's part again
    after the job has ended. If the operator was asked, apply nothing then that was not shown."""
    busy = {} if options.detach or options.record_only else blocking_jobs(snap, plan)
    first = plan.without(busy)
    snap, applied = await apply(ctx, connections, snap, first, options)
    if not busy:
        return snap, plan, applied
    snap = await wait_for_jobs(ctx, connections, snap)
    snap, rest = decide(ctx, proposal.on(snap), options, size_before=plan.before)
    endless = blocking_jobs(snap, rest)
    rest = rest.without(endless)
    if options.needs_confirmation and not rest.approval_key <= plan.approval_key:
        return snap, first, replace(applied, needs_reconfirmation=True)
    snap, later = await apply(ctx, connections, snap, rest, options)
    later.failures.update({name: still_busy(name, job) for name, job in endless.items()})
    return snap, first.followed_by(rest), applied.joined(later)
