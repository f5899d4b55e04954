"""Restart budget: limits how often a decky is tried again, so that a permanent failure is not retried at
every tick."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from decnet.model.keys import DeckyKey
from decnet.model.record import LifecycleRow


@dataclass(frozen=True, slots=True)
class Budget:
    """At most `tries` within `window` seconds: the first `free` ones at once, then with a wait before each
    that doubles, `first_wait` at first."""

    tries: int = 8
    window: float = 3600.0
    free: int = 3
    first_wait: float = 30.0


BUDGET = Budget()


def retry_refusal(attempts: Iterable[float], *, now: float, budget: Budget) -> str | None:
    """The reason for no further attempt now, or None. Attempts in the future were recorded by a wrong clock
    and do not count."""
    recent = recent_attempts(attempts, now=now, budget=budget)
    if len(recent) < budget.free:
        return None
    if len(recent) >= budget.tries:
        wait = recent[-budget.tries] + budget.window - now
        attempts_text = f"{len(recent)} times in {_duration(budget.window)}"
        return f"tried {attempts_text}, again in {_duration(wait)} at the earliest"
    wait = recent[-1] + budget.first_wait * 2 ** (len(recent) - budget.free) - now
    if wait <= 0:
        return None
    return f"tried {_duration(now - recent[-1])} ago, again in {_duration(wait)} at the earliest"


def recent_attempts(attempts: Iterable[float], *, now: float, budget: Budget = BUDGET) -> tuple[float, ...]:
    """The attempts that still count, oldest first: what is worth keeping."""
    return tuple(sorted(at for at in attempts if now - budget.window < at <= now))


def failures(
    lifecycle: Sequence[LifecycleRow], key: DeckyKey, *, counted: Collection[float] = ()
) -> tuple[float, ...]:
    """When the decky's operations failed since the last success; without those that began at one of the times
    `counted`, which the caller has already counted."""
    ends: list[float] = []
    own = [row for row in lifecycle if row.decky == key.decky and row.project == key.project]
    for row in sorted(own, key=lambda row: row.created):
        if row.status == "succeeded":
            ends.clear()
        elif row.status in ("failed", "lost") and row.created not in counted:
            ends.append(row.created if row.ended is None else row.ended)
    return tuple(ends)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min"
