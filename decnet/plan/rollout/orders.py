"""What an operator orders for a rollout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.model.rollout import IN_FLIGHT, Rollout, RolloutEvent
from decnet.model.suggest import suggest

from .advance import wait_again
from .clocks import stop_all
from .fold import FAILURES
from .gates import wave_numbers
from .ledger import Ledger
from .seen import bounded

OrderKind = Literal[
    "pause", "resume", "promote", "retry", "skip", "cancel", "rollback", "supersede", "remove",
    "restart-soak",
]  # fmt: skip


@dataclass(frozen=True)
class Order:
    """One order; `units` for retry, skip, remove and restart-soak."""

    kind: OrderKind
    units: tuple[str, ...] = ()
    by: str = ""


def order(rollout: Rollout, given: Order, now: float) -> tuple[Rollout, tuple[RolloutEvent, ...]]:
    """The rollout after this order, and its events. Raises UsageError if that is not possible now."""
    state = rollout.state
    if not rollout.is_open:
        raise UsageError(
            f"rollout {rollout.id} has ended: {state.status}", hint="decnet rollout list shows all of them"
        )
    for name in given.units:
        if name not in state.units:
            near = suggest(name, state.units)
            hint = f"did you mean {near!r}?" if near else f"decnet rollout show {rollout.id} lists its units"
            raise UsageError(f"rollout {rollout.id} has no unit {bounded(name, 60)!r}", hint=hint)
    if given.kind in _WITH_UNITS and not given.units:
        raise UsageError(f"{given.kind}: no unit is named", hint="for example: decnet rollout retry w1")
    ledger = Ledger(rollout, now, bounded(given.by, 200))
    _ORDERS[given.kind](ledger, given)
    return ledger.result()


def _pause(ledger: Ledger, given: Order) -> None:
    _expect(ledger, "pause", "running")
    ledger.order("pause")
    ledger.turn("paused", "by the operator")
    stop_all(ledger, "paused")


def _resume(ledger: Ledger, given: Order) -> None:
    was = _expect(ledger, "resume", "paused", "halted")
    ledger.order("resume")
    accepted: dict[str, Any] = {"acknowledged": ledger.fold.failures} if was == "halted" else {}
    ledger.turn("running", **accepted)


def _promote(ledger: Ledger, given: Order) -> None:
    _expect(ledger, "promote", "running", "paused", "halted")
    head = ledger.fold.head
    if head.promoted > head.wave:
        raise UsageError(
            f"wave {head.wave + 1} of rollout {ledger.rollout.id} has been promoted",
            hint="the next wave begins with the next pass: decnet rollout wait, or decnet reconcile",
        )
    if head.wave_status != "held":
        raise UsageError(
            f"wave {head.wave + 1} of rollout {ledger.rollout.id} is {head.wave_status}, not held",
            hint=f"decnet rollout show {ledger.rollout.id}",
        )
    ledger.order("promote", f"wave {head.wave + 1}", promoted=head.wave + 1)


def _retry(ledger: Ledger, given: Order) -> None:
    _expect(ledger, "retry", "running", "paused", "halted")
    _check_units(ledger, given, {"failed", "reverted", "skipped"})
    failed = sum(ledger.units[name].status in FAILURES for name in set(given.units))
    ledger.order("retry", acknowledged=min(ledger.fold.head.acknowledged, ledger.fold.failures - failed))
    waves = wave_numbers(ledger.rollout)
    for name in dict.fromkeys(given.units):
        unit, is_late = ledger.units[name], wait_again(ledger, waves[name])
        ledger.move(
            name,
            "waiting",
            "retry",
            attempt=unit.attempt + (unit.status != "skipped"),
            losses=0,
            released_at=None,
            soak_from=None,
            soak_resets=0,
            journals={},
            is_late=is_late,
        )


def _skip(ledger: Ledger, given: Order) -> None:
    _expect(ledger, "skip", "running", "paused", "halted")
    _check_units(ledger, given, {"waiting"})
    ledger.order("skip")
    for name in dict.fromkeys(given.units):
        ledger.move(name, "skipped", "by the operator")


def _cancel(ledger: Ledger, given: Order) -> None:
    ledger.order("cancel")
    ledger.turn("cancelled", "by the operator")


def _supersede(ledger: Ledger, given: Order) -> None:
    ledger.order("supersede")
    ledger.turn("superseded", "by another rollout or a deploy")


def _rollback(ledger: Ledger, given: Order) -> None:
    _expect(ledger, "rollback", "running", "paused", "halted")
    ledger.order("rollback")
    ledger.turn("reverting", "by the operator")


def _remove(ledger: Ledger, given: Order) -> None:
    ledger.order("remove")
    for name in dict.fromkeys(given.units):
        status, reason = ledger.units[name].status, "its worker left the fleet"
        if status == "waiting" or status in IN_FLIGHT:
            ledger.move(name, "skipped", reason, is_removed=True)
        else:
            ledger.note(name, reason, is_removed=True, stop="")


def _restart_soak(ledger: Ledger, given: Order) -> None:
    ledger.order("restart-soak")
    for name in given.units:
        if ledger.units[name].status == "soaking":
            ledger.move(name, "checking", "its services were changed", soak_from=None, released_at=ledger.now)
        elif ledger.units[name].status == "checking":
            ledger.note(name, "its services were changed", released_at=ledger.now)


_ORDERS: dict[str, Callable[[Ledger, Order], None]] = {
    "pause": _pause,
    "resume": _resume,
    "promote": _promote,
    "retry": _retry,
    "skip": _skip,
    "cancel": _cancel,
    "supersede": _supersede,
    "rollback": _rollback,
    "remove": _remove,
    "restart-soak": _restart_soak,
}
_WITH_UNITS = frozenset({"retry", "skip", "remove", "restart-soak"})


def _expect(ledger: Ledger, verb: str, *possible: str) -> str:
    status = ledger.fold.head.status
    if status not in possible:
        raise UsageError(
            f"rollout {ledger.rollout.id} is {status}: it cannot {verb} now",
            hint=f"possible while it is {' or '.join(possible)}",
        )
    return status


def _check_units(ledger: Ledger, given: Order, possible: set[str]) -> None:
    wrong = {
        name: ledger.units[name]
        for name in given.units
        if ledger.units[name].status not in possible or ledger.units[name].is_removed
    }
    if wrong:
        shown = ", ".join(
            f"{name} ({'removed' if unit.is_removed else unit.status})"
            for name, unit in list(wrong.items())[:9]
        )
        raise UsageError(
            f"{given.kind}: not possible for {counted(len(wrong), 'unit')}: {shown}",
            hint=f"{given.kind} is for units that are {' or '.join(sorted(possible))}",
        )
