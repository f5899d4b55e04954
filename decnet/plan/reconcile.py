"""The three-way pass: what is desired, recorded and actual, and the steps that make them one.

It reads top down. Every decky on every worker that was seen is a case; a case stands in one line of a
table, which gives its bucket; a bucket gives a step; last, the steps that claim an address are held
against everybody who could have it. A worker that was not seen has no case: nothing happens to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from decnet.model.actual import Observation
from decnet.model.fleet import Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import Bucket, Plan, Step
from decnet.model.record import DeckyRow, WorkerRecords

from .budget import BUDGET, Budget, failures, recent_of, refusal
from .claims import settle, under_way
from .compose import Contents
from .decky_view import Case, cases, row_of, unknown_workers, works
from .guard import swarms
from .steps import as_seen, claims, forget, make_so, take_away, write_down

Desired = Literal["wanted", "unwanted"]
Recorded = Literal["none", "same", "other"]
Actual = Literal["absent", "differs", "broken", "running"]


def bucket_of(desired: Desired, recorded: Recorded, actual: Actual) -> Bucket:
    """The table of docs/internals/design.md; the first line that fits is the answer."""
    match (desired, recorded, actual):
        case ("wanted", "same", "running"):
            return "keep"
        case ("wanted", "none", "running"):
            return "adopt"
        case ("wanted", "other", "running"):
            return "refresh"
        case ("wanted", _, "differs"):
            return "change"
        case ("wanted", _, "broken"):
            return "heal"
        case ("wanted", "none", "absent"):
            return "create"
        case ("wanted", "same" | "other", "absent"):
            return "revive"
        case ("unwanted", "other", "absent"):
            return "forget"
        case ("unwanted", "none", "differs"):
            return "stray"
        case ("unwanted", "other", "differs"):
            return "remove"
    raise AssertionError(f"no such case: {desired}, {recorded}, {actual}")


def reconcile(
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    observed: Mapping[str, Observation],
    contents: Mapping[SliceKey, Contents],
    *,
    now: float,
    prune: bool = False,
    max_remove: int | None = None,
    record_only: bool = False,
    restart_budget: Budget | None = BUDGET,
    quarantined: Mapping[str, str] = {},
) -> Plan:
    """What there is to do. `recorded` and `observed` are by the worker's name, `contents` by slice; `now` is
    in seconds since the epoch. `prune` makes steps of the strays, but for workers that have too many (see
    `swarms`); `record_only` leaves Docker alone and writes down what is there; without a `restart_budget`
    everything is tried at once. `quarantined`: addresses and MACs that nothing may claim, each with why."""
    unknown = unknown_workers(desired, recorded, observed)
    everything = list(cases(desired, recorded, observed, contents))
    drift = [(case, bucket) for case in everything if (bucket := bucket_of(*standing(case))) != "keep"]
    kept = len(everything) - len(drift)
    begun = under_way(recorded)
    if record_only:
        return Plan(steps=_ordered(_notes(drift, begun)), unknown=unknown, kept=kept)
    steps, waiting = _steps(drift, desired, recorded, begun, now=now, budget=restart_budget)
    found = [step.worker for step in steps if step.bucket == "stray"]
    swarming = swarms(found if prune else [], desired, recorded, max_remove=max_remove)
    left_alone = set(swarming if prune else found)
    strays = [step for step in steps if _stays(step, left_alone)]
    steps = [step for step in steps if not _stays(step, left_alone)]
    settled, skipped = settle(everything, steps, waiting, desired, recorded, begun, unknown, quarantined)
    notes = [note for case, _ in drift if case.key in skipped and (note := as_seen(case))]
    return Plan(
        steps=_ordered([*settled, *notes]),
        strays=_ordered(strays),
        skipped=tuple(skipped[key] for key in sorted(skipped)),
        unknown=unknown,
        swarms=swarming,
        kept=kept,
    )


def standing(case: Case) -> tuple[Desired, Recorded, Actual]:
    """Where a case stands in the table."""
    if case.decky is None:
        return "unwanted", "other" if case.row else "none", "differs" if case.actual else "absent"
    return "wanted", _recorded(case), _actual(case)


def _recorded(case: Case) -> Recorded:
    row, decky = case.row, case.decky
    if row is None or decky is None:
        return "none"
    home = decky.home
    same = (
        row.status == "running"
        and not row.sent
        and row.ip == home.address
        and row.mac == home.mac
        and row.containers == {name: content.fingerprint for name, content in case.expected.items()}
    )
    return "same" if same else "other"


def _actual(case: Case) -> Actual:
    if not case.actual:
        return "absent"
    if not case.actual.keys() <= case.expected.keys():
        return "differs"
    broken = False
    for name, content in case.expected.items():
        there = case.actual.get(name)
        if there is None:
            if not _was_there(case.row, name, content.fingerprint):
                return "differs"
            broken = True
        elif there.fingerprint != content.fingerprint:
            return "differs"
        elif not works(there):
            broken = True
    return "broken" if broken else "running"


def _was_there(row: DeckyRow | None, name: str, fingerprint: str) -> bool:
    """A container that is recorded as it should be was removed by somebody: that is a fault, not a change."""
    return row is not None and row.containers.get(name) == fingerprint


def _steps(
    drift: Collection[tuple[Case, Bucket]],
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    begun: Collection[DeckyKey],
    *,
    now: float,
    budget: Budget | None,
) -> tuple[list[Step], dict[DeckyKey, str]]:
    """A step for each case, and why some of them have to wait."""
    homes = _homes(recorded) if any(bucket == "create" for _, bucket in drift) else {}
    steps: list[Step] = []
    waiting: dict[DeckyKey, str] = {}
    for case, bucket in drift:
        attempts = _attempts(case, bucket, recorded)
        step = _step(case, bucket, desired, homes, gentle=not recent_of(attempts, now=now))
        steps.append(step)
        if _is_awaited(case, bucket, begun):
            waiting[case.key] = "a job may still start it"
        elif why := _why_wait(case, step, attempts, now, budget):
            waiting[case.key] = why
    return steps, waiting


def _homes(recorded: Mapping[str, WorkerRecords]) -> dict[tuple[str, str], str]:
    """The worker on which a decky is recorded, by project and name."""
    return {
        (project, row.name): worker for worker, records in recorded.items() for project, row in records.rows()
    }


def _step(
    case: Case, bucket: Bucket, desired: Fleet, homes: Mapping[tuple[str, str], str], *, gentle: bool
) -> Step:
    match bucket:
        case "create":
            return make_so(case, bucket, came_from=homes.get((case.project, case.name)))
        case "change" | "heal" | "revive":
            return make_so(case, bucket, gentle=gentle)
        case "remove" | "stray":
            elsewhere = desired.decky(case.project, case.name)
            return take_away(case, bucket, moves_to=elsewhere.worker if elsewhere else None)
        case "forget":
            return forget(case)
        case "adopt" | "refresh":
            return _written(case, bucket)
    raise AssertionError(f"no step for {bucket}")


def _written(case: Case, bucket: Bucket) -> Step:
    assert case.decky is not None
    row = row_of(case.key, case.decky, case.expected, adopted=case.row.adopted if case.row else True)
    was = case.row.status.replace("_", " ") if case.row else ""
    reason = "it runs as described, and was not recorded"
    if was:
        reason = "it runs as described" + (f", and was recorded as {was}" if was != "running" else "")
    return write_down(case, bucket, row, reason)


def _stays(step: Step, left_alone: Collection[str]) -> bool:
    """Whether that is a stray on a worker whose strays are left alone."""
    return step.bucket == "stray" and step.worker in left_alone


def _notes(drift: Iterable[tuple[Case, Bucket]], begun: Collection[DeckyKey]) -> list[Step]:
    ended = (each for each in drift if not _is_awaited(*each, begun))
    return [note for case, bucket in ended if (note := _note(case, bucket))]


def _note(case: Case, bucket: Bucket) -> Step | None:
    """The record's column alone: what is there is written down, and only what is gone is forgotten."""
    if bucket == "forget":
        return forget(case)
    return _written(case, bucket) if bucket in ("adopt", "refresh") else as_seen(case)


def _attempts(case: Case, bucket: Bucket, recorded: Mapping[str, WorkerRecords]) -> tuple[float, ...]:
    """When the same was tried before: heals, or a deploy's operations that failed."""
    records = recorded.get(case.worker)
    if records is None:
        return ()
    failed = failures(records.lifecycle, case.key)
    return (*records.of(case.project).heals.get(case.name, ()), *failed) if bucket == "heal" else failed


def _is_awaited(case: Case, bucket: Bucket, begun: Collection[DeckyKey]) -> bool:
    """Whether a record has to stay, though nothing is there: what a job brings up would be unknown."""
    return bucket == "forget" and case.key in begun


def _why_wait(
    case: Case, step: Step, attempts: Collection[float], now: float, budget: Budget | None
) -> str | None:
    if not step.touches_docker or step.wave == 0:
        return None
    if case.conflict and case.decky and claims(step) and _has_its_address(case):
        return f"another host answers for {case.decky.ip}: {case.conflict}"
    return refusal(attempts, now=now, budget=budget) if budget and attempts else None


def _has_its_address(case: Case) -> bool:
    base = case.actual.get(case.base)
    return base is not None and base.fingerprint == case.expected[case.base].fingerprint


def _ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.wave, step.worker, step.project, step.decky)))
