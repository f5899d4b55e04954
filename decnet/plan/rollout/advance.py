"""Moving a rollout on: releases, waves, halts, the rollback, the end."""

from __future__ import annotations

from decnet.model.counted import counted
from decnet.model.rollout import IN_FLIGHT, RELEASED, RolloutObservation, UnitObservation, UnitState

from .clocks import passed, stop_all, stop_or_start, why_stopped
from .fold import FAILURES
from .gates import Asked, any_ahead, blocked
from .ledger import Ledger
from .seen import journals

_OVER = frozenset({"passed", "skipped"}) | FAILURES


def react(ledger: Ledger) -> None:
    """Halt, or take back, if more units have failed than may."""
    head, policy = ledger.fold.head, ledger.policy
    if head.status not in ("running", "paused") or policy.on_failure == "continue":
        return
    failed, most = ledger.fold.failures, ledger.failures_allowed
    if failed <= most:
        return
    reason = f"{counted(failed, 'unit')} failed, at most {most} may"
    if policy.on_failure == "rollback":
        ledger.turn("reverting", reason)
    else:
        halt(ledger, reason)


def halt(ledger: Ledger, reason: str) -> None:
    """Nothing is released any more, and no deadline counts."""
    ledger.turn("halted", reason)
    stop_all(ledger, "halted")


def watch_progress(ledger: Ledger, observation: RolloutObservation) -> None:
    """Halt if nothing has moved for too long, while a unit in flight could have."""
    head, now = ledger.fold.head, ledger.now
    if not ledger.is_running:
        return
    flying = [
        (unit, seen)
        for name, unit in ledger.units.items()
        if unit.status in IN_FLIGHT and (seen := observation.units.get(name)) is not None
    ]
    if ledger.fold.in_flight and not flying:
        return
    able = [(u, seen) for u, seen in flying if why_stopped(ledger, u, seen) not in ("offline", "busy")]
    if not able:
        if head.progress_stopped_at is None and ledger.fold.in_flight:
            ledger.turn("running", "no unit in flight can move", progress_stopped_at=now)
        return
    if head.progress_stopped_at is not None:
        since = head.progress_at + max(0.0, now - head.progress_stopped_at)
        ledger.turn("running", "a unit in flight can move", progress_at=since, progress_stopped_at=None)
        head = ledger.fold.head
    most = ledger.policy.progress_deadline
    if any(unit.status == "soaking" for unit, _ in able):
        # A soak is no standstill.
        most += ledger.policy.soak
    if now - head.progress_at < most:
        return
    longest = max(passed(ledger, unit, seen) for unit, seen in able)
    if longest >= most or head.progress_doubted:
        halt(ledger, f"no unit has moved for {most:.0f} s")
    else:
        # The operator's clock may have been set forward. A worker whose clock stands still gains one
        # interval.
        ledger.turn("running", "clocks disagree", progress_at=now, progress_doubted=True)


def come_back(ledger: Ledger, observation: RolloutObservation, waves: dict[str, int]) -> None:
    """Units that were skipped because they could not be reached, and are there again, wait once more."""
    if not ledger.is_running:
        return
    for name, seen in observation.units.items():
        unit = ledger.units.get(name)
        if unit and unit.status == "skipped" and unit.stop == "offline" and seen.reachable:
            is_late = wait_again(ledger, waves[name])
            ledger.move(name, "waiting", "it is reachable again", seen, is_late=is_late)


def wait_again(ledger: Ledger, wave: int) -> bool:
    """Whether a unit of this wave that waits once more is late. If its wave is held, that is active again."""
    head = ledger.fold.head
    if wave == head.wave and head.wave_status == "held":
        ledger.wave(wave, "active", "a unit of it waits again")
        return False
    return not (wave > head.wave or (wave == head.wave and head.wave_status == "active"))


def release(ledger: Ledger, observation: RolloutObservation, *, may_release: bool) -> None:
    """Release what no gate blocks, wave by wave, as far as that goes in this pass."""
    while ledger.is_running:
        head = ledger.fold.head
        number, names = head.wave, ledger.frozen.waves[head.wave]
        if may_release and head.wave_status == "active":
            _release_each(ledger, observation, names, number)
        if not _judge_wave(ledger, number, names):
            break
    if ledger.is_running and ledger.fold.head.wave_status == "passed" and may_release:
        late = [name for wave in ledger.frozen.waves for name in wave if ledger.units[name].is_late]
        _release_each(ledger, observation, late, -1)


def _release_each(
    ledger: Ledger, observation: RolloutObservation, names: tuple[str, ...] | list[str], number: int
) -> None:
    ahead = any_ahead(ledger, observation)
    for name in names:
        unit = ledger.units[name]
        if unit.status == "waiting":
            seen = observation.units.get(name)
            _release(ledger, Asked(name, unit, seen, observation.catalog, number, ahead))


def _release(ledger: Ledger, asked: Asked) -> None:
    name, seen = asked.name, asked.seen
    block = blocked(ledger, asked)
    if seen is not None:
        _note_stop(ledger, name, block.name if block else "", seen)
    if block and block.name == "offline" and seen is not None:
        _skip_if_away(ledger, name, seen)
    elif _is_noop(asked) and (block is None or block.name in ("busy", "budget")):
        ledger.move(name, "passed", "it is at this content already", seen, is_noop=True)
    elif block is None and seen is not None:
        ledger.move(
            name,
            "sent",
            "released" if not asked.unit.attempt else f"released again, attempt {asked.unit.attempt + 1}",
            seen,
            released_at=ledger.now,
            soak_from=None,
            soak_resets=0,
            journals=journals(seen),
        )


def _note_stop(ledger: Ledger, name: str, block: str, seen: UnitObservation) -> None:
    """Since when a unit whose turn it is was busy, or could not be reached if that has a deadline."""
    counts = block == "busy" or (block == "offline" and ledger.policy.offline == "skip")
    stop_or_start(ledger, name, block if counts else "", seen)


def _skip_if_away(ledger: Ledger, name: str, seen: UnitObservation) -> None:
    began = ledger.units[name].stopped_at
    if began is not None and ledger.now - began >= ledger.policy.offline_after:
        ledger.move(name, "skipped", seen.why or "it could not be reached", seen, stop="offline")


def _is_noop(asked: Asked) -> bool:
    seen, unit = asked.seen, asked.unit
    return seen is not None and seen.at_to and seen.healthy and not unit.attempt and not unit.losses


def _judge_wave(ledger: Ledger, number: int, names: tuple[str, ...]) -> bool:
    """Pass or hold the active wave if all its units ended, and begin the next one: whether it has."""
    head = ledger.fold.head
    if head.wave_status == "passed":
        return False
    units = [ledger.units[name] for name in names]
    if any(unit.status not in _OVER for unit in units):
        return False
    if reason := _why_held(ledger, number, units):
        if head.wave_status != "held":
            ledger.wave(number, "held", reason)
        return False
    good = [unit for unit in units if unit.status == "passed"]
    noops = "no unit of it had to change" if all(unit.is_noop for unit in good) else ""
    ledger.wave(number, "passed", noops if good else "none of its units has passed")
    if number + 1 == len(ledger.frozen.waves):
        return False
    ledger.wave(number + 1, "active")
    return True


def _why_held(ledger: Ledger, number: int, units: list[UnitState]) -> str:
    if ledger.fold.head.promoted > number:
        return ""
    is_last = number + 1 == len(ledger.frozen.waves)
    good = [unit for unit in units if unit.status == "passed"]
    has_failed = any(unit.status in FAILURES for unit in units)
    if not good or (all(unit.is_noop for unit in good) and has_failed):
        # Nothing comes after the last wave that would have to be held up by its failures.
        is_over = is_last and has_failed and ledger.policy.on_failure == "continue"
        return "" if is_over else "none of its units has passed"
    if ledger.policy.promote == "manual" and not is_last:
        return "it waits for decnet rollout promote"
    return ""


def revert(ledger: Ledger, observation: RolloutObservation) -> None:
    """Take released units back, the last one first, twice as many at once as forward. No gate counts."""
    room = 2 * ledger.frozen.in_flight - ledger.fold.in_flight
    for name in _to_revert(ledger, observation):
        unit = ledger.units[name]
        if unit.is_removed:
            ledger.move(name, "skipped", "its worker left the fleet")
            continue
        is_flying = unit.status in IN_FLIGHT
        if not is_flying and room <= 0:
            continue
        room -= not is_flying
        again = {"attempt": unit.attempt + 1, "losses": 0, "released_at": ledger.now}
        ledger.move(name, "reverting", "rollback", observation.units.get(name), **again)


def is_touched(unit: UnitState) -> bool:
    """Whether a rollback has to take a unit back: it was released, even if it waits once more now."""
    was_sent = unit.status in ("waiting", "skipped") and unit.attempt > 0 and not unit.is_removed
    return unit.status in RELEASED or was_sent


def _to_revert(ledger: Ledger, observation: RolloutObservation) -> list[str]:
    """Those that may be at `to`, in reverse order of their release; first those that can be reached."""
    found = [name for name, unit in ledger.units.items() if is_touched(unit)]
    found.sort(key=lambda name: ledger.units[name].released_at or 0.0, reverse=True)
    away = {name for name in found if (seen := observation.units.get(name)) and not seen.reachable}
    return [name for name in found if name not in away] + [name for name in found if name in away]


def end(ledger: Ledger) -> None:
    """The rollout ends if nothing is left to do."""
    head, units = ledger.fold.head, ledger.units.values()
    if head.status == "reverting":
        if any(is_touched(unit) or unit.status == "reverting" for unit in units):
            return
        left = [name for name, unit in ledger.units.items() if unit.status == "revert_failed"]
        reason = f"not taken back: {', '.join(left[:9])}" if left else ""
        ledger.turn("revert_failed" if left else "reverted", reason)
    elif head.status == "running" and head.wave_status == "passed":
        is_last = head.wave == len(ledger.frozen.waves) - 1
        if is_last and not any(unit.status in IN_FLIGHT or unit.status == "waiting" for unit in units):
            ledger.turn("done")
