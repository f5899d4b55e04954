"""Whether a plan is empty for good, and not only now."""

from __future__ import annotations

from decnet.engine.snapshot import Snapshot
from decnet.model.actual import Seen
from decnet.model.plan import Plan
from decnet.model.record import OPEN

MOST_SKEW = 3.0
"""Seconds of difference between the clocks from which a status may soon have to mention it."""


def is_settled(snap: Snapshot, plan: Plan) -> bool:
    """Whether nothing is to be done, whatever time it is: no operation is open, nothing returns, and
    nothing is released later. Earlier failures do not matter: they only delay steps, and there are none."""
    return (
        plan.is_empty
        and not any((plan.skipped, plan.strays, plan.unknown, plan.excess_strays, plan.ahead))
        and not (plan.edits or plan.topologies)
        and snap.stored == snap.desired
        and not any((snap.desired.away, snap.desired.topologies, snap.quarantined, snap.resurfaced))
        and not any((snap.rollout, snap.rollout_moves, snap.taken_back))
        and all(_is_settled(snap, name) for name in snap.observed)
    )


def _is_settled(snap: Snapshot, name: str) -> bool:
    observation = snap.observed[name]
    return (
        isinstance(observation, Seen)
        and observation.agent_compatibility == "current"
        and not observation.status.trouble
        and all(job.state != "running" for job in observation.status.jobs)
        and abs(observation.skew) < MOST_SKEW
        and not any(row.status in OPEN for row in snap.recorded[name].lifecycle)
    )
