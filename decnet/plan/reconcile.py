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
from decnet.model.plan import RELEASE, Bucket, Plan, Step
from decnet.model.record import DeckyRow, WorkerRecords
from decnet.wire import PROJECT

from .claims import in_progress, resolve_address_conflicts
from .compose import ExpectedSlice
from .decky_view import (
    DeckyView,
    decky_views,
    desired_row,
    is_working,
    recorded_attachments,
    unknown_workers,
)
from .guard import excess_strays, excess_yields
from .retry_policy import (
    DEFAULT_RETRY_POLICY,
    RetryPolicy,
    backoff_reason,
    failures,
    is_repair,
    recent_attempts,
)
from .steps import (
    claims_address,
    step_to_converge,
    step_to_forget,
    step_to_record,
    step_to_record_observed,
    step_to_remove,
    step_to_yield,
)

DesiredClass = Literal["wanted", "unwanted"]
RecordedClass = Literal["none", "same", "other"]
ActualClass = Literal["absent", "displaced", "differs", "broken", "running"]


def bucket_of(desired: DesiredClass, recorded: RecordedClass, actual: ActualClass) -> Bucket:
    """The bucket of a decky, by the table of docs/internals/design.md.

    For an unwanted decky only presence counts: any row is `other`, any container `differs`. The table's
    `unknown` is never a bucket here: `unknown_workers` finds it.
    """
    match (desired, recorded, actual):
        case ("wanted", "same", "running"):
            return "keep"
        case ("wanted", "none", "running"):
            return "adopt"
        case ("wanted", "other", "running"):
            return "refresh"
        case ("wanted", _, "displaced"):
            return "yield"
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
    expected: Mapping[SliceKey, ExpectedSlice],
    *,
    now: float,
    prune: bool = False,
    max_remove: int | None = None,
    record_only: bool = False,
    retry_policy: RetryPolicy | None = DEFAULT_RETRY_POLICY,
    quarantined: Mapping[str, str] = {},
    reserved: Mapping[str, Collection[SliceKey]] = {},
    unretried: Collection[SliceKey] = (),
) -> Plan:
    """Plan the steps from actual to desired state; pure, no effect.

    `recorded` and `observed` are keyed by worker name, `expected` by slice; `now` is in seconds since the
    epoch. `prune` also removes strays, except on workers that report too many (see `excess_strays`).
    `record_only` plans no work for Docker and updates the records only. Without a `retry_policy` nothing
    waits before a retry. `quarantined` maps addresses and MACs that no step may claim to the reason,
    `reserved` those of an open rollout to the slices that may. In the slices `unretried` no step waits: what
    failed there before was another attempt.
    """
    unknown = unknown_workers(desired, recorded, observed)
    views = list(decky_views(desired, recorded, observed, expected))
    to_change = [(view, bucket) for view in views if (bucket := bucket_of(*classify(view))) != "keep"]
    kept = len(views) - len(to_change)
    open_deckies = in_progress(recorded)
    if record_only:
        return Plan(steps=_ordered(_record_only_steps(to_change, open_deckies)), unknown=unknown, kept=kept)
    planned, skip_reasons = _steps(
        to_change, desired, recorded, open_deckies, now=now, retry_policy=retry_policy, unretried=unretried
    )
    stray_workers = [step.worker for step in planned if step.bucket == "stray"]
    excess = excess_strays(stray_workers, desired, recorded, max_remove=max_remove) if prune else {}
    steps, strays = _split_strays(planned, kept_on=set(excess if prune else stray_workers))
    away = sum(1 for view in views if view.conflict and view.conflict.forbids_claims and not view.actual)
    skip_reasons |= excess_yields(steps, desired, away=away, max_remove=max_remove)
    allowed, skipped = resolve_address_conflicts(
        views, steps, skip_reasons, desired, recorded, open_deckies, unknown, quarantined, reserved
    )
    return Plan(
        steps=_ordered([*allowed, *_steps_to_record(to_change, skipped)]),
        strays=_ordered(strays),
        skipped=tuple(skipped[key] for key in sorted(skipped)),
        unknown=unknown,
        excess_strays=excess,
        kept=kept,
    )


def classify(view: DeckyView) -> tuple[DesiredClass, RecordedClass, ActualClass]:
    """The desired, recorded and actual state of a view: the key into the table of `bucket_of`."""
    if view.decky is None:
        return "unwanted", "other" if view.row else "none", "differs" if view.actual else "absent"
    fingerprints = {name: expected.fingerprint for name, expected in view.expected.items()}
    return "wanted", _recorded_state(view.row, view.decky, fingerprints), _actual_state(view, fingerprints)


def _recorded_state(row: DeckyRow | None, decky: Decky, fingerprints: Mapping[str, str]) -> RecordedClass:
    if row is None:
        return "none"
    home = decky.home
    same = (
        row.status == "running"
        and not row.sent
        and row.ip == home.address
        and row.mac == home.mac
        and row.attachments == recorded_attachments(decky)
        and row.containers == fingerprints
    )
    return "same" if same else "other"


def _actual_state(view: DeckyView, fingerprints: Mapping[str, str]) -> ActualClass:
    actual = view.actual
    if not actual:
        return "absent"
    if view.conflict and view.conflict.verdict == "steady" and _is_up(view):
        return "displaced"
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
    to_change: Collection[tuple[DeckyView, Bucket]],
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    open_deckies: Collection[DeckyKey],
    *,
    now: float,
    retry_policy: RetryPolicy | None,
    unretried: Collection[SliceKey],
) -> tuple[list[Step], dict[DeckyKey, str]]:
    """One step for each view, and the reasons of those that have to wait."""
    recorded_on = _recorded_workers(recorded) if any(bucket == "create" for _, bucket in to_change) else {}
    steps: list[Step] = []
    skip_reasons: dict[DeckyKey, str] = {}
    for view, bucket in to_change:
        attempts, failed = _attempts(view, bucket, recorded)
        # Counted within the default window even if a caller does not limit retries.
        step = _step(view, bucket, desired, recorded_on, prefer_start=not recent_attempts(attempts, now=now))
        steps.append(step)
        if _job_may_start_it(view, bucket, open_deckies):
            skip_reasons[view.key] = "a job may still start it"
        elif why := _wait_reason(
            view, step, attempts, failed, now, None if step.key.slice in unretried else retry_policy
        ):
            skip_reasons[view.key] = why
    return steps, skip_reasons


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
    prefer_start: bool,
) -> Step:
    match bucket:
        case "create":
            return step_to_converge(view, bucket, came_from=recorded_on.get((view.project, view.name)))
        case "change" | "heal" | "revive":
            return step_to_converge(view, bucket, prefer_start=prefer_start)
        case "remove" | "stray":
            elsewhere = desired.decky(view.project, view.name)
            away = desired.away.get(view.name) if view.project == PROJECT else None
            return step_to_remove(
                view,
                bucket,
                moves_to=elsewhere.worker if elsewhere else None,
                becomes=away.role if away else None,
            )
        case "yield":
            return step_to_yield(view)
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


def _split_strays(steps: Iterable[Step], kept_on: Collection[str]) -> tuple[list[Step], list[Step]]:
    """The steps to carry out, and those that would remove a stray of a worker whose strays are kept."""
    others: list[Step] = []
    strays: list[Step] = []
    for step in steps:
        (strays if step.bucket == "stray" and step.worker in kept_on else others).append(step)
    return others, strays


def _steps_to_record(
    to_change: Iterable[tuple[DeckyView, Bucket]], skipped: Collection[DeckyKey]
) -> list[Step]:
    """The steps that record the actual state of what is skipped. The record that shows a change to be a
    repair stays as it is."""
    blocked = [
        view
        for view, bucket in to_change
        if view.key in skipped and not (bucket == "change" and _is_repair(view, bucket))
    ]
    return [step for step in map(step_to_record_observed, blocked) if step is not None]


def _record_only_steps(
    to_change: Iterable[tuple[DeckyView, Bucket]], open_deckies: Collection[DeckyKey]
) -> list[Step]:
    ended = (each for each in to_change if not _job_may_start_it(*each, open_deckies))
    return [step for view, bucket in ended if (step := _record_only_step(view, bucket))]


def _record_only_step(view: DeckyView, bucket: Bucket) -> Step | None:
    """The step that updates the record to the actual state and leaves Docker alone; None if it is current."""
    if bucket == "forget":
        return step_to_forget(view)
    return _record_step(view, bucket) if bucket in ("adopt", "refresh") else step_to_record_observed(view)


def _attempts(
    view: DeckyView, bucket: Bucket, recorded: Mapping[str, WorkerRecords]
) -> tuple[tuple[float, ...], bool]:
    """When earlier attempts were made (seconds since the epoch), and whether any of them failed: failed
    operations since the last success, and for a repair also all recorded repairs."""
    records = recorded.get(view.worker)
    if records is None:
        return (), False
    failed = failures(records.lifecycle, view.key)
    if not _is_repair(view, bucket):
        return failed, bool(failed)
    repairs = records.of(view.project).heals.get(view.name, ())
    return (*repairs, *failures(records.lifecycle, view.key, counted=repairs)), bool(failed)


def _is_repair(view: DeckyView, bucket: Bucket) -> bool:
    return is_repair(bucket, view.row, {name: each.fingerprint for name, each in view.expected.items()})


def _job_may_start_it(view: DeckyView, bucket: Bucket, open_deckies: Collection[DeckyKey]) -> bool:
    """Whether the record has to stay although no container exists: a running job may still create one."""
    return bucket == "forget" and view.key in open_deckies


def _wait_reason(
    view: DeckyView,
    step: Step,
    attempts: Collection[float],
    failed: bool,
    now: float,
    retry_policy: RetryPolicy | None,
) -> str | None:
    if not step.touches_docker or step.phase == RELEASE:
        return None
    if view.conflict and view.conflict.forbids_claims and claims_address(step):
        return str(view.conflict)
    why = backoff_reason(attempts, now=now, policy=retry_policy) if retry_policy and attempts else None
    return f"its jobs report success, and it is not so later: {why}" if why and not failed else why


def _is_up(view: DeckyView) -> bool:
    """Whether the base runs with the desired address. One that another host stopped is left to Docker, which
    tries again."""
    base = view.actual.get(view.base)
    is_current = base is not None and base.fingerprint == view.expected[view.base].fingerprint
    return is_current and base is not None and base.state == "running"


def _ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.phase, step.worker, step.project, step.decky)))
