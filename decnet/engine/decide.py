"""The decision of a pass: the three-way plan, and whether it may be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from decnet.engine.bundle import slice_hash
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.snapshot import Snapshot
from decnet.errors import MassRemoval
from decnet.model.actual import Seen
from decnet.model.keys import SliceKey
from decnet.model.plan import Plan, SliceDrift
from decnet.plan.details import with_details
from decnet.plan.first_starts import with_first_starts
from decnet.plan.guard import fleet_size, guard
from decnet.plan.images import outdated, pinned
from decnet.plan.reconcile import reconcile
from decnet.plan.rollout import being_sent, held_addresses
from decnet.plan.slice_drift import slice_drift
from decnet.plan.topologies.status import sends_again
from decnet.store.gc_pause import gc_paused

if TYPE_CHECKING:
    from decnet.model.rollout import Kind, Policy
    from decnet.plan.rollout import OrderKind


@dataclass(frozen=True)
class Proposal:
    """What a verb wants: a snapshot whose `desired` is the new fleet.

    `requested_removals` counts those that the user named one by one: the guard allows them. `seed` is that
    of its random choices. All `questions` must be answered with yes before anything is done.
    """

    snap: Snapshot
    requested_removals: int = 0
    seed: int | None = None
    questions: tuple[Question, ...] = ()
    intent: Intent | None = None
    """What is begun for a topology."""
    opens: Opening | None = None
    """The rollout that carries it out; None: at once."""
    ends_rollout: OrderKind | None = None
    """How an open rollout ends here: `cancel` if all that it is about is removed, `supersede` if the proposal
    takes its place; None: it goes on."""

    def on(self, snap: Snapshot) -> Proposal:
        """The same proposal on a newer snapshot."""
        return replace(self, snap=snap.with_desired(self.snap.desired))


@dataclass(frozen=True)
class Question:
    """A question to the operator; a no ends the command with this message and hint."""

    text: str
    refusal: str
    hint: str


@dataclass(frozen=True)
class Intent:
    """What a verb begins for one topology: a deploy, or the mutation `operations`."""

    topology: str
    operations: tuple[dict[str, object], ...] | None = None


@dataclass(frozen=True)
class Opening:
    """How a rollout is opened: its policy, and the slices that are guarded by a dead man by default (seconds
    by slice). Of kind `agent`: the SHA-256 of the program, and the workers."""

    policy: Policy
    kind: Kind = "fleet"
    guarded: Mapping[SliceKey, float] = field(default_factory=dict)
    agent: str = ""
    workers: tuple[str, ...] = ()


@gc_paused()
def decide(
    ctx: Context, proposal: Proposal, options: PassOptions, *, size_before: int = 0
) -> tuple[Snapshot, Plan]:
    """The proposed snapshot and its plan, without the workers on which nothing may be done.

    Raises MassRemoval if the plan removes too much of a fleet of `size_before` deckies, or of as many as
    there are now. A check gets every plan; so does a dry run, which asks `refusal` separately.
    """
    snap = with_images(proposal.snap)
    # A plan that is only shown, or compared with a reviewed one, keeps the times that it was made with.
    if not (options.check or options.dry_run):
        started = with_first_starts(snap.desired, snap.recorded, snap.observed, ctx.now())
        snap = snap.with_desired(started)
    plan = make_plan(ctx, snap, options)._replace(seed=proposal.seed)
    if options.check:
        return snap, plan
    seen = {name for name, each in snap.observed.items() if isinstance(each, Seen)}
    size = max(size_before, fleet_size(snap.stored, snap.recorded, seen))
    plan = plan.without_ahead(before=size)
    if not options.dry_run:
        _guard(proposal, snap, plan, options)
    return snap, plan


def refusal(proposal: Proposal, snap: Snapshot, plan: Plan, options: PassOptions) -> MassRemoval | None:
    """Why the run would refuse the plan of this dry run; None if it would not."""
    if not options.dry_run:
        return None
    try:
        _guard(proposal, snap, plan, options)
    except MassRemoval as error:
        return error
    return None


def _guard(proposal: Proposal, snap: Snapshot, plan: Plan, options: PassOptions) -> None:
    requested = proposal.requested_removals
    guard(plan, plan.before, snap.desired, max_remove=options.max_remove, requested=requested)


def with_images(snap: Snapshot) -> Snapshot:
    """The snapshot with each decky's image pinned to the one that it has."""
    return snap.with_desired(pinned(snap.desired, snap.observed, snap.images))


def make_plan(ctx: Context, snap: Snapshot, options: PassOptions | None = None) -> Plan:
    """The three-way plan of a snapshot, without the workers that were not contacted."""
    options = options or PassOptions()
    plan = reconcile(
        snap.desired,
        snap.recorded,
        snap.observed,
        snap.expected,
        now=ctx.now(),
        prune=options.prune,
        max_remove=options.max_remove,
        record_only=options.record_only,
        quarantined=_quarantined(snap),
        reserved=held_addresses(snap.rollout) if snap.rollout is not None else {},
        unretried=being_sent(snap.rollout) if snap.rollout is not None else (),
    )
    unknown = {
        name: why for name, why in plan.unknown.items() if name in snap.observed or name not in snap.workers
    }
    slices = {} if options.record_only else _slices(snap, plan, waits=not options.read_only)
    outdated_counts = {
        name: count for name, count in outdated(snap.desired, snap.images).items() if name in snap.observed
    }
    plan = with_details(
        plan, snap.stored, snap.desired, snap.recorded, snap.observed, snap.expected, snap.catalog
    )
    plan = plan._replace(unknown=unknown, slices=slices, upgrades=outdated_counts)
    return plan.with_topologies({**snap.stored.topology_names, **snap.desired.topology_names})


def _quarantined(snap: Snapshot) -> dict[str, str]:
    """Each quarantined address and MAC, with the reason and how to release it."""
    return {
        text: f"{row.reason}; decnet worker release {text} lets it be used again"
        for row in snap.quarantined
        for text in (row.address, row.mac)
    }


def _is_idle(snap: Snapshot, key: SliceKey, seen: Seen) -> bool:
    """Whether the worker has no decky of the project, and was never sent any: nothing has to be sent."""
    return not snap.expected.get(key) and seen.status.held(key.project).plan_hash is None


def _slices(snap: Snapshot, plan: Plan, *, waits: bool) -> dict[SliceKey, SliceDrift]:
    """Slices of observed workers that differ from what the worker should hold. An outdated slice does not
    count if the plan sends the worker steps: the current one comes with them. With `waits`, nor does that of
    a topology whose worker did not take it in earlier passes, until its turn comes again."""
    given_steps = {step.key.slice for step in plan.docker_steps}
    found = {}
    for key in snap.expected:
        seen = snap.observed.get(key.worker)
        if waits and not sends_again(snap.resync_tries.get(key.project, 0)):
            continue
        if isinstance(seen, Seen) and not _is_idle(snap, key, seen):
            records = snap.recorded[key.worker].of(key.project)
            drift = slice_drift(records, seen.status.held(key.project), slice_hash(snap, key))
            if drift is not None and not (drift.word == "behind" and key in given_steps):
                found[key] = drift
    return found
