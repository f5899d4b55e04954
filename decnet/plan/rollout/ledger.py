"""A rollout while a pass or an order moves it: every change is an event, applied by the fold at once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from decnet.model.rollout import (
    Evidence,
    Rollout,
    RolloutEvent,
    UnitObservation,
    UnitState,
    UnitStatus,
)

from .fold import Fold
from .seen import bounded, evidence_of, worker_clock

REASON = 500
"""The longest reason that is stored, in characters."""


class Ledger:
    """The state of a rollout, and the events that were added to it at `now`."""

    def __init__(self, rollout: Rollout, now: float, by: str = "") -> None:
        if not math.isfinite(now):
            raise ValueError("the time must be finite")
        self.rollout, self.frozen, self.policy = rollout, rollout.frozen, rollout.frozen.policy
        self.now, self.by = now, by
        self.fold = Fold(rollout.frozen, rollout.state)
        self.events: list[RolloutEvent] = []

    @property
    def units(self) -> dict[str, UnitState]:
        """The units as they are now."""
        return self.fold.units

    @property
    def is_running(self) -> bool:
        return self.fold.head.status == "running"

    @property
    def failures_allowed(self) -> int:
        """How many units may fail before the rollout halts."""
        return max(self.frozen.failures, self.fold.head.acknowledged)

    def result(self) -> tuple[Rollout, tuple[RolloutEvent, ...]]:
        """The rollout after the events, and the events. The same rollout if there are none."""
        if not self.events:
            return self.rollout, ()
        return replace(self.rollout, state=self.fold.state()), tuple(self.events)

    def move(
        self,
        name: str,
        after: UnitStatus,
        reason: str = "",
        seen: UnitObservation | None = None,
        **fields: Any,
    ) -> None:
        """A unit gets another status."""
        clock = worker_clock(seen) if seen else None
        fields = {"worker_clock": clock, **fields}
        self._unit(name, after, reason, evidence_of(seen) if seen else None, fields)

    def note(self, name: str, reason: str = "", seen: UnitObservation | None = None, **fields: Any) -> None:
        """A unit keeps its status, and other fields change."""
        self._unit(name, self.units[name].status, reason, evidence_of(seen) if seen else None, fields)

    def wave(self, number: int, after: str, reason: str = "") -> None:
        """Another wave is the active one, or it has another status."""
        before = self.fold.head.wave_status if number == self.fold.head.wave else "waiting"
        self._add(kind="wave", wave=number, before=before, after=after, reason=reason)

    def turn(self, after: str, reason: str = "", **fields: Any) -> None:
        """The rollout gets another status, or other fields change."""
        self._add(kind="rollout", before=self.fold.head.status, after=after, reason=reason, fields=fields)

    def order(self, kind: str, reason: str = "", **fields: Any) -> None:
        """What an operator has ordered."""
        self._add(kind="order", after=kind, reason=reason, fields=fields)

    def _unit(
        self, name: str, after: UnitStatus, reason: str, evidence: Evidence | None, fields: dict[str, Any]
    ) -> None:
        before = self.units[name]
        changed = {key: value for key, value in fields.items() if value != getattr(before, key)}
        if after == before.status and not changed:
            return
        kept = fields if after != before.status else changed
        self._add(
            kind="unit",
            unit=name,
            before=before.status,
            after=after,
            reason=reason,
            evidence=evidence,
            fields=kept,
        )

    def _add(self, *, reason: str = "", **values: Any) -> None:
        seq, text = self.fold.head.seq + 1, bounded(reason, REASON)
        event = RolloutEvent(seq=seq, at=self.now, by=self.by, reason=text, **values)
        self.fold.apply(event)
        self.events.append(event)
