"""The decision of a pass: what the three-way plan would do, and whether it may be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from decnet.engine.bundle import slice_hash
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.snapshot import Snapshot
from decnet.model.actual import Seen
from decnet.model.plan import Plan, SliceDrift
from decnet.plan.guard import fleet_size, guard
from decnet.plan.holding import holding
from decnet.plan.reconcile import reconcile


@dataclass(frozen=True)
class Proposal:
    """What a verb wants: a snapshot whose `desired` is the fleet as it is to be.

    `named` counts the removals that the user typed by name: these are never a surprise to the guard.
    `questions` have to be answered with yes before anything is done, each with what to say to a no.
    """

    snap: Snapshot
    named: int = 0
    questions: tuple[Question, ...] = ()

    def on(self, snap: Snapshot) -> Proposal:
        """The same proposal when more is known."""
        return replace(self, snap=snap.with_desired(self.snap.desired))


@dataclass(frozen=True)
class Question:
    """What the operator has to confirm; a no ends the command with this message and hint."""

    text: str
    refusal: str
    hint: str


def decide(
    ctx: Context, proposal: Proposal, options: PassOptions, *, before: int = 0
) -> tuple[Snapshot, Plan]:
    """The proposed snapshot and its plan, without the workers on which nothing may be done.

    Raises MassRemoval where the plan takes away too much of a fleet of `before` deckies, or of as many
    as there are now. A pass that only looks gives every plan as it is.
    """
    snap = proposal.snap
    plan = make_plan(ctx, snap, options)
    if options.looks:
        return snap, plan
    seen = {name for name, each in snap.observed.items() if isinstance(each, Seen)}
    size = max(before, fleet_size(snap.stored, snap.recorded, seen))
    plan = plan.barred(before=size)
    guard(plan, size, snap.desired.deckies, max_remove=options.max_remove, asked=proposal.named)
    return snap, plan


def make_plan(ctx: Context, snap: Snapshot, options: PassOptions | None = None) -> Plan:
    """The three-way pass over a snapshot; workers that were not asked are no part of it."""
    options = options or PassOptions()
    plan = reconcile(
        snap.desired,
        snap.recorded,
        snap.observed,
        snap.contents,
        now=ctx.now(),
        prune=options.prune,
        max_remove=options.max_remove,
        record_only=options.record_only,
    )
    unknown = {
        name: why for name, why in plan.unknown.items() if name in snap.observed or name not in snap.workers
    }
    slices: Mapping[str, SliceDrift] = {} if options.record_only else _slices(snap, plan)
    return plan.model_copy(update={"unknown": unknown, "slices": slices})


def _slices(snap: Snapshot, plan: Plan) -> dict[str, SliceDrift]:
    """The seen workers whose copy of desired is not the right one. That a worker which is about to be given
    steps does not have the newest one yet is no news."""
    given_steps = {step.worker for step in plan.docker_steps}
    found = {}
    for name in snap.desired.lans:
        seen = snap.observed.get(name)
        if isinstance(seen, Seen):
            drift = holding(snap.recorded[name], seen.status, slice_hash(snap, name))
            if drift is not None and not (drift.word == "behind" and name in given_steps):
                found[name] = drift
    return found
