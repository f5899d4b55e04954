"""What a unit's observation is worth: values of workers, bounded, since any may be wrong or hostile."""

from __future__ import annotations

from typing import Any

from decnet.model.rollout import Evidence, UnitObservation, UnitState
from decnet.wire import clean


def bounded(text: str, most: int) -> str:
    """Text of a worker, cleaned, of at most so many characters: escapes count."""
    return clean(text, most)[:most]


LATEST = 1e11
"""Seconds since the epoch: a clock beyond the year 5138 is not believed."""
MOST = 100_000
_WORKERS, _ID = 100, 40
"""How many workers of a unit an event names, and the length of an id: its line must be short enough to be
read again, whatever they report."""


def worker_clock(seen: UnitObservation) -> float | None:
    """The earliest clock of its workers; None if it is no time."""
    return seen.clock if 0 < seen.clock <= LATEST else None


def up_seconds(seen: UnitObservation) -> float:
    """For how long its containers have been running; 0 if that is no duration. It is infinite for a unit
    without containers: nothing has to prove itself there."""
    return seen.up_seconds if seen.up_seconds > 0 else 0.0


def restarts(seen: UnitObservation) -> int:
    """The restarts of its containers, bounded."""
    return min(max(seen.restarts, 0), MOST)


def boot_ids(seen: UnitObservation) -> list[str]:
    """The boots of its workers, cleaned."""
    return [bounded(each, _ID) for each in seen.boot_ids[:_WORKERS]]


def journals(seen: UnitObservation) -> dict[str, list[Any]]:
    """How far the journals of its workers were read, as JSON values."""
    read = list(seen.journals.items())[:_WORKERS]
    return {bounded(name, 100): [bounded(journal, _ID), number] for name, (journal, number) in read}


def evidence_of(seen: UnitObservation) -> Evidence:
    """What an event rests on."""
    read = {name: (journal, number) for name, (journal, number) in journals(seen).items()}
    return Evidence(observed_at=seen.observed_at, journals=read, detail=bounded(seen.why, 300))


def is_younger(seen: UnitObservation, state: UnitState) -> bool:
    """Whether it was observed after the unit's release: what was seen before says nothing about it."""
    return state.released_at is None or seen.observed_at > state.released_at


def is_behind(seen: UnitObservation, state: UnitState) -> bool:
    """Whether a journal was read less far than before: an older answer, or an older state."""
    for worker, (journal, number) in state.journals.items():
        known = seen.journals.get(worker)
        if known is not None and known[0] == journal and known[1] < number:
            return True
    return False


def why_not_good(seen: UnitObservation, state: UnitState) -> str:
    """Why `is_good` is not true, or its unit is not confirmed."""
    if is_behind(seen, state):
        return "its journal is older than what was read of it before"
    if not seen.at_to:
        return "it does not report the new slice"
    if seen.healthy and seen.armed_until is not None:
        return "it was not confirmed"
    return bounded(seen.why, 300) or "it is not healthy"


def is_good(seen: UnitObservation, state: UnitState) -> bool:
    """Whether it is at `to` and healthy, by evidence that counts."""
    return seen.at_to and seen.healthy and is_younger(seen, state) and not is_behind(seen, state)
