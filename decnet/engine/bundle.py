"""What one worker is sent, made from the situation."""

from __future__ import annotations

from collections.abc import Sequence

from decnet.engine.context import Context
from decnet.engine.situation import Situation
from decnet.model.plan import Bundle, Step
from decnet.plan.bundle import bundle, slice_of
from decnet.plan.compose import Contents, compose_document, contents, empty_document
from decnet.wire import digest


def slice_hash(situation: Situation, worker: str, made: Contents) -> str:
    """The hash of the worker's part of desired; `made` is what its containers have to be."""
    held = slice_of(situation.desired, worker, situation.workers[worker].worker_id, made)
    return digest(held)


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
    made: Contents = {}
    document = empty_document()
    # A worker without a LAN has no deckies any more; strays may still have to go.
    if worker in fleet.lans:
        parts = (fleet.fleet_id, fleet.on(worker), fleet.lans[worker], ctx.catalog, situation.images)
        made, document = contents(*parts), compose_document(*parts)
    return bundle(
        worker,
        steps,
        held=slice_of(fleet, worker, situation.workers[worker].worker_id, made),
        document=document,
        generation=generation,
        request_id=request_id,
    )
