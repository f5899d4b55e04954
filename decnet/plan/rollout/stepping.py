"""One pass over a rollout."""

from __future__ import annotations

from decnet.model.rollout import Rollout, RolloutEvent, RolloutObservation

from .advance import come_back, end, react, release, revert, watch_progress
from .clocks import step_back
from .gates import wave_numbers
from .judge import judge
from .ledger import Ledger


def step(
    rollout: Rollout, observation: RolloutObservation, now: float, *, may_release: bool = True
) -> tuple[Rollout, tuple[RolloutEvent, ...]]:
    """The rollout after one pass that observed this at `now` (the operator's clock, seconds since the epoch),
    and the events that led there: none if nothing moved. Without `may_release`, units in flight are judged
    and nothing is released."""
    if not rollout.is_open:
        return rollout, ()
    ledger = Ledger(rollout, now)
    step_back(ledger)
    for name, seen in observation.units.items():
        if name in ledger.units:
            judge(ledger, name, seen)
    react(ledger)
    if may_release:
        come_back(ledger, observation, dict(wave_numbers(rollout)))
    watch_progress(ledger, observation)
    release(ledger, observation, may_release=may_release)
    if ledger.fold.head.status == "reverting" and may_release:
        revert(ledger, observation)
    end(ledger)
    return ledger.result()


def could_release(rollout: Rollout, observation: RolloutObservation, now: float) -> tuple[str, ...]:
    """The units that a pass would release now, or pass because they have the content already."""
    _, events = step(rollout, observation, now)
    return tuple(
        dict.fromkeys(
            event.unit
            for event in events
            if event.unit and event.before == "waiting" and event.after in ("sent", "passed")
        )
    )
