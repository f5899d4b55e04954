"""What a job of the open rollout is sent with: the request of its release, and what its worker keeps."""

from __future__ import annotations

from typing import Any

from decnet.engine.bundle import slice_hash
from decnet.engine.snapshot import Snapshot
from decnet.model.actual import Seen
from decnet.model.keys import SliceKey
from decnet.model.record import ProjectRecords, WorkerRecords
from decnet.model.rollout import Rollout
from decnet.plan.rollout import effective, request_id, request_prefix


def release_request(snap: Snapshot, key: SliceKey, records: WorkerRecords) -> str | None:
    """The request id of a job that releases a unit: it follows from the rollout and the unit's attempt. None
    for any other job."""
    found = _unit(snap, key)
    if found is None or found[0].state.units[found[1]].status not in ("sent", "reverting"):
        return None
    rollout, name = found
    prefix = request_prefix(rollout, name, key)
    sent = {row.request_id for row in records.lifecycle if row.request_id.startswith(prefix)}
    observation = snap.observed.get(key.worker)
    if isinstance(observation, Seen):
        sent |= {job.request_id for job in observation.status.jobs if job.request_id.startswith(prefix)}
    return request_id(rollout, name, key, len(sent) + 1)


def described_to_worker(snap: Snapshot, key: SliceKey, records: ProjectRecords) -> dict[str, Any] | None:
    """What the worker keeps of the rollout that its slice belongs to; None if its unit is not released."""
    found = _unit(snap, key)
    if found is None or effective(*found) != "to":
        return None
    rollout, name = found
    unit, state = rollout.frozen.units[name], rollout.state.units[name]
    batch = rollout.frozen.policy.max_per_lan
    # A repair while the worker waits for a confirmation does not confirm anything.
    waits = state.status == "sent" or _is_armed(snap, key, rollout.id)
    return {
        "id": rollout.id,
        "unit": name,
        "former": records.plan_hash,
        "to": slice_hash(snap, key),
        "seq": rollout.state.seq,
        "batch": batch if batch < unit.changes else None,
        "confirm_within": unit.confirm_within if waits else None,
    }


def _is_armed(snap: Snapshot, key: SliceKey, rollout_id: str) -> bool:
    seen = snap.observed.get(key.worker)
    held = seen.status.rollouts if isinstance(seen, Seen) else ()
    return any((each.id, each.project, each.state) == (rollout_id, key.project, "armed") for each in held)


def _unit(snap: Snapshot, key: SliceKey) -> tuple[Rollout, str] | None:
    """The open rollout of slices, and the unit that the slice belongs to."""
    rollout = snap.rollout
    if rollout is None or rollout.frozen.kind == "agent":
        return None
    name = next((name for name, unit in rollout.frozen.units.items() if key in unit.keys), None)
    return None if name is None else (rollout, name)
