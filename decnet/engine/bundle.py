"""What one worker is sent, made from the snapshot."""

from __future__ import annotations

from collections.abc import Sequence

from decnet.engine.snapshot import Snapshot
from decnet.model.plan import Bundle, Step
from decnet.plan.bundle import bundle, slice_of
from decnet.plan.compose import compose_document, empty_document
from decnet.wire import digest


def slice_hash(snap: Snapshot, worker: str) -> str:
    """The hash of the worker's part of desired."""
    return digest(slice_of(snap.desired, worker, snap.workers[worker].worker_id, snap.contents[worker]))


def make_bundle(
    snap: Snapshot,
    worker: str,
    steps: Sequence[Step],
    *,
    request_id: str,
    generation: int,
) -> Bundle:
    """The worker's slice of desired, its compose document and these steps, hashed."""
    fleet = snap.desired
    document = empty_document()
    # A worker without a LAN has no deckies any more; strays may still have to go.
    if worker in fleet.lans:
        lan = fleet.lans[worker]
        document = compose_document(fleet.fleet_id, fleet.on(worker), lan, snap.catalog, snap.images)
    return bundle(
        worker,
        steps,
        held=slice_of(fleet, worker, snap.workers[worker].worker_id, snap.contents.get(worker, {})),
        document=document,
        generation=generation,
        request_id=request_id,
    )
