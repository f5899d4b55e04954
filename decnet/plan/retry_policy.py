"""Retry policy: limits how often a decky is tried again, so that a permanent failure is not retried at
every tick."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from decnet.model.counted import counted
from decnet.model.keys import DeckyKey
from decnet.model.plan import Bucket
from decnet.model.record import DeckyRow, LifecycleRow


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `max_attempts` within `window` seconds: the first `burst` of them at once, then after a backoff
    that begins with `initial_backoff` seconds and doubles each time."""

    max_attempts: int = 8
    window: float = 3600.0
    burst: int = 3
    initial_backoff: float = 30.0


DEFAULT_RETRY_POLICY = RetryPolicy()


def backoff_reason(attempts: Iterable[float], *, now: float, policy: RetryPolicy) -> str | None:
    """The reason for no further attempt now, or None. Attempts in the future were recorded by a wrong clock
    and do not count."""
    recent = recent_attempts(attempts, now=now, policy=policy)
    if len(recent) < policy.burst:
        return None
    if len(recent) >= policy.max_attempts:
        wait = recent[-policy.max_attempts] + policy.window - now
        attempts_text = f"{counted(len(recent), 'time')} in {_duration(policy.window)}"
        return f"tried {attempts_text}, again in {_duration(wait)} at the earliest"
    wait = recent[-1] + policy.initial_backoff * 2 ** (len(recent) - policy.burst) - now
    if wait <= 0:
        return None
    return f"tried {_duration(now - recent[-1])} ago, again in {_duration(wait)} at the earliest"


def recent_attempts(
    attempts: Iterable[float], *, now: float, policy: RetryPolicy = DEFAULT_RETRY_POLICY
) -> tuple[float, ...]:
    """The attempts that still count, oldest first: what is worth keeping."""
    return tuple(sorted(at for at in attempts if now - policy.window < at <= now))


def is_repair(bucket: Bucket, row: DeckyRow | None, fingerprints: Mapping[str, str]) -> bool:
    """Whether a step restores what the record says is there (`fingerprints` by container). It counts as an
    attempt even if it succeeds: a worker may report success every time, and every time it is not so."""
    is_recorded = row is not None and row.status == "running" and row.containers == fingerprints
    return bucket in ("heal", "revive") or (bucket == "change" and is_recorded)


def failures(
    lifecycle: Sequence[LifecycleRow], key: DeckyKey, *, counted: Collection[float] = ()
) -> tuple[float, ...]:
    """When the decky's operations failed since the last success; without those that began at one of the times
    `counted`, which the caller has already counted. These match exactly: a heal and its lifecycle row are
    recorded with the same time."""
    ends: list[float] = []
    decky_rows = [row for row in lifecycle if row.decky == key.decky and row.project == key.project]
    for row in sorted(decky_rows, key=lambda row: row.created):
        if row.status == "succeeded":
            ends.clear()
        elif row.status in ("failed", "lost") and row.created not in counted:
            ends.append(row.created if row.ended is None else row.ended)
    return tuple(ends)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min"
