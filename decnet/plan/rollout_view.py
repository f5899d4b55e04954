"""A rollout as people and scripts read it: how far it is, what each unit does, and what can be done next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from decnet.model.counted import counted
from decnet.model.rollout import IN_FLIGHT, RELEASED, Rollout, RolloutEvent, UnitState
from decnet.model.rollout_policy import spelled
from decnet.model.rollout_values import duration_text
from decnet.wire import clean

FAILURES = ("failed", "reverted", "revert_failed")
_AS_BEFORE = ("reverted", "waiting", "skipped")
BAR = 10
"""Characters of a bar."""
MOST_NAMES = 6
"""Units of a wave that are named."""


def words(status: str) -> str:
    """A status as a message names it."""
    return status.replace("_", " ")


def status_line(rollout: Rollout) -> str:
    """The rollout in one line, for `status` and the end of a pass."""
    state = rollout.state
    parts = [f"rollout {rollout.id}: {words(state.status)}"]
    if rollout.is_open and state.status != "reverting":
        held = ", held" if _is_held(rollout) else ""
        parts.append(f"wave {state.wave + 1} of {len(rollout.frozen.waves)}{held}")
    parts.append(progress(rollout))
    line = ", ".join(parts)
    return f"{line}: {clean(state.reason, 300)}" if state.reason else line


def progress(rollout: Rollout) -> str:
    """How many units have which status, in words: `3 of 12 units passed, 2 in flight, 7 waiting`."""
    counts = counts_of(rollout)
    total = len(rollout.frozen.units)
    if _is_taken_back(rollout):
        back = sum(counts[status] for status in _AS_BEFORE)
        failed = f", {counts['revert_failed']} failed" if counts["revert_failed"] else ""
        return f"{back} of {counted(total, 'unit')} as before{failed}"
    parts = [f"{counts['passed']} of {counted(total, 'unit')} passed"]
    others = {
        "in flight": sum(counts[status] for status in IN_FLIGHT),
        "waiting": counts["waiting"],
        "failed": sum(counts[status] for status in FAILURES),
        "skipped": counts["skipped"],
    }
    return ", ".join(parts + [f"{number} {name}" for name, number in others.items() if number])


def ended_count(rollout: Rollout) -> int:
    """How many units need nothing more, forward or back."""
    counts = counts_of(rollout)
    if _is_taken_back(rollout):
        return sum(counts[status] for status in (*_AS_BEFORE, "revert_failed"))
    return len(rollout.frozen.units) - sum(counts[status] for status in (*IN_FLIGHT, "waiting"))


def counts_of(rollout: Rollout) -> Counter[str]:
    """How many units have each status."""
    return Counter[str](_state(rollout, unit).status for unit in rollout.frozen.units)


def next_step(rollout: Rollout) -> str:
    """What the operator can do now; "" if it has ended."""
    if wanted := needs_operator(rollout):
        return wanted
    return "decnet rollout wait, or each decnet reconcile, continues it" if rollout.is_open else ""


def needs_operator(rollout: Rollout) -> str:
    """What the operator has to do before anything more is released; "" if it continues by itself."""
    state = rollout.state
    if state.status == "halted":
        failed = [unit for unit in rollout.frozen.units if _state(rollout, unit).status in FAILURES]
        back = _way_back(rollout)
        if not failed:
            return f"decnet rollout resume continues it, {back}"
        return f"decnet rollout retry {failed[0]} tries again, rollout resume accepts it, {back}"
    if state.status == "paused":
        return "decnet rollout resume continues it"
    if state.status == "running" and _is_held(rollout):
        is_last = state.wave + 1 == len(rollout.frozen.waves)
        what = "ends it" if is_last else f"begins wave {state.wave + 2}"
        return f"decnet rollout promote {what}, {_way_back(rollout)}"
    return ""


def _way_back(rollout: Rollout) -> str:
    """An agent is not taken back: the former one is not kept."""
    is_agent = rollout.frozen.kind == "agent"
    return "rollout cancel ends it" if is_agent else "rollout rollback takes the change back"


def _is_held(rollout: Rollout) -> bool:
    """Whether the next wave waits for an order that was not given yet."""
    return rollout.state.wave_status == "held" and rollout.state.promoted <= rollout.state.wave


def rollout_item(rollout: Rollout) -> dict[str, Any]:
    """One rollout for scripts, and a row of `rollout list`."""
    frozen, state = rollout.frozen, rollout.state
    counts = counts_of(rollout)
    return {
        "id": rollout.id,
        "status": state.status,
        "reason": state.reason,
        "releases": frozen.kind,
        "policy": frozen.policy.name,
        "command": frozen.command,
        "opened_at": frozen.opened_at,
        "opened_by": frozen.opened_by,
        "since": state.since,
        "wave": state.wave + 1,
        "wave_status": state.wave_status,
        "wave_count": len(frozen.waves),
        "unit_count": len(frozen.units),
        "passed": counts["passed"],
        "in_flight": sum(counts[status] for status in IN_FLIGHT),
        "waiting": counts["waiting"],
        "failed": sum(counts[status] for status in FAILURES),
        "skipped": counts["skipped"],
    }


def policy_item(rollout: Rollout) -> dict[str, Any]:
    """The frozen policy for scripts: every value as a file has it, and the numbers after rounding."""
    frozen = rollout.frozen
    rounded = {"in_flight": frozen.in_flight, "failures": frozen.failures, "units": len(frozen.units)}
    return {"name": frozen.policy.name, **spelled(frozen.policy), "rounded": rounded, "seed": frozen.seed}


def wave_items(rollout: Rollout) -> list[dict[str, Any]]:
    """The waves for scripts, in their order."""
    return [_wave(rollout, number, units) for number, units in enumerate(rollout.frozen.waves)]


def _wave(rollout: Rollout, number: int, units: tuple[str, ...]) -> dict[str, Any]:
    statuses = Counter[str](_state(rollout, unit).status for unit in units)
    # A unit that was taken back as it should be has not failed.
    failed = statuses["revert_failed"] if _is_taken_back(rollout) else sum(statuses[s] for s in FAILURES)
    return {
        "wave": number + 1,
        "status": _wave_status(rollout, number),
        "units": list(units),
        "passed": statuses["passed"],
        "in_flight": sum(statuses[status] for status in IN_FLIGHT),
        "failed": failed,
        "skipped": statuses["skipped"],
    }


def _wave_status(rollout: Rollout, number: int) -> str:
    state = rollout.state
    if _is_taken_back(rollout):
        return words(state.status) if number <= state.wave else "waiting"
    if number == state.wave and state.status != "done":
        return state.wave_status
    return "passed" if number < state.wave or state.status == "done" else "waiting"


def _is_taken_back(rollout: Rollout) -> bool:
    return rollout.state.status in ("reverting", "reverted", "revert_failed")


def unit_items(rollout: Rollout, remarks: Mapping[str, str], now: float) -> list[dict[str, Any]]:
    """The units for scripts, in the order of their release; `remarks` has what was observed of them."""
    order = [unit for units in rollout.frozen.waves for unit in units]
    return [_unit(rollout, unit, remarks.get(unit, ""), now) for unit in order]


def _unit(rollout: Rollout, name: str, seen: str, now: float) -> dict[str, Any]:
    state, unit = _state(rollout, name), rollout.frozen.units[name]
    return {
        "name": name,
        "wave": rollout.frozen.wave_of(name) + 1,
        "status": state.status,
        "since": state.since,
        "workers": list(unit.workers),
        "changes": unit.changes,
        "moves": unit.moves,
        "has_the_change": state.status in RELEASED,
        "attempt": state.attempt,
        "soak_done": round(_soaked(rollout, state, now), 3),
        "remark": _remark(rollout, state, seen, now),
        "confirm_within": unit.confirm_within,
    }


def _state(rollout: Rollout, unit: str) -> UnitState:
    return rollout.state.units.get(unit) or UnitState()


def _soaked(rollout: Rollout, state: UnitState, now: float) -> float:
    """Which part of its soak a unit has behind it, 0 to 1."""
    if state.status == "passed":
        return 1.0
    soak = rollout.frozen.policy.soak
    if state.status != "soaking" or state.soak_from is None:
        return 0.0
    return min(max((now - state.soak_from) / soak, 0.0), 1.0) if soak else 1.0


def _remark(rollout: Rollout, state: UnitState, seen: str, now: float) -> str:
    """What holds it up or ended it, and how far it is. What was observed now comes first."""
    parts = [seen or state.reason]
    if state.status == "checking":
        parts.append(_deadline(rollout, state, now))
    elif state.status == "soaking":
        # The text below has how far the soak is, in better words.
        parts = [part for part in parts if not part.startswith("soak:")]
        parts += [_soak_text(rollout, state, now), _resets(rollout, state)]
    elif state.status == "passed":
        parts = ["had the change before"] if state.is_noop else []
    elif state.status == "waiting" and not seen and rollout.state.status in ("halted", "paused"):
        parts = [f"{rollout.state.status}: {rollout.state.reason}"]
    elif state.is_late and state.status in ("waiting", "skipped"):
        parts.append("gets the change after the last wave")
    again = f"attempt {state.attempt}" if state.attempt > 1 and state.status in IN_FLIGHT else ""
    stopped = (
        "its deadlines are stopped" if state.stopped_at is not None and state.status in IN_FLIGHT else ""
    )
    return clean("; ".join(filter(None, [*parts, again, stopped])), 400)


def _deadline(rollout: Rollout, state: UnitState, now: float) -> str:
    if state.stopped_at is not None:
        return ""
    passed = now - state.since - state.stopped_for
    left = rollout.frozen.policy.healthy_deadline - passed
    return f"fails in {duration_text(left)}" if left >= 1 else "fails now"


def _soak_text(rollout: Rollout, state: UnitState, now: float) -> str:
    soak = rollout.frozen.policy.soak
    done = _soaked(rollout, state, now) * soak
    return f"healthy for {duration_text(done)} of {duration_text(soak)}"


def _resets(rollout: Rollout, state: UnitState) -> str:
    most = rollout.frozen.policy.max_restarts
    return f"began again {state.soak_resets} of {most} times" if state.soak_resets else ""


def bar(part: int, whole: int, failed: int = 0) -> str:
    """`[####......] 2 of 5`, or `[####x.....] 2 of 5, 1 failed`."""
    filled = BAR * part // whole if whole else BAR
    crossed = -(-BAR * failed // whole) if failed else 0
    crossed = min(crossed, BAR - filled)
    drawn = "#" * filled + "x" * crossed + "." * (BAR - filled - crossed)
    return f"[{drawn}] {part} of {whole}" + (f", {failed} failed" if failed else "")


def named(units: Sequence[str], most: int = MOST_NAMES) -> str:
    """Names of units, the first ones of many."""
    more = f" and {len(units) - most} more" if len(units) > most else ""
    return ", ".join(units[:most]) + more


def is_news(event: RolloutEvent) -> bool:
    """Whether an event is worth a line of its own: a status changed, or someone ordered something."""
    return event.kind == "order" or (event.before != event.after and event.kind != "opened")


def event_text(event: RolloutEvent) -> str:
    """What an event of the log changed, in words."""
    after = words(event.after)
    match event.kind:
        case "opened":
            return "opened"
        case "order":
            return f"{after}, ordered by {clean(event.by, 60)}"
        case "unit":
            what = event.unit or ""
        case "wave":
            what = f"wave {(event.wave or 0) + 1}"
        case "rollout":
            what = "rollout"
    before = f"{words(event.before)} -> " if event.before not in ("", event.after) else ""
    return f"{what}: {before}{after}"


def time_text(at: float | None) -> str:
    """A time in UTC."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
