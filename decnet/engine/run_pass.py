"""The one pass of every verb that changes the fleet: observe, decide, confirm, apply, record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from decnet.engine.address_conflicts import examine_conflicts
from decnet.engine.agent_version import replace_agents
from decnet.engine.apply import ApplyResult, apply, commit
from decnet.engine.busy_workers import blocking_jobs, still_busy, wait_for_jobs
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Intent, Proposal, decide, refusal
from decnet.engine.drained import record_drained
from decnet.engine.dry_run import check_on_workers
from decnet.engine.ended_rollouts import confirm_ended
from decnet.engine.network_cleanup import remove_networks
from decnet.engine.observe import observe
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.pass_end import audited
from decnet.engine.progress import Planned, RolloutPlanned
from decnet.engine.project_cleanup import remove_projects
from decnet.engine.report import report
from decnet.engine.rollout_orders import end_former
from decnet.engine.rollouts import (
    advance,
    allow_again,
    begin,
    checked,
    finish,
    record_moves,
    requested_removals,
    rollout_preview,
    view,
)
from decnet.engine.settled import is_settled
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.engine.topologies import follow_desired, record_intent, settle
from decnet.engine.unenrolled_workers import resurfaced_workers
from decnet.engine.workers import enrol_local, needs_enrolment, restore_local
from decnet.errors import SpecError
from decnet.model.counted import counted
from decnet.model.plan import Plan
from decnet.plan.select import select
from decnet.store.desired import save_fleet
from decnet.store.used_entries import save_used

Propose = Callable[[Context, Connections, Snapshot], Awaitable[Proposal]]
Change = Callable[[Snapshot], Propose]
"""A change to desired. Called with the stored snapshot, it rejects bad input before any worker is contacted,
and returns the function that makes a proposal from the observed snapshot. That function may be called more
than once and must then return the same proposal."""


async def run_pass(ctx: Context, verb: str, change: Change, options: PassOptions) -> PassOutcome:
    """Carry out a verb. With `options.needs_confirmation` the operator sees and confirms the plan while the
    lock is free; if the plan differs once the lock is held, it is shown and confirmed again."""
    # Repeats only if the confirmed plan is out of date once the lock is held.
    while True:
        preview = await _preview(ctx, verb, change, options) if options.needs_confirmation else None
        if preview is not None and not preview.agreed:
            return replace(report(verb, preview.snap, preview.plan, options), declined=True)
        with ctx.lock(read_only=options.read_only):
            loaded = load_snapshot(ctx)
            propose = change(loaded)
            async with ctx.connections(loaded.desired.fleet_id) as connections:
                snap = await _observe_selected(ctx, connections, loaded, options)
                snap, proposal, plan = await _decided(ctx, connections, verb, propose, snap, options)
                if options.read_only:
                    return await _read_only(ctx, connections, verb, proposal, loaded, snap, plan, options)
                if preview is not None and plan.items_to_confirm != preview.plan.items_to_confirm:
                    ctx.note("the fleet has changed since the plan was shown; this is the plan now")
                    continue
                ended = await _carry_out(
                    ctx, connections, verb, proposal, snap, plan, options, is_shown=preview is not None
                )
        if ended.takes_back:
            # A mutation of a topology failed, and desired is what it was before.
            second_change = keep_desired(requested_removals=len(ended.plan.docker_steps))
            return ended.outcome.joined(
                await run_pass(ctx, verb, second_change, replace(options, confirm=False))
            )
        if not ended.outcome.needs_reconfirmation:
            return ended.outcome
        # Work that was found while waiting needs a confirmation of its own. Desired is already stored.
        second_change = keep_desired(requested_removals=proposal.requested_removals)
        return ended.outcome.joined(await run_pass(ctx, verb, second_change, options))


@dataclass(frozen=True)
class _Ended:
    """A plan that was carried out. `takes_back`: desired is another one since, which needs a pass."""

    plan: Plan
    outcome: PassOutcome
    takes_back: bool


async def _carry_out(
    ctx: Context,
    connections: Connections,
    verb: str,
    proposal: Proposal,
    snap: Snapshot,
    plan: Plan,
    options: PassOptions,
    *,
    is_shown: bool,
) -> _Ended:
    """Record, apply, remove what is no longer needed, and settle the topologies, with a line in the audit."""
    with audited(ctx, snap, plan, options) as audit:
        if not is_shown:
            _show_plan(ctx, plan, options)
        snap, proposal, plan = _begun(ctx, snap, proposal, plan, options)
        snap = record_moves(ctx, snap)
        snap = _record_desired(ctx, snap, proposal.intent)
        snap = await replace_agents(ctx, connections, snap, options)
        # Before others may claim the addresses that a dead man would restore.
        await confirm_ended(ctx, connections, snap)
        snap, plan, applied = await _apply_and_wait(ctx, connections, proposal, snap, plan, options)
        snap, applied = await remove_projects(ctx, connections, snap, applied, options)
        snap, applied = await remove_networks(ctx, connections, snap, applied, options)
        snap = await finish(ctx, connections, commit(ctx, snap), applied, options)
        settled = settle(ctx, commit(ctx, snap), plan, applied)
        audit.outcome = report(verb, snap, plan, options, applied).with_rollout(
            view(settled, ctx.now()), advances=options.advances
        )
        if applied == ApplyResult() and is_settled(settled, plan):
            audit.outcome = replace(audit.outcome, settled=ctx.asked)
    return _Ended(plan, audit.outcome, takes_back=settled.stored != snap.stored)


async def _decided(
    ctx: Context, connections: Connections, verb: str, propose: Propose, snap: Snapshot, options: PassOptions
) -> tuple[Snapshot, Proposal, Plan]:
    """The proposal from what was observed, and its plan. The open rollout moves first, if the verb moves
    it."""
    if options.advances:
        snap = await advance(ctx, connections, snap, options)
    proposal = checked(ctx, verb, snap, await propose(ctx, connections, snap), options)
    if snap.rollout is not None:
        count = proposal.requested_removals + requested_removals(snap.rollout)
        proposal = replace(proposal, requested_removals=count)
    # Decided twice if this machine is new: a command that is refused enrols nothing.
    snap, plan = decide(ctx, proposal, options)
    if needs_enrolment(proposal, options):
        proposal = await enrol_local(ctx, connections, proposal, options)
        snap, plan = decide(ctx, proposal, options)
    return snap, proposal, plan


async def _read_only(
    ctx: Context,
    connections: Connections,
    verb: str,
    proposal: Proposal,
    loaded: Snapshot,
    snap: Snapshot,
    plan: Plan,
    options: PassOptions,
) -> PassOutcome:
    refused = await check_on_workers(ctx, connections, snap, plan, options)
    outcome = report(verb, snap, plan, options, refused).planned_from(loaded, snap.desired)
    if proposal.opens is not None:
        outcome = replace(outcome, preview=rollout_preview(ctx, snap, proposal))
    outcome = outcome.with_rollout(view(snap, ctx.now()), check=options.check, advances=options.advances)
    if options.check and is_settled(snap, plan):
        outcome = replace(outcome, settled=ctx.asked)
    return outcome.refused_by(refusal(proposal, snap, plan, options))


def _begun(
    ctx: Context, snap: Snapshot, proposal: Proposal, plan: Plan, options: PassOptions
) -> tuple[Snapshot, Proposal, Plan]:
    """The same, or what is in effect once the rollout that carries out the proposal is open."""
    if options.again:
        allow_again(ctx, snap)
    if snap.rollout is not None and proposal.ends_rollout:
        snap = end_former(ctx, snap, proposal.ends_rollout)
    if proposal.opens is None:
        return snap, proposal, plan
    size_before = plan.before
    snap = begin(ctx, snap, proposal)
    assert snap.rollout is not None
    count = proposal.requested_removals + requested_removals(snap.rollout)
    proposal = replace(proposal, snap=snap, opens=None, requested_removals=count)
    snap, plan = decide(ctx, proposal, options, size_before=size_before)
    return snap, proposal, plan


def keep_desired(*, requested_removals: int = 0) -> Change:
    """The change that leaves desired as it is stored, as `reconcile` does. `requested_removals`: how many
    removals the user asked for when this desired state was stored."""

    def change(stored: Snapshot) -> Propose:
        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            return Proposal(snap, requested_removals)

        return propose

    return change


def without_observation(propose_from_stored: Callable[[Snapshot], Proposal]) -> Change:
    """A change that needs only the stored snapshot; it is made before any worker is contacted."""

    def change(stored: Snapshot) -> Propose:
        proposal = propose_from_stored(stored)

        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            return proposal.on(snap)

        return propose

    return change


@dataclass(frozen=True)
class _Preview:
    """A plan that was shown, and whether the operator agreed to it."""

    snap: Snapshot
    plan: Plan
    agreed: bool


async def _preview(ctx: Context, verb: str, change: Change, options: PassOptions) -> _Preview:
    """Decide without the lock, show the plan, and ask. Raises SpecError if a question is answered with no."""
    snap = load_snapshot(ctx)
    propose = change(snap)
    async with ctx.connections(snap.desired.fleet_id) as connections:
        snap = await _observe_selected(ctx, connections, snap, options, lock_held=False)
        proposal = checked(ctx, verb, snap, await propose(ctx, connections, snap), options)
    snap, plan = decide(ctx, proposal, options)
    for question in proposal.questions:
        if not ctx.confirm(question.text):
            raise SpecError(question.refusal, hint=question.hint)
    _show_plan(ctx, plan, options)
    if proposal.opens is not None and not options.quiet:
        ctx.emit(RolloutPlanned(rollout_preview(ctx, snap, proposal)))
    count = len(plan.docker_steps)
    # A plan that only updates records needs no question.
    question_text = f"Carry out {counted(count, 'step')}?"
    if proposal.opens is not None:
        question_text = f"Begin this rollout of {counted(count, 'step')}?"
    return _Preview(snap, plan, agreed=not count or ctx.confirm(question_text))


def _show_plan(ctx: Context, plan: Plan, options: PassOptions) -> None:
    if (plan.edits or not plan.is_empty) and not options.quiet:
        ctx.emit(Planned(plan))


async def _observe_selected(
    ctx: Context, connections: Connections, snap: Snapshot, options: PassOptions, *, lock_held: bool = True
) -> Snapshot:
    """The snapshot after observing the selected workers. Their agents change only while the lock is held."""
    may_change_agents = lock_held and options.may_replace_agents
    chosen = select(snap.workers, options.selector).values()
    snap = await observe(
        ctx,
        connections,
        snap,
        chosen,
        facts=options.facts,
        may_replace_agents=may_change_agents,
        sessions=options.sessions
        or options.rollout is not None
        or (options.advances and snap.rollout is not None),
    )
    snap = await examine_conflicts(ctx, connections, snap)
    if options.selector is None:
        snap = snap.with_resurfaced(await resurfaced_workers(connections, snap))
    return await restore_local(ctx, connections, snap, facts=options.facts) if may_change_agents else snap


def _record_desired(ctx: Context, snap: Snapshot, intent: Intent | None) -> Snapshot:
    """Store desired, and before it which workers receive no new deckies: what moves must not move back."""
    record_drained(ctx, snap)
    save_used(ctx.home, snap.desired, ctx.catalog)
    record_intent(ctx, snap, intent)
    if snap.desired != snap.stored:
        save_fleet(ctx.home, snap.desired)
    follow_desired(ctx, snap, intent)
    return snap.with_stored()


async def _apply_and_wait(
    ctx: Context,
    connections: Connections,
    proposal: Proposal,
    snap: Snapshot,
    plan: Plan,
    options: PassOptions,
) -> tuple[Snapshot, Plan, ApplyResult]:
    """Apply the plan to the workers that are free. Then wait for the jobs of earlier commands, observe again
    and plan again. If the operator confirmed a plan, the second part may contain only items of that plan;
    otherwise nothing more is applied and `needs_reconfirmation` is set."""
    busy = {} if options.detach or options.record_only else blocking_jobs(snap, plan)
    unblocked_plan = plan.without(busy)
    snap, applied = await apply(ctx, connections, snap, unblocked_plan, options)
    if not busy:
        return snap, plan, applied
    snap = await wait_for_jobs(ctx, connections, snap)
    # With the images that were recorded: those of a new decky are not all known from its containers.
    snap, replanned = decide(ctx, replace(proposal, snap=snap), options, size_before=plan.before)
    still_running = blocking_jobs(snap, replanned)
    replanned = replanned.without(still_running)
    if options.needs_confirmation and not replanned.items_to_confirm.issubset(plan.items_to_confirm):
        return snap, unblocked_plan, replace(applied, needs_reconfirmation=True)
    snap, later = await apply(ctx, connections, snap, replanned, options)
    later.failures.update({name: still_busy(name, job) for name, job in still_running.items()})
    return snap, unblocked_plan.followed_by(replanned), applied.joined(later)
