"""The step that brings one decky to its desired state, with the reason that the plan shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from decnet.model.actual import Container
from decnet.model.fleet import Decky
from decnet.model.plan import RELEASE, Bucket, RecordAction, Step, Target
from decnet.model.record import DeckyRow, Operation
from decnet.wire import PROJECT, clean

from .decky_view import (
    DeckyView,
    desired_row,
    is_crash_looping,
    is_working,
    observed_row,
    recorded_attachments,
)

STOPPED = ("exited", "created")
OPERATIONS: dict[Bucket, Operation] = {
    "change": "change",
    "heal": "heal",
    "create": "create",
    "revive": "revive",
    "remove": "remove",
    "stray": "remove",
}


@dataclass(slots=True)
class Work:
    """What Docker has to do for one decky: remove, then create (`up`), then start again."""

    remove: list[Container] = field(default_factory=list)
    up: list[str] = field(default_factory=list)
    start: list[str] = field(default_factory=list)


def step_to_converge(
    view: DeckyView, bucket: Bucket, *, prefer_start: bool = True, came_from: str | None = None
) -> Step:
    """The step that makes a desired decky run as described. With `prefer_start` (no attempt in the last hour)
    a stopped container is started; otherwise it is recreated, because a start did not help the last time."""
    assert view.decky is not None
    work, key = _docker_work(view, prefer_start), view.key
    row = desired_row(key, view.decky, view.expected)
    return Step(
        worker=key.worker,
        project=key.project,
        decky=key.decky,
        bucket=bucket,
        reason=_reason(view, bucket, came_from),
        operation=OPERATIONS[bucket],
        record=_record_action(view.row, row),
        row=row,
        remove=_targets(work.remove),
        up=tuple(work.up),
        start=tuple(work.start),
    )


def step_to_remove(
    view: DeckyView, bucket: Bucket, *, moves_to: str | None = None, becomes: str | None = None
) -> Step:
    """The step that removes all containers of a decky that is not desired on this worker. `becomes` is the
    role that it changes to."""
    reason = "it has this fleet's label but is neither in the fleet nor recorded"
    if bucket == "remove":
        reason = f"it moves to {moves_to}" if moves_to else f"not in {_whole(view)} any more"
        reason = f"it changes its role to {becomes}" if becomes else reason
    return Step(
        worker=view.worker,
        project=view.project,
        decky=view.name,
        bucket=bucket,
        reason=reason,
        operation=OPERATIONS[bucket],
        phase=RELEASE,
        record="delete" if view.row else None,
        remove=_targets(view.actual.values()),
        moves_to=moves_to,
    )


def step_to_yield(view: DeckyView) -> Step:
    """The step that takes a decky off the LAN because another host holds its address."""
    assert view.conflict is not None
    return Step(
        worker=view.worker,
        project=view.project,
        decky=view.name,
        bucket="yield",
        reason=f"{view.conflict}; it gives way",
        operation="remove",
        phase=RELEASE,
        record="delete" if view.row else None,
        remove=_targets(view.actual.values()),
    )


def step_to_record(view: DeckyView, bucket: Bucket, row: DeckyRow, reason: str) -> Step:
    """A step that only updates the record."""
    return Step(
        worker=view.worker,
        project=view.project,
        decky=view.name,
        bucket=bucket,
        reason=reason,
        record="update" if view.row else "insert",
        row=row,
    )


def step_to_forget(view: DeckyView) -> Step:
    """The step that deletes the record of a decky that is neither desired nor present."""
    return Step(
        worker=view.worker,
        project=view.project,
        decky=view.name,
        bucket="forget",
        reason=f"not in {_whole(view)} any more, and gone from the worker",
        phase=RELEASE,
        record="delete",
    )


def step_to_record_observed(view: DeckyView) -> Step | None:
    """The step that records the actual state of a decky that may not be changed; None if it is current."""
    if view.decky is None or (view.row is None and not view.actual):
        return None
    row = observed_row(view.key, view.decky, view.expected, view.actual, view.row)
    if row == view.row:
        return None
    return step_to_record(view, "refresh", row, f"it is {row.status.replace('_', ' ')}")


def split_release(step: Step, row: DeckyRow | None) -> tuple[Step, Step]:
    """A change as two steps: first its removals, because others wait for its address, then the rest."""
    assert step.row is not None
    gone = (row or step.row).model_copy(update={"containers": {}, "status": "torn_down"})
    record = _record_action(row, gone)
    release = step._replace(phase=RELEASE, operation="remove", up=(), start=(), row=gone, record=record)
    return release, step._replace(remove=(), record="update")


def _whole(view: DeckyView) -> str:
    """What the decky is, or was, a part of."""
    return "the fleet" if view.project == PROJECT else "its topology"


def claims_address(step: Step) -> bool:
    """Whether the step brings the decky's address onto the LAN."""
    base = step.base
    return base in step.up or base in step.start


def releases_address(step: Step) -> bool:
    """Whether the step removes the decky's base, and with it its address."""
    base = step.base
    return any(target.name == base for target in step.remove)


def _docker_work(view: DeckyView, prefer_start: bool) -> Work:
    base = view.actual.get(view.base)
    if base is None or not _is_current(view, base):
        return _recreate_all(view)
    if is_working(base):
        return _service_work(view, prefer_start, Work())
    if prefer_start and base.state in STOPPED and not any(_is_up(each) for each in view.actual.values()):
        work = _service_work(view, prefer_start, Work(start=[view.base]))
        # What is created comes before what is started, and nothing can join a base that is down.
        if not work.up:
            return work
    # Recreating or restarting a base leaves its services in a namespace that no longer exists.
    return _recreate_all(view)


def _recreate_all(view: DeckyView) -> Work:
    return Work(remove=list(view.actual.values()), up=list(view.expected))


def _service_work(view: DeckyView, prefer_start: bool, work: Work) -> Work:
    base = view.base
    work.remove += [each for name, each in view.actual.items() if name not in view.expected]
    for name in view.expected:
        found = view.actual.get(name)
        if name == base or (found is not None and _is_current(view, found) and is_working(found)):
            continue
        startable = found is not None and _is_current(view, found) and found.attached is not False
        if found is not None and startable and prefer_start and found.state in STOPPED:
            work.start.append(name)
            continue
        work.up.append(name)
        work.remove += [found] if found is not None else []
    return work


def _is_current(view: DeckyView, found: Container) -> bool:
    return found.name in view.expected and found.fingerprint == view.expected[found.name].fingerprint


def _is_up(container: Container) -> bool:
    return container.state not in STOPPED


def _targets(containers: Iterable[Container]) -> tuple[Target, ...]:
    """In the order in which they are removed: the base, whose network the others use, comes last."""
    ordered = sorted(containers, key=lambda each: (each.service == "", each.name))
    return tuple([Target(name=each.name, id=each.id) for each in ordered])


def _record_action(before: DeckyRow | None, after: DeckyRow) -> RecordAction | None:
    if before is None:
        return "insert"
    return None if before == after else "update"


def _reason(view: DeckyView, bucket: Bucket, came_from: str | None) -> str:
    if bucket == "create":
        return f"it moves here from {came_from}" if came_from else f"new in {_whole(view)}"
    if bucket == "revive":
        interrupted = view.row is not None and view.row.status == "unknown"
        return "it was started but not finished" if interrupted else "none of its containers exists any more"
    reasons = _differences(view) if bucket == "change" else _faults(view)
    return "; ".join(reasons[:4]) + (f"; and {len(reasons) - 4} more" if len(reasons) > 4 else "")


def _differences(view: DeckyView) -> list[str]:
    assert view.decky is not None
    reasons: list[str] = []
    base = view.actual.get(view.base)
    if base is not None and not _is_current(view, base):
        reasons += _base_differences(view, view.decky, base)
    for name, expected in view.expected.items():
        found = view.actual.get(name)
        if found is None:
            reasons.append(
                f"service {expected.service} is added" if expected.service else "its base is missing"
            )
        elif (
            expected.service and base is not None and _is_current(view, base) and not _is_current(view, found)
        ):
            reasons.append(_service_difference(expected.service, expected.image, found))
    extra = sorted(name for name in view.actual if name not in view.expected)
    return reasons + [f"service {_label(view.actual[name])} is removed" for name in extra]


def _base_differences(view: DeckyView, decky: Decky, base: Container) -> list[str]:
    reasons = []
    image = view.expected[view.base].image
    if base.image != image:
        reasons.append(f"its image changed from {clean(base.image, 80)} to {image}")
    if view.row and view.row.ip != decky.ip:
        reasons.append(f"its address changed from {clean(view.row.ip, 40)} to {decky.ip}")
    if view.row and view.row.mac != decky.mac:
        reasons.append(f"its MAC changed from {clean(view.row.mac, 40)} to {decky.mac}")
    if view.row and view.row.attachments[1:] != recorded_attachments(decky)[1:]:
        reasons.append("its other networks changed")
    return reasons or ["the configuration of its base changed (network, hostname or OS profile)"]


def _service_difference(service: str, image: str, found: Container) -> str:
    if found.image != image:
        return f"the image of service {service} changed from {clean(found.image, 80)} to {image}"
    return f"service {service}: its configuration changed (settings or persona)"


def _faults(view: DeckyView) -> list[str]:
    faults = []
    for name, expected in view.expected.items():
        what = f"service {expected.service}" if expected.service else "its base"
        found = view.actual.get(name)
        if found is None:
            faults.append(f"{what} is missing")
        elif is_crash_looping(found):
            faults.append(f"{what} is in a restart loop")
        elif found.state == "exited":
            code = "" if found.exit_code is None else f" with code {found.exit_code}"
            faults.append(f"{what} has exited{code}")
        elif found.state == "created":
            faults.append(f"{what} was never started")
        elif found.state != "running":
            faults.append(f"{what} is {found.state}")
        elif found.attached is False:
            faults.append(f"the network namespace of {what} is not its base's")
        elif found.ready == "no":
            faults.append(f"{what} does not listen" if expected.service else "its base is not ready")
    return faults


def _label(container: Container) -> str:
    return clean(container.service or container.name, 60)
