"""What one worker is sent, made from the situation."""

from __future__ import annotations

from collections.abc import Sequence

from decnet.engine.context import Context
from decnet.engine.situation import Situation
from decnet.model.plan import Bundle, Step
from decnet.plan.bundle import bundle, slice_of
from decnet.plan.compose import compose_document, contents


def make_bundle(
    ctx: Context,
    situation: Situation,
    worker: str,
    steps: Sequence[Step],
    *,
    request_id: str,
    generation: int,
) -> Bundle:
    """The worker's slice of desired, its compose document and these steps, hashed."""
    fleet = situation.desired
    parts = (fleet.fleet_id, fleet.on(worker), fleet.lans[worker], ctx.catalog, situation.images)
    return bundle(
        worker,
        steps,
        held=slice_of(fleet, worker, situation.workers[worker].worker_id, contents(*parts)),
        document=compose_document(*parts),
        generation=generation,
        request_id=request_id,
    )
