"""Three-way reconciliation: compares desired, recorded and actual state, and plans the steps.

Read it top down. For each decky on each observed worker there is one view of the three states. A table maps
the view to a bucket, and the bucket to a step. Last, each step that claims an address is checked against
every other possible holder of that address. A worker that was not observed has no views: nothing is planned
for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from decnet.model.actual import Observation
from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import Bucket, Plan, Step
from decnet.model.record import DeckyRow, WorkerRecords

from .budget import BUDGET, Budget, failures, recent_attempts, retry_refusal
from .claims import in_progress, resolve_address_conflicts
from .compose import Contents
from .decky_view import DeckyView, decky_views, desired_row, is_working, unknown_workers
from .guard import excess_strays
from .steps import (
    claims_address,
    step_to_forget,
    step_to_record,
    step_to_record_observed,
    step_to_remove,
    step_to_run,
)

Desired = Literal["wanted", "unwanted"]
Recorded = Literal["none", "same", "other"]
Actual = Literal["absent", "differs", "broken", "running"]


def bucket_of(desired: Desired, recorded: Recorded, actual: Actual) -> Bucket:
    """The bucket of a decky, by the table of docs/internals/design.md; the first match wins."""
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
    raise AssertionError(f"no bucket for: {desired}, {recorded}, {actual}")


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
    """Plan the steps from actual to desired state; pure, no effect.

    `recorded` and `observed` are keyed by worker name, `contents` by slice; `now` is in seconds since the
    epoch. `prune` also removes strays, except on workers that report too many (see `excess_strays`).
    `record_only` plans no work for Docker and updates the records only. Without a `restart_budget` nothing
    waits before a retry. `quarantined` maps addresses and MACs that no step may claim to the reason.
    """
    unknown = unknown_workers(desired, recorded, observed)
    views = list(decky_views(desired, recorded, observed, contents))
    drift = [(view, bucket) for view in views if (bucket := bucket_of(*classify(view))) != "keep"]
    kept = len(views) - len(drift)
    pending = in_progress(recorded)
    if record_only:
        return Plan(steps=_ordered(_record_only_steps(drift, pending)), unknown=unknown, kept=kept)
    planned, waiting = _steps(drift, desired, recorded, pending, now=now, budget=restart_budget)
    excess = excess_strays(_stray_workers(planned) if prune else [], desired, recorded, max_remove=max_remove)
    steps, strays = _split_strays(planned, set(excess if prune else _stray_workers(planned)))
    allowed, skipped = resolve_address_conflicts(
        views, steps, waiting, desired, recorded, pending, unknown, quarantined
    )
    record_steps = [
        step for view, _ in drift if view.key in skipped and (step := step_to_record_observed(view))
    ]
    return Plan(
        steps=_ordered([*allowed, *record_steps]),
        strays=_ordered(strays),
        skipped=tuple(skipped[key] for key in sorted(skipped)),
        unknown=unknown,
        excess_strays=excess,
        kept=kept,
    )


def classify(view: DeckyView) -> tuple[Desired, Recorded, Actual]:
    """The desired, recorded and actual state of a view: the key into the table of `bucket_of`."""
    if view.decky is None:
        return "unwanted", "other" if view.row else "none", "differs" if view.actual else "absent"
    fingerprints = {name: content.fingerprint for name, content in view.expected.items()}
    return "wanted", _recorded_state(view.row, view.decky, fingerprints), _actual_state(view, fingerprints)


def _recorded_state(row: DeckyRow | None, decky: Decky, fingerprints: Mapping[str, str]) -> Recorded:
    if row is None:
        return "none"
    home = decky.home
    same = (
        row.status == "running"
        and not row.sent
        and row.ip == home.address
        and row.mac == home.mac
        and row.containers == fingerprints
    )
    return "same" if same else "other"


def _actual_state(view: DeckyView, fingerprints: Mapping[str, str]) -> Actual:
    actual = view.actual
    if not actual:
        return "absent"
    if not actual.keys() <= fingerprints.keys():
        return "differs"
    broken = False
    for name, fingerprint in fingerprints.items():
        found = actual.get(name)
        if found is None:
            if not _was_recorded(view.row, name, fingerprint):
                return "differs"
            broken = True
        elif found.fingerprint != fingerprint:
            return "differs"
        elif not is_working(found):
            broken = True
    return "broken" if broken else "running"


def _was_recorded(row: DeckyRow | None, name: str, fingerprint: str) -> bool:
    """Whether the record has this container as desired: if so, its absence is a fault and not a change."""
    return row is not None and row.containers.get(name) == fingerprint


def _steps(
    drift: Collection[tuple[DeckyView, Bucket]],
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    pending: Collection[DeckyKey],
    *,
    now: float,
    budget: Budget | None,
) -> tuple[list[Step], dict[DeckyKey, str]]:
    """One step for each view, and the reasons of those that have to wait."""
    recorded_on = _recorded_workers(recorded) if any(bucket == "create" for _, bucket in drift) else {}
    steps: list[Step] = []
    waiting: dict[DeckyKey, str] = {}
    for view, bucket in drift:
        attempts = _attempts(view, bucket, recorded)
        step = _step(view, bucket, desired, recorded_on, allow_restart=not recent_attempts(attempts, now=now))
        steps.append(step)
        if _job_may_start_it(view, bucket, pending):
            waiting[view.key] = "a job may still start it"
        elif why := _wait_reason(view, step, attempts, now, budget):
            waiting[view.key] = why
    return steps, waiting


def _recorded_workers(recorded: Mapping[str, WorkerRecords]) -> dict[tuple[str, str], str]:
    """The worker on which a decky is recorded, by project and name."""
    return {
        (project, row.name): worker for worker, records in recorded.items() for project, row in records.rows()
    }


def _step(
    view: DeckyView,
    bucket: Bucket,
    desired: Fleet,
    recorded_on: Mapping[tuple[str, str], str],
    *,
    allow_restart: bool,
) -> Step:
    match bucket:
        case "create":
            return step_to_run(view, bucket, came_from=recorded_on.get((view.project, view.name)))
        case "change" | "heal" | "revive":
            return step_to_run(view, bucket, allow_restart=allow_restart)
        case "remove" | "stray":
            elsewhere = desired.decky(view.project, view.name)
            return step_to_remove(view, bucket, moves_to=elsewhere.worker if elsewhere else None)
        case "forget":
            return step_to_forget(view)
        case "adopt" | "refresh":
            return _record_step(view, bucket)
    raise AssertionError(f"no step for {bucket}")


def _record_step(view: DeckyView, bucket: Bucket) -> Step:
    assert view.decky is not None
    row = desired_row(view.key, view.decky, view.expected, adopted=view.row.adopted if view.row else True)
    was = view.row.status.replace("_", " ") if view.row else ""
    reason = "it runs as described, and was not recorded"
    if was:
        reason = "it runs as described" + (f", and was recorded as {was}" if was != "running" else "")
    return step_to_record(view, bucket, row, reason)


def _stray_workers(steps: Iterable[Step]) -> list[str]:
    """The worker of each stray."""
    return [step.worker for step in steps if step.bucket == "stray"]


def _split_strays(steps: Iterable[Step], kept_on: Collection[str]) -> tuple[list[Step], list[Step]]:
    """The steps to carry out, and those that would remove a stray of a worker whose strays are kept."""
    others: list[Step] = []
    strays: list[Step] = []
    for step in steps:
        (strays if step.bucket == "stray" and step.worker in kept_on else others).append(step)
    return others, strays


def _record_only_steps(
    drift: Iterable[tuple[DeckyView, Bucket]], pending: Collection[DeckyKey]
) -> list[Step]:
    ended = (each for each in drift if not _job_may_start_it(*each, pending))
    return [step for view, bucket in ended if (step := _record_only_step(view, bucket))]


def _record_only_step(view: DeckyView, bucket: Bucket) -> Step | None:
    """The step that updates the record to the actual state and leaves Docker alone; None if it is current."""
    if bucket == "forget":
        return step_to_forget(view)
    return _record_step(view, bucket) if bucket in ("adopt", "refresh") else step_to_record_observed(view)


def _attempts(view: DeckyView, bucket: Bucket, recorded: Mapping[str, WorkerRecords]) -> tuple[float, ...]:
    """Earlier attempts of the step (seconds since the epoch): heals, or failed operations of a deploy."""
    records = recorded.get(view.worker)
    if records is None:
        return ()
    if bucket != "heal":
        return failures(records.lifecycle, view.key)
    heals = records.of(view.project).heals.get(view.name, ())
    return (*heals, *failures(records.lifecycle, view.key, counted=heals))


def _job_may_start_it(view: DeckyView, bucket: Bucket, pending: Collection[DeckyKey]) -> bool:
    """Whether the record has to stay although no container exists: a running job may still create one."""
    return bucket == "forget" and view.key in pending


def _wait_reason(
    view: DeckyView, step: Step, attempts: Collection[float], now: float, budget: Budget | None
) -> str | None:
    if not step.touches_docker or step.phase == 0:
        return None
    if view.conflict and view.decky and claims_address(step) and _base_is_current(view):
        return f"another host answers for {view.decky.ip}: {view.conflict}"
    return retry_refusal(attempts, now=now, budget=budget) if budget and attempts else None


def _base_is_current(view: DeckyView) -> bool:
    base = view.actual.get(view.base)
    return base is not None and base.fingerprint == view.expected[view.base].fingerprint


def _ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.phase, step.worker, step.project, step.decky)))
