"""The names of a rollout's requests, and which workers get a confirmation."""

from __future__ import annotations

from decnet.model.keys import SliceKey
from decnet.model.rollout import Rollout, RolloutObservation

_CONFIRMED = frozenset({"checking", "soaking", "passed"})


def request_prefix(rollout: Rollout, unit: str, key: SliceKey) -> str:
    """What the request_ids of all parts of this slice's present attempt begin with, and no others."""
    attempt = rollout.state.units[unit].attempt
    return f"rollout:{rollout.id}:{attempt}:{key.worker}:{key.project}:"


def request_id(rollout: Rollout, unit: str, key: SliceKey, part: int) -> str:
    """The request_id of one part: the same for as long as the attempt is, so that asking again finds the
    job."""
    return f"{request_prefix(rollout, unit, key)}{part}"


def to_confirm(rollout: Rollout, observation: RolloutObservation) -> tuple[SliceKey, ...]:
    """The slices whose workers wait for a confirmation and deserve it: at `to`, applied, healthy."""
    if rollout.state.status == "reverting":
        return ()
    found: list[SliceKey] = []
    for name, seen in observation.units.items():
        unit = rollout.state.units.get(name)
        if unit is None or unit.status not in _CONFIRMED or not seen.reachable or seen.armed_until is None:
            continue
        is_newer = unit.released_at is None or seen.observed_at > unit.released_at
        is_applied = seen.job not in ("open", "failed", "lost") and not seen.reverted
        if is_newer and is_applied and seen.at_to and seen.healthy:
            found += rollout.frozen.units[name].keys
    return tuple(found)
