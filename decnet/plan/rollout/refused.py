"""What other verbs may not change while a rollout is open."""

from __future__ import annotations

from decnet.model.fleet import Fleet
from decnet.model.rollout import IN_FLIGHT, Rollout

from .content import content, is_mutation, topology_of


def refused_changes(rollout: Rollout, before: Fleet, after: Fleet, verb: str, now: float) -> dict[str, str]:
    """The units that a change of desired touches although it may not, each with the reason.

    Services of deckies may change, except for a unit in flight: its evidence would be about something else.
    Everything else of a unit waits for the end of the rollout.
    """
    if not rollout.is_open or rollout.frozen.kind == "agent":
        return {}
    found = {}
    for name, unit in rollout.frozen.units.items():
        state = rollout.state.units[name]
        pairs = [(content(before, key), content(after, key)) for key in unit.keys]
        changed = [(old, new) for old, new in pairs if old != new]
        is_redescribed = any(topology_of(before, key) != topology_of(after, key) for key in unit.keys)
        if state.is_removed or not (changed or is_redescribed):
            continue
        if is_redescribed or not all(is_mutation(old, new) for old, new in changed):
            found[name] = f"{verb}: {name} is part of rollout {rollout.id}, which is {rollout.state.status}"
        elif state.status in IN_FLIGHT:
            minutes = max(0.0, now - state.since) / 60
            found[name] = (
                f"{verb}: {name} is in flight in rollout {rollout.id} ({state.status} for {minutes:.0f} min)"
            )
    return found
