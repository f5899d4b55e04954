"""The fold of a rollout's events: its state is nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from decnet.errors import StateBroken
from decnet.model.rollout import (
    IN_FLIGHT,
    Frozen,
    Rollout,
    RolloutEvent,
    RolloutState,
    UnitState,
)

FAILURES = frozenset({"failed", "reverted", "revert_failed"})
"""States of units that count as a failure."""

_FRESH: dict[str, Any] = {
    "worker_clock": None,
    "stop": "",
    "stopped_at": None,
    "stopped_for": 0.0,
    "busy_for": 0.0,
    "is_doubted": False,
}
"""What begins again with each status of a unit."""
_PROGRESS: dict[str, Any] = {"progress_stopped_at": None, "progress_doubted": False}


def replay(rollout: Rollout, events: Iterable[RolloutEvent]) -> RolloutState:
    """The state that these events make, from the first one. The rollout's own state does not count. Raises
    StateBroken if an event is missing or does not fit."""
    fold = Fold(rollout.frozen, RolloutState())
    for event in events:
        fold.apply(event)
    return fold.state()


class Fold:
    """A state while events are applied to it, with the counts that decisions need."""

    def __init__(self, frozen: Frozen, state: RolloutState) -> None:
        self._frozen = frozen
        self.units = dict(state.units)
        self.head = state.model_copy(update={"units": {}})
        """The state without its units."""
        self.in_flight = sum(unit.status in IN_FLIGHT for unit in self.units.values())
        self.failures = sum(unit.status in FAILURES for unit in self.units.values())

    def state(self) -> RolloutState:
        """The state as a value."""
        return RolloutState.model_validate({**vars(self.head), "units": self.units})

    def apply(self, event: RolloutEvent) -> None:
        """One event. Raises StateBroken if it does not follow the last one."""
        if event.seq != self.head.seq + 1:
            wanted = self.head.seq + 1
            raise StateBroken(f"events of the rollout: number {wanted} is missing before {event.seq}")
        self._change({"seq": event.seq})
        _KINDS[event.kind](self, event)

    def _change(self, fields: dict[str, Any]) -> None:
        self.head = self.head.model_copy(update=fields)

    def _opened(self, event: RolloutEvent) -> None:
        self.units = dict.fromkeys(self._frozen.units, UnitState(since=event.at))
        self._change({"since": event.at, "progress_at": event.at, **event.fields})

    def _unit(self, event: RolloutEvent) -> None:
        before = self.units.get(event.unit or "")
        if before is None:
            raise StateBroken(f"events of the rollout: number {event.seq} is about an unknown unit")
        changes = dict(event.fields)
        if event.after != event.before:
            changes = {**_FRESH, "status": event.after, "since": event.at, "reason": event.reason, **changes}
            self._change({"progress_at": event.at, **_PROGRESS})
        after = UnitState.model_validate({**vars(before), **changes})
        self.in_flight += (after.status in IN_FLIGHT) - (before.status in IN_FLIGHT)
        self.failures += (after.status in FAILURES) - (before.status in FAILURES)
        self.units[event.unit or ""] = after

    def _wave(self, event: RolloutEvent) -> None:
        changes = {"wave": event.wave, "wave_status": event.after, "progress_at": event.at}
        self._change({**changes, **_PROGRESS, **event.fields})

    def _rollout(self, event: RolloutEvent) -> None:
        changes: dict[str, Any] = {}
        if event.after != event.before:
            changes = {"status": event.after, "since": event.at, "reason": event.reason}
            changes |= {"progress_at": event.at, **_PROGRESS}
        self._change({**changes, **event.fields})

    def _order(self, event: RolloutEvent) -> None:
        self._change(event.fields)

    KINDS = {"opened": _opened, "unit": _unit, "wave": _wave, "rollout": _rollout, "order": _order}


_KINDS: dict[str, Callable[[Fold, RolloutEvent], None]] = dict(Fold.KINDS)
