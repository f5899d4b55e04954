"""The gates of a release, in one table: the first one that blocks is the reason that is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from decnet.model.counted import counted
from decnet.model.rollout import IN_FLIGHT, Rollout, RolloutObservation, UnitObservation, UnitState

from .clocks import busy_for
from .ledger import Ledger
from .seen import bounded, up_seconds


class Block(NamedTuple):
    """Why a unit is not released now: a stable name, and the text."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


class Asked(NamedTuple):
    """A waiting unit that asks for its release."""

    name: str
    unit: UnitState
    seen: UnitObservation | None
    catalog: str
    wave: int
    ahead: str = ""
    """Which unit's state is newer than ours, and why: then ours is out of date, and nothing is released."""


def blocked(ledger: Ledger, asked: Asked) -> Block | None:
    """The first gate that blocks a waiting unit; None if it may be released now."""
    return next((block for gate in _GATES if (block := gate(ledger, asked))), None)


def any_ahead(ledger: Ledger, observation: RolloutObservation) -> str:
    """Why the state of one of the units is newer than ours, as after a backup was restored; "" if none is.
    Those that the operator has skipped do not count: a worker may report anything."""
    return next(
        (
            seen.ahead
            for name, seen in observation.units.items()
            if seen.reachable
            and seen.ahead
            and name in ledger.units
            and ledger.units[name].status != "skipped"
        ),
        "",
    )


def is_due(ledger: Ledger, asked: Asked) -> bool:
    """Whether it is the unit's turn: its wave is active, or all waves have passed and it is late."""
    head = ledger.fold.head
    if asked.unit.is_late:
        return head.wave_status == "passed" and head.wave == len(ledger.frozen.waves) - 1
    return head.wave == asked.wave and head.wave_status == "active"


def waiting_reasons(rollout: Rollout, observation: RolloutObservation, now: float) -> dict[str, str]:
    """Why each waiting unit is not released now, as `NAME: text`; names: paused, halted, reverting,
    catalog, wave, unobserved, offline, journal, ahead, busy, budget. A unit that the next pass releases has
    no entry."""
    ledger, waves = Ledger(rollout, now), wave_numbers(rollout)
    found, ahead = {}, any_ahead(ledger, observation)
    for name, unit in ledger.units.items():
        if unit.status == "waiting":
            asked = Asked(name, unit, observation.units.get(name), observation.catalog, waves[name], ahead)
            if block := blocked(ledger, asked):
                found[name] = str(block)
    return found


def flight_reasons(rollout: Rollout, observation: RolloutObservation, now: float) -> dict[str, str]:
    """What each unit in flight waits for, as `NAME: text`."""
    ledger, found = Ledger(rollout, now), {}
    for name, unit in ledger.units.items():
        if unit.status in IN_FLIGHT:
            found[name] = str(_waits_for(ledger, unit, observation.units.get(name)))
    return found


def wave_numbers(rollout: Rollout) -> Mapping[str, int]:
    """The number of each unit's wave, from 0."""
    return {name: number for number, wave in enumerate(rollout.frozen.waves) for name in wave}


def _running(ledger: Ledger, asked: Asked) -> Block | None:
    head = ledger.fold.head
    if head.status == "running":
        return None
    return Block(head.status, head.reason or f"the rollout is {head.status}")


def _catalog(ledger: Ledger, asked: Asked) -> Block | None:
    planned = ledger.frozen.catalog
    if not planned or planned == asked.catalog:
        return None
    return Block(
        "catalog", "the catalog has changed since the rollout was opened: cancel it, and deploy again"
    )


def _wave(ledger: Ledger, asked: Asked) -> Block | None:
    if is_due(ledger, asked):
        return None
    if asked.unit.is_late:
        return Block("wave", "it is late, and released after the last wave")
    head = ledger.fold.head
    if head.wave_status == "held":
        return Block("wave", f"wave {head.wave + 1} is held until you promote it")
    return Block("wave", f"it is in wave {asked.wave + 1}; wave {head.wave + 1} has not passed")


def _unobserved(ledger: Ledger, asked: Asked) -> Block | None:
    return Block("unobserved", "its workers were not asked in this pass") if asked.seen is None else None


def _offline(ledger: Ledger, asked: Asked) -> Block | None:
    seen = _seen(asked)
    return None if seen.reachable else Block("offline", bounded(seen.why, 300) or "it could not be reached")


def _journal(ledger: Ledger, asked: Asked) -> Block | None:
    return Block("journal", bounded(_seen(asked).hole, 300)) if _seen(asked).hole else None


def _ahead(ledger: Ledger, asked: Asked) -> Block | None:
    why = _seen(asked).ahead or asked.ahead
    return Block("ahead", bounded(why, 300)) if why else None


def _busy(ledger: Ledger, asked: Asked) -> Block | None:
    busy, policy = _seen(asked).busy, ledger.policy
    if not busy or policy.busy == "go" or busy_for(ledger, asked.unit) >= policy.busy_deadline:
        return None
    return Block("busy", bounded(busy, 300))


def _budget(ledger: Ledger, asked: Asked) -> Block | None:
    most = ledger.frozen.in_flight
    if ledger.fold.in_flight < most:
        return None
    return Block("budget", f"{ledger.fold.in_flight} of at most {counted(most, 'unit')} in flight")


_GATES: tuple[Callable[[Ledger, Asked], Block | None], ...] = (
    _running,
    _catalog,
    _wave,
    _unobserved,
    _offline,
    _journal,
    _ahead,
    _busy,
    _budget,
)


def _seen(asked: Asked) -> UnitObservation:
    assert asked.seen is not None, "the gate before this one"
    return asked.seen


def _waits_for(ledger: Ledger, unit: UnitState, seen: UnitObservation | None) -> Block:
    if seen is None:
        return Block("unobserved", "its workers were not asked in this pass")
    if not seen.reachable:
        return Block("offline", bounded(seen.why, 300) or "it could not be reached")
    if seen.hole:
        return Block("journal", bounded(seen.hole, 300))
    if seen.ahead:
        return Block("ahead", bounded(seen.ahead, 300))
    if unit.status == "soaking" and seen.healthy and seen.at_to:
        soak = ledger.policy.soak
        done = min(ledger.now - (unit.soak_from or ledger.now), up_seconds(seen))
        return Block("soak", f"{max(0.0, done):.0f} of {soak:.0f} s")
    if seen.armed_until is not None and seen.healthy:
        return Block("confirm", "its worker waits for a confirmation")
    if seen.job in ("open", "none", "lost"):
        return Block(
            "job", {"open": "its job runs", "none": "its job is not known there"}.get(seen.job, "lost")
        )
    if seen.healthy and not seen.why:
        return Block("pass", "the next pass judges it")
    return Block("health", bounded(seen.why, 300) or "it is not healthy")
