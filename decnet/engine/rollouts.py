"""The open rollout in a pass: opened, moved by what was observed, confirmed on the workers, recorded.

Everything is written in an order that a killed command may leave at any place: first the log, then desired,
which follows from the log (`effective_fleet`), then the jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Opening, Proposal, with_images
from decnet.engine.observe import observe
from decnet.engine.options import PassOptions
from decnet.engine.outcome import RolloutView
from decnet.engine.rollout_observation import ask_again, observed_units
from decnet.engine.rollout_orders import store_moves
from decnet.engine.snapshot import Snapshot
from decnet.errors import RolloutOpen, UsageError, WorkerFailure
from decnet.model.actual import Seen
from decnet.model.fleet import Fleet
from decnet.model.keys import SliceKey
from decnet.model.rollout import IN_FLIGHT, Policy, Rollout, RolloutEvent, RolloutObservation
from decnet.plan.rollout import (
    Preview,
    content_hash,
    could_release,
    effective_fleet,
    flight_reasons,
    open_rollout,
    preview,
    refused_changes,
    step,
    to_confirm,
    waiting_reasons,
)
from decnet.store.desired import save_fleet
from decnet.store.rollouts import RolloutStore
from decnet.store.used_entries import save_used
from decnet.wire import PROJECT, digest

if TYPE_CHECKING:
    from decnet.engine.apply import ApplyResult
    from decnet.worker.client import AgentClient

Opened = tuple[Rollout, tuple[RolloutEvent, ...]]

GUARDED_SECONDS = 600.0
"""How long a worker whose driver, interface or subnet changes waits for a confirmation."""

ALL_AT_ONCE = Policy(
    name="all-at-once",
    waves=("100%",),
    max_in_flight="100%",
    max_per_lan=100_000,
    soak=0.0,
    max_failures="100%",
    on_failure="continue",
    busy="go",
)
"""How a change goes out that has no waves, and that a worker takes back if it is not confirmed."""


def checked(ctx: Context, verb: str, before: Snapshot, proposal: Proposal, options: PassOptions) -> Proposal:
    """The proposal, with the rollout that carries it out. Raises RolloutOpen or UsageError if the open
    rollout, or one that was taken back, does not allow it; `before` is what it was made from."""
    if options.check or options.advances:
        return proposal
    if proposal.ends_rollout is None and _is_superseded(before, verb, options):
        proposal = replace(proposal, ends_rollout="supersede")
    refuse_change(ctx, verb, before, proposal, options)
    refuse_taken_back(before, proposal, options)
    proposal = with_opening(before, proposal, options)
    refuse_second(before, proposal)
    return proposal


def rollout_preview(ctx: Context, snap: Snapshot, proposal: Proposal) -> Preview:
    """How the rollout would go out that the proposal opens."""
    rollout, _ = opened(ctx, snap, proposal)
    return preview(rollout)


def refuse_change(
    ctx: Context, verb: str, before: Snapshot, proposal: Proposal, options: PassOptions
) -> None:
    """Raises RolloutOpen if the proposal changes what the open rollout is changing; `before` is the snapshot
    that it was made from."""
    rollout = before.rollout
    if rollout is None or proposal.ends_rollout:
        return
    refused = refused_changes(rollout, before.desired, proposal.snap.desired, verb, ctx.now())
    if options.force:
        states = rollout.state.units
        refused = {unit: why for unit, why in refused.items() if states[unit].status not in IN_FLIGHT}
    if refused:
        raise RolloutOpen(rollout.id, refused[min(refused)])


def _is_superseded(before: Snapshot, verb: str, options: PassOptions) -> bool:
    """Whether the open rollout ends for this proposal: it was ordered, or a deploy follows one that has no
    waves, and waits only for a worker that was not reached."""
    if before.rollout is None:
        return False
    return options.supersede or (verb == "deploy" and before.rollout.frozen.policy.name == ALL_AT_ONCE.name)


def refuse_second(before: Snapshot, proposal: Proposal) -> None:
    """Raises RolloutOpen if the proposal would open a second rollout, whatever that is about."""
    if proposal.opens is not None and before.rollout is not None and not proposal.ends_rollout:
        raise RolloutOpen(before.rollout.id, "it is not finished: one rollout goes out at a time")


def refuse_taken_back(snap: Snapshot, proposal: Proposal, options: PassOptions) -> None:
    """Raises UsageError if the proposal deploys what a rollout has taken back."""
    if not snap.taken_back or options.again:
        return
    # What was taken back had its images: new deckies get theirs only after this.
    desired = with_images(proposal.snap).desired
    rows = {(SliceKey(row.worker, row.project), row.content): row for row in snap.taken_back}
    for key in sorted({key for key, _ in rows}):
        content = content_hash(desired, key)
        row = rows.get((key, content))
        if row is not None and content != content_hash(snap.desired, key):
            raise UsageError(
                f"{key.named(desired.topology_names)}: rollout {row.rollout} took this change back "
                f"({row.reason})",
                hint="--again does it nevertheless",
            )


def allow_again(ctx: Context, snap: Snapshot) -> None:
    """What is deployed by `snap` is not held back any more."""
    known = {row.content: SliceKey(row.worker, row.project) for row in snap.taken_back}
    found = [text for text, key in known.items() if content_hash(snap.desired, key) == text]
    if found:
        RolloutStore(ctx.home).allow_again(found)


def with_opening(snap: Snapshot, proposal: Proposal, options: PassOptions) -> Proposal:
    """The proposal with the rollout that carries it out: the one that was asked for, or one that is all at
    once where a driver, interface or subnet changes."""
    before, after = snap.desired, proposal.snap.desired
    is_same = (before.projects, before.lans) == (after.projects, after.lans)
    if proposal.opens is not None or is_same or options.record_only:
        return proposal
    guarded = {} if options.no_confirm else guarded_slices(before, after)
    policy = options.rollout
    if not any(project.deckies for project in before.projects.values()):
        policy = None
    if policy is None and not guarded:
        return proposal
    return replace(proposal, opens=Opening(policy or ALL_AT_ONCE, guarded=guarded))


def guarded_slices(before: Fleet, after: Fleet) -> dict[SliceKey, float]:
    """The slices by whose change a worker may lose the LAN, and how long it waits for a confirmation."""
    return {
        SliceKey(worker, PROJECT): GUARDED_SECONDS
        for worker, lan in before.lans.items()
        if before.on(worker)
        and after.on(worker)
        and (other := after.lans.get(worker)) is not None
        and (lan.driver, lan.interface, lan.subnet) != (other.driver, other.interface, other.subnet)
    }


def opened(ctx: Context, snap: Snapshot, proposal: Proposal) -> Opened:
    """The rollout that leads from what is in effect to the desired of `snap`, not stored yet. Raises
    UsageError for a policy that does not fit its units."""
    assert proposal.opens is not None
    opening = proposal.opens
    return open_rollout(
        with_images(snap.with_desired(_in_effect(snap))).desired,
        snap.desired,
        opening.policy,
        kind=opening.kind,
        tags={name: worker.tags for name, worker in snap.workers.items()},
        opened_at=ctx.now(),
        opened_by=ctx.user,
        command=ctx.command,
        seed=_seed(snap.desired),
        catalog=snap.catalog.digest,
        agent=opening.agent,
        agent_workers=opening.workers,
        guarded=opening.guarded,
    )


def begin(ctx: Context, snap: Snapshot, proposal: Proposal) -> Snapshot:
    """Store the new rollout to the desired of `snap`; the snapshot with the units that are released first."""
    rollout, events = opened(ctx, snap, proposal)
    RolloutStore(ctx.home).create(rollout, events)
    ctx.traces.changes = True
    snap = replace(snap, rollout=rollout, rollout_events=events, rollout_moves=())
    snap = snap.with_desired(effective_fleet(rollout, snap.desired))
    return _stepped(snap, observed_units(snap, rollout, now=ctx.now()), now=ctx.now())


async def advance(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    options: PassOptions,
    *,
    failures: Mapping[str, WorkerFailure] = {},
    may_release: bool = True,
) -> Snapshot:
    """The snapshot after what was observed moved the rollout; nothing is stored yet. A worker whose state no
    record explains is asked for its whole journal again, and one that waits for a confirmation and is healthy
    gets it."""
    if snap.rollout is None:
        return snap
    found = _with_failures(snap.rollout, observed_units(snap, snap.rollout, now=ctx.now()), failures)
    if not options.read_only:
        found = await ask_again(ctx, connections, snap, snap.rollout, found)
    snap = _stepped(snap, found, now=ctx.now(), may_release=may_release)
    if options.read_only or not to_confirm(_open(snap), found):
        return snap
    found = await confirmed(ctx, connections, snap, found)
    return _stepped(snap, found, now=ctx.now(), may_release=may_release)


async def confirmed(
    ctx: Context, connections: Connections, snap: Snapshot, found: RolloutObservation
) -> RolloutObservation:
    """The observation after the dead men of healthy units were disarmed."""
    rollout = _open(snap)
    wanted: dict[str, list[SliceKey]] = {}
    for key in to_confirm(rollout, found):
        wanted.setdefault(key.worker, []).append(key)

    async def confirm(client: AgentClient) -> bool:
        states = [await client.confirm(key.project, rollout.id) for key in wanted[client.worker]]
        return all(state == "confirmed" for state in states)

    answers = await connections.call_all([snap.workers[name] for name in wanted], confirm)
    done = {name for name, answer in answers.items() if answer is True}
    for name, answer in answers.items():
        if isinstance(answer, WorkerFailure):
            ctx.warn(f"the confirmation did not arrive: {answer.message}", name)
    units = {
        name: replace(each, armed_until=None)
        if each.armed_until is not None
        and set(rollout.frozen.units[name].workers) & wanted.keys() <= done
        and set(rollout.frozen.units[name].workers) & done
        else each
        for name, each in found.units.items()
    }
    return replace(found, units=units)


def record_moves(ctx: Context, snap: Snapshot) -> Snapshot:
    """Append what moved to the rollout's log, before desired follows from it; at its end, after that."""
    if snap.rollout is None or not snap.rollout_moves:
        return snap
    if snap.rollout.state.status == "done":
        # Units that were skipped get the change only now, and nothing follows from a log that has ended.
        save_used(ctx.home, snap.desired, ctx.catalog)
        save_fleet(ctx.home, snap.desired)
    store_moves(ctx, snap.rollout, snap.rollout_moves)
    ctx.traces.changes = True
    return replace(snap, rollout_moves=())


async def finish(
    ctx: Context, connections: Connections, snap: Snapshot, applied: ApplyResult, options: PassOptions
) -> Snapshot:
    """After the jobs: observe the units in flight again, judge them, and store what moved. Nothing more is
    released: the next pass does that."""
    if snap.rollout is None or options.detach:
        return snap
    workers = {
        worker
        for name, state in snap.rollout.state.units.items()
        if state.status in IN_FLIGHT
        for worker in snap.rollout.frozen.units[name].workers
        if isinstance(snap.observed.get(worker), Seen)
    }
    if not workers:
        return snap
    chosen = [snap.workers[name] for name in sorted(workers)]
    snap = await observe(ctx, connections, snap, chosen, sessions=True)
    snap = await advance(ctx, connections, snap, options, failures=applied.failures, may_release=False)
    snap = record_moves(ctx, snap)
    if snap.desired != snap.stored:
        save_fleet(ctx.home, snap.desired)
        snap = snap.with_stored()
    return snap


def requested_removals(rollout: Rollout) -> int:
    """How many deckies the units may remove that are being released or taken back: the whole change was
    guarded when the rollout was opened, and taking back is not held up."""
    return sum(
        len({*rollout.former.on(*key), *rollout.to.on(*key)})
        for name, state in rollout.state.units.items()
        if state.status in IN_FLIGHT
        for key in rollout.frozen.units[name].keys
    )


def view(snap: Snapshot, now: float) -> RolloutView | None:
    """The open rollout, or the one that ended in this pass, for the console."""
    if snap.rollout is None:
        return None
    rollout, found = snap.rollout, observed_units(snap, snap.rollout, now=now)
    return RolloutView(
        rollout=rollout,
        events=snap.rollout_events,
        waiting=waiting_reasons(rollout, found, now) if rollout.is_open else {},
        in_flight=flight_reasons(rollout, found, now) if rollout.is_open else {},
        releasable=could_release(rollout, found, now) if rollout.is_open else (),
    )


def _seed(to: Fleet) -> int:
    """The seed of the order of units: from what is deployed, so that the run has the order of its preview."""
    keys = sorted({SliceKey(decky.worker, project) for project, _, decky in to.every_decky()})
    return int(digest([content_hash(to, key) for key in keys])[:13], 16)


def _open(snap: Snapshot) -> Rollout:
    assert snap.rollout is not None
    return snap.rollout


def _in_effect(snap: Snapshot) -> Fleet:
    return snap.stored if snap.rollout is None else effective_fleet(snap.rollout, snap.stored)


def _stepped(
    snap: Snapshot, observation: RolloutObservation, *, now: float, may_release: bool = True
) -> Snapshot:
    assert snap.rollout is not None
    rollout, events = step(snap.rollout, observation, now, may_release=may_release)
    if not events:
        return snap
    # At the end of a rollout, another rule decides for all units.
    moved = None if rollout.state.status == "done" else {each.unit for each in events if each.unit}
    snap = replace(
        snap,
        rollout=rollout,
        rollout_moves=(*snap.rollout_moves, *events),
        rollout_events=(*snap.rollout_events, *events),
    )
    return snap.with_desired(effective_fleet(rollout, snap.desired, moved))


def _with_failures(
    rollout: Rollout, found: RolloutObservation, failures: Mapping[str, WorkerFailure]
) -> RolloutObservation:
    """The observation in which a unit without a job has the failure of its worker as the reason."""
    units = dict(found.units)
    for name, each in found.units.items():
        why = next((str(failures[w]) for w in rollout.frozen.units[name].workers if w in failures), "")
        if why and each.job == "none":
            units[name] = replace(each, why=why)
    return replace(found, units=units)
