"""Judging the units in flight: each observation moves a unit by at most what it proves."""

from __future__ import annotations

from collections.abc import Callable

from decnet.model.rollout import RELEASED, UnitObservation, UnitState

from .clocks import elapsed, stop_or_start, why_stopped
from .ledger import Ledger
from .seen import (
    boot_ids,
    is_behind,
    is_good,
    is_younger,
    journals,
    restarts,
    up_seconds,
    why_not_good,
    worker_clock,
)

TRIES = 3
"""With so many lost jobs a unit fails."""


def judge(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    """What this observation of a unit means for it. In a rollback, only what is taken back is judged."""
    unit = ledger.units[name]
    if unit.is_removed or (ledger.fold.head.status == "reverting" and unit.status != "reverting"):
        return
    if unit.status in _IN_FLIGHT:
        _judge_in_flight(ledger, name, unit, seen)
    elif unit.status in RELEASED and not unit.is_noop and seen.reachable and is_younger(seen, unit):
        _take_reverted(ledger, name, seen)


def _judge_in_flight(ledger: Ledger, name: str, unit: UnitState, seen: UnitObservation) -> None:
    why = why_stopped(ledger, unit, seen)
    if seen.reachable and unit.worker_clock is None and worker_clock(seen) is not None:
        ledger.note(name, "first seen in this status", seen, worker_clock=worker_clock(seen))
    stop_or_start(ledger, name, why, seen)
    if why == "offline":
        _give_up(ledger, name, seen)
    elif why not in ("journal", "ahead") and is_younger(seen, unit):
        _IN_FLIGHT[unit.status](ledger, name, seen)


def _judge_sent(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    unit = ledger.units[name]
    if seen.job == "open":
        return
    if seen.job == "failed":
        ledger.move(name, "failed", seen.job_error or "its job failed", seen)
    elif seen.job == "succeeded" or (seen.job == "none" and seen.at_to and unit.losses):
        if not _take_reverted(ledger, name, seen):
            ledger.move(name, "checking", "its job succeeded", seen, journals=journals(seen))
            _judge_checking(ledger, name, seen)
    else:
        _send_again(ledger, name, seen)


def _send_again(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    unit = ledger.units[name]
    what = "its job was lost" if seen.job == "lost" else "its worker has no job of it"
    why = f": {seen.why}" if seen.why and seen.job == "none" else ""
    if unit.losses + 1 >= TRIES:
        ledger.move(name, "failed", f"{what}, {TRIES} times{why}", seen, losses=TRIES)
    else:
        again = {"losses": unit.losses + 1, "attempt": unit.attempt + 1, "released_at": None}
        ledger.move(name, "waiting", f"{what}{why}", seen, **again)


def _judge_checking(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    unit = ledger.units[name]
    if _take_reverted(ledger, name, seen) or _take_failure(ledger, name, seen):
        return
    if seen.job in ("open", "lost"):
        _enforce_deadline(ledger, name, seen)
    elif is_good(seen, unit) and seen.armed_until is None:
        _begin_soak(ledger, name, seen, "healthy", unit.soak_resets)
        _judge_soaking(ledger, name, seen)
    else:
        _enforce_deadline(ledger, name, seen)


def _judge_soaking(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    unit = ledger.units[name]
    if _take_reverted(ledger, name, seen) or _take_failure(ledger, name, seen):
        return
    if is_behind(seen, unit):
        return
    if not is_good(seen, unit):
        _soak_again(ledger, name, seen, why_not_good(seen, unit))
    elif list(unit.boot_ids) != boot_ids(seen):
        _soak_again(ledger, name, seen, "its worker has rebooted")
    elif unit.restarts != restarts(seen):
        _soak_again(ledger, name, seen, "a container has restarted")
    elif seen.armed_until is None and _has_soaked(ledger, unit, seen):
        ledger.move(name, "passed", "healthy to the end of its soak", seen, journals=journals(seen))


def _has_soaked(ledger: Ledger, unit: UnitState, seen: UnitObservation) -> bool:
    """Whether both clocks say that it was healthy for long enough, and it was observed after that."""
    began, soak = unit.soak_from, ledger.policy.soak
    if began is None:
        return False
    return min(ledger.now, seen.observed_at) - began >= soak and up_seconds(seen) >= soak


def _begin_soak(ledger: Ledger, name: str, seen: UnitObservation, reason: str, resets: int) -> None:
    ledger.move(
        name,
        "soaking",
        reason,
        seen,
        soak_from=min(ledger.now, seen.observed_at),
        boot_ids=boot_ids(seen),
        restarts=restarts(seen),
        soak_resets=resets,
        journals=journals(seen),
    )


def _soak_again(ledger: Ledger, name: str, seen: UnitObservation, reason: str) -> None:
    """It has to be healthy again, and its soak begins again; too often, and it fails."""
    resets = ledger.units[name].soak_resets + 1
    if resets > ledger.policy.max_restarts:
        ledger.move(
            name, "failed", f"{reason}, for the {resets}th time in its soak", seen, soak_resets=resets
        )
        return
    ledger.move(name, "checking", reason, seen, soak_from=None, soak_resets=resets)
    if is_good(seen, ledger.units[name]) and seen.armed_until is None:
        _begin_soak(ledger, name, seen, "healthy again", resets)


def _take_failure(ledger: Ledger, name: str, seen: UnitObservation) -> bool:
    if seen.job != "failed":
        return False
    ledger.move(name, "failed", seen.job_error or "its job failed", seen)
    return True


def _take_reverted(ledger: Ledger, name: str, seen: UnitObservation) -> bool:
    """A worker that has restored its former slice by itself: a failure, whatever was seen before."""
    if not seen.reverted:
        return False
    ledger.move(name, "reverted", seen.reverted, seen)
    return True


def _enforce_deadline(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    unit, most = ledger.units[name], ledger.policy.healthy_deadline
    if not unit.stop and elapsed(ledger, unit, seen) >= most:
        ledger.move(name, "failed", f"{why_not_good(seen, unit)} (for {most:.0f} s)", seen)


def _judge_reverting(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    unit = ledger.units[name]
    if seen.job == "open":
        pass
    elif seen.at_former and seen.healthy and not is_behind(seen, unit):
        ledger.move(name, "reverted", "its former slice is healthy", seen)
        return
    elif seen.job == "failed":
        ledger.move(name, "revert_failed", seen.job_error or "its job failed", seen)
        return
    elif seen.job == "lost" and unit.losses < TRIES:
        ledger.note(name, "its job was lost", seen, losses=unit.losses + 1, attempt=unit.attempt + 1)
    _end_reverting(ledger, name, seen)


def _end_reverting(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    """What is not back in time has failed. A worker whose clock stands still gains the progress deadline once
    more: the operator's clock may have been set forward."""
    unit, policy = ledger.units[name], ledger.policy
    if unit.stop:
        return
    is_overdue = ledger.now - unit.since - unit.stopped_for >= policy.progress_deadline
    if elapsed(ledger, unit, seen) >= policy.healthy_deadline or (is_overdue and unit.is_doubted):
        ledger.move(name, "revert_failed", seen.why or "its former slice is not healthy", seen)
    elif is_overdue:
        again = {"since": ledger.now, "stopped_for": 0.0, "worker_clock": worker_clock(seen)}
        ledger.note(name, "clocks disagree", seen, is_doubted=True, **again)


def _give_up(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    """A unit that cannot be reached does not hold up a rollback beyond a deadline: its former slice is
    desired, and every reconcile tries again."""
    unit = ledger.units[name]
    began = unit.stopped_at if unit.stopped_at is not None else ledger.now
    if unit.status == "reverting" and ledger.now - began >= ledger.policy.offline_after:
        ledger.move(name, "revert_failed", seen.why or "it could not be reached", seen)


_IN_FLIGHT: dict[str, Callable[[Ledger, str, UnitObservation], None]] = {
    "sent": _judge_sent,
    "checking": _judge_checking,
    "soaking": _judge_soaking,
    "reverting": _judge_reverting,
}
