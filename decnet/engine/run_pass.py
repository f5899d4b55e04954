"""The one pass of every verb that changes the fleet: observe, decide, confirm, apply, record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from decnet.engine.agent_version import replace_agents
from decnet.engine.apply import Applied, apply, commit
from decnet.engine.busy_workers import blocking_jobs, still_busy, wait_for_jobs
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Proposal, decide
from decnet.engine.observe import observe
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.pass_end import audited
from decnet.engine.progress import Planned
from decnet.engine.report import report
from decnet.engine.returned import returned
from decnet.engine.snapshot import Snapshot, load
from decnet.engine.sweep import sweep_networks
from decnet.engine.workers import enrol_local, restore_local
from decnet.errors import SpecError
from decnet.model.plan import Plan
from decnet.plan.select import select
from decnet.store.desired import save_fleet

Propose = Callable[[Context, Connections, Snapshot], Awaitable[Proposal]]
Change = Callable[[Snapshot], Propose]
"""A verb. Given what is stored it refuses bad input, before any worker is asked, and gives the function that
turns what was observed into a proposal. It may be called several times and proposes the same each time."""


async def run_pass(ctx: Context, verb: str, change: Change, options: PassOptions) -> PassOutcome:
    """Carry out a verb. With `options.asks` the operator sees the plan and decides while the lock is free;
    where the plan is another one when the lock is held, it is shown and asked for again."""
    while True:
        preview = await _preview(ctx, change, options) if options.asks else None
        if preview is not None and not preview.agreed:
            return report(verb, preview.snap, preview.plan, options)
        with ctx.lock(looks=options.looks):
            snap = load(ctx)
            propose = change(snap)
            async with ctx.connections(snap.desired.fleet_id) as connections:
                snap = await _observed(ctx, connections, snap, options)
                proposal = await enrol_local(ctx, connections, await propose(ctx, connections, snap), options)
                snap, plan = decide(ctx, proposal, options)
                if options.looks:
                    return report(verb, snap, plan, options)
                if preview is not None and plan.approval_key != preview.plan.approval_key:
                    ctx.note("the fleet has changed since the plan was shown; this is the plan now")
                    continue
                with audited(ctx, snap, plan) as ended:
                    if preview is None:
                        _show(ctx, plan, options)
                    snap = _record_desired(ctx, snap)
                    snap = await replace_agents(ctx, connections, snap, options)
                    snap, plan, applied = await _apply_around_jobs(
                        ctx, connections, proposal, snap, plan, options
                    )
                    snap, applied = await sweep_networks(ctx, connections, snap, applied, options)
                    ended.outcome = report(verb, commit(ctx, snap), plan, options, applied)
        if not ended.outcome.unconfirmed:
            return ended.outcome
        return ended.outcome.joined(await run_pass(ctx, verb, as_stored, options))


def as_stored(snap: Snapshot) -> Propose:
    """The change that keeps desired as it is stored: what `reconcile` wants."""

    async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
        return Proposal(snap)

    return propose


def settled(proposal: Callable[[Snapshot], Proposal]) -> Change:
    """A change that needs nothing but what is stored; it is made before any worker is asked."""

    def change(stored: Snapshot) -> Propose:
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


async def _preview(ctx: Context, change: Change, options: PassOptions) -> _Preview:
    """Decide without the lock, show, and ask. Raises SpecError where a question is answered with no."""
    snap = load(ctx)
    propose = change(snap)
    async with ctx.connections(snap.desired.fleet_id) as connections:
        proposal = await propose(
            ctx, connections, await _observed(ctx, connections, snap, options, held=False)
        )
    snap, plan = decide(ctx, proposal, options)
    for question in proposal.questions:
        if not ctx.confirm(question.text):
            raise SpecError(question.refusal, hint=question.hint)
    _show(ctx, plan, options)
    count = len(plan.docker_steps)
    asked = f"Carry out {count} step{'s' if count != 1 else ''}?"
    return _Preview(snap, plan, agreed=not count or ctx.confirm(asked))


def _show(ctx: Context, plan: Plan, options: PassOptions) -> None:
    if not plan.is_empty and not options.quiet:
        ctx.emit(Planned(plan))


async def _observed(
    ctx: Context, connections: Connections, snap: Snapshot, options: PassOptions, *, held: bool = True
) -> Snapshot:
    """The snapshot after asking the chosen workers; `held` says whether the lock is."""
    replaces = held and options.replaces
    chosen = select(snap.workers, options.on).values()
    snap = await observe(ctx, connections, snap, chosen, facts=options.facts, replaces=replaces)
    if options.on is None:
        snap = snap.with_returned(await returned(connections, snap))
    return await restore_local(ctx, connections, snap, facts=options.facts) if replaces else snap


def _record_desired(ctx: Context, snap: Snapshot) -> Snapshot:
    if snap.desired != snap.stored:
        save_fleet(ctx.home, snap.desired)
    return snap.with_stored()


async def _apply_around_jobs(
    ctx: Context,
    connections: Connections,
    proposal: Proposal,
    snap: Snapshot,
    plan: Plan,
    options: PassOptions,
) -> tuple[Snapshot, Plan, Applied]:
    """Apply the plan. What concerns a worker that still carries out an earlier command's job is decided again
    when that has ended; where the operator was asked, nothing is applied then that was not shown."""
    busy = {} if options.detach or options.record_only else blocking_jobs(snap, plan)
    first = plan.without(busy)
    snap, applied = await apply(ctx, connections, snap, first, options)
    if not busy:
        return snap, plan, applied
    snap = await wait_for_jobs(ctx, connections, snap)
    snap, rest = decide(ctx, proposal.on(snap), options, before=plan.before)
    still = blocking_jobs(snap, rest)
    rest = rest.without(still)
    if options.asks and not rest.approval_key <= plan.approval_key:
        return snap, first, replace(applied, unconfirmed=True)
    snap, later = await apply(ctx, connections, snap, rest, options)
    later.failures.update({name: still_busy(name, job) for name, job in still.items()})
    return snap, first.followed_by(rest), applied.joined(later)
