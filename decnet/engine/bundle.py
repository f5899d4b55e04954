"""What one worker is sent, made from the snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from decnet.engine.snapshot import Snapshot
from decnet.model.keys import SliceKey
from decnet.model.plan import Bundle, Step
from decnet.plan.bundle import bundle, slice_of
from decnet.plan.compose import compose_document, empty_document
from decnet.wire import digest


def slice_hash(snap: Snapshot, key: SliceKey) -> str:
    """The hash of a slice of desired."""
    return digest(_slice(snap, key))


def make_bundle(
    snap: Snapshot, key: SliceKey, steps: Sequence[Step], *, request_id: str, generation: int
) -> Bundle:
    """The slice of desired, its compose document and these steps, hashed."""
    # A worker without a LAN has no deckies any more; strays may still have to go.
    has_lan = key.worker in snap.desired.lans
    return bundle(
        key,
        steps,
        held=_slice(snap, key),
        document=compose_document(snap.desired, key, snap.catalog, snap.images)
        if has_lan
        else empty_document(),
        generation=generation,
        request_id=request_id,
    )


def _slice(snap: Snapshot, key: SliceKey) -> dict[str, Any]:
    return slice_of(snap.desired, key, snap.workers[key.worker].worker_id, snap.contents.get(key, {}))
