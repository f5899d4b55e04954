"""The plan of a pass, for who carries it out and for who only looks."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.engine.bundle import slice_hash
from decnet.engine.context import Context
from decnet.engine.situation import Situation
from decnet.model.actual import Seen
from decnet.model.plan import Plan
from decnet.plan.compose import Contents
from decnet.plan.holding import holding
from decnet.plan.reconcile import reconcile


def make_plan(
    ctx: Context,
    situation: Situation,
    *,
    prune: bool = False,
    max_remove: int | None = None,
    record_only: bool = False,
) -> Plan:
    """The three-way pass over a situation that was looked at; workers that were not asked are left out."""
    made = situation.contents(ctx)
    plan = reconcile(
        situation.desired,
        situation.recorded,
        situation.observed,
        made,
        now=ctx.now(),
        prune=prune,
        max_remove=max_remove,
        record_only=record_only,
    )
    asked = {
        name: why
        for name, why in plan.unknown.items()
        if name in situation.observed or name not in situation.workers
    }
    slices = {} if record_only else _slices(ctx, situation, made, plan)
    return plan.model_copy(update={"unknown": asked, "slices": slices})


def _slices(ctx: Context, situation: Situation, made: Mapping[str, Contents], plan: Plan) -> dict[str, str]:
    """The seen workers whose copy of desired is not the right one, and what became of it. That a worker
    which is about to be told something new does not know it yet is no news."""
    told = {step.worker for step in plan.docker_steps}
    found = {}
    for name in situation.desired.lans:
        seen = situation.observed.get(name)
        if isinstance(seen, Seen):
            wanted = slice_hash(situation, name, made[name])
            held = holding(situation.recorded[name], seen.status, wanted)
            if held is not None and not (held.word == "behind" and name in told):
                found[name] = str(held)
    return found
