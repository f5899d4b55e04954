"""The deadlines of units: two clocks that must agree, and the time in which they stop."""

from __future__ import annotations

from typing import Any

from decnet.model.rollout import IN_FLIGHT, UnitObservation, UnitState

from .ledger import Ledger
from .seen import worker_clock

_TIMES = ("since", "released_at", "stopped_at", "soak_from")


def step_back(ledger: Ledger) -> None:
    """Every time that is later than now is now: the operator's clock was set back. That costs at most one
    interval, not the size of the step."""
    now, head = ledger.now, ledger.fold.head
    if now < ledger.rollout.state.since or now < head.progress_at or now < (head.progress_stopped_at or 0.0):
        times: dict[str, Any] = {name: min(getattr(head, name), now) for name in ("since", "progress_at")}
        if head.progress_stopped_at is not None:
            times["progress_stopped_at"] = min(head.progress_stopped_at, now)
        ledger.turn(head.status, "the operator's clock was set back", **times)
    for name, unit in ledger.rollout.state.units.items():
        late: dict[str, Any] = {key: now for key in _TIMES if (getattr(unit, key) or 0.0) > now}
        if late:
            ledger.note(name, "the operator's clock was set back", **late)


def why_stopped(ledger: Ledger, unit: UnitState, seen: UnitObservation) -> str:
    """Why the deadlines of a unit do not count now; "" if they do."""
    if not seen.reachable:
        return "offline"
    if unit.status != "reverting":
        if seen.hole:
            return "journal"
        if seen.ahead:
            return "ahead"
        if (
            seen.busy
            and ledger.policy.busy == "wait"
            and busy_for(ledger, unit) < ledger.policy.busy_deadline
        ):
            return "busy"
    return {"paused": "paused", "halted": "halted"}.get(ledger.fold.head.status, "")


def busy_for(ledger: Ledger, unit: UnitState) -> float:
    """How long a unit was busy in this status."""
    return unit.busy_for + (_stopped_now(ledger, unit) if unit.stop == "busy" else 0.0)


def stop_or_start(ledger: Ledger, name: str, why: str, seen: UnitObservation | None = None) -> None:
    """The deadlines of a unit stop for this reason, or count again: an event only if that is new."""
    unit = ledger.units[name]
    if why == unit.stop:
        return
    stretch = _stopped_now(ledger, unit)
    fields: dict[str, Any] = {
        "stop": why,
        "stopped_at": ledger.now if why else None,
        "stopped_for": unit.stopped_for + stretch,
    }
    if unit.stop == "busy":
        fields["busy_for"] = unit.busy_for + stretch
    text = f"its deadlines stop: {why}" if why else "its deadlines count again"
    ledger.note(name, text, seen, **fields)


def stop_all(ledger: Ledger, why: str) -> None:
    """The deadlines of all units in flight stop, unless they are stopped already."""
    for name, unit in list(ledger.units.items()):
        if unit.status in IN_FLIGHT and not unit.stop:
            stop_or_start(ledger, name, why)


def elapsed(ledger: Ledger, unit: UnitState, seen: UnitObservation) -> float:
    """Seconds since the unit got its status in which its deadlines counted."""
    return passed(ledger, unit, seen) - unit.stopped_for - _stopped_now(ledger, unit)


def passed(ledger: Ledger, unit: UnitState, seen: UnitObservation) -> float:
    """Seconds since the unit got its status: the lesser of the operator's and the worker's clock."""
    seconds, clock = ledger.now - unit.since, worker_clock(seen)
    if clock is not None and unit.worker_clock is not None:
        seconds = min(seconds, clock - unit.worker_clock)
    return seconds


def _stopped_now(ledger: Ledger, unit: UnitState) -> float:
    return max(0.0, ledger.now - unit.stopped_at) if unit.stopped_at is not None else 0.0
