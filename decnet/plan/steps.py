"""From a case that is not in order to the one step that mends it, and the reason in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from decnet.model.actual import Container
from decnet.model.fleet import Decky
from decnet.model.plan import Bucket, RecordAction, Step, Target
from decnet.model.record import DeckyRow, Operation
from decnet.wire import clean

from .decky_view import Case, loops, row_as_seen, row_of, works

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


def make_so(case: Case, bucket: Bucket, *, gentle: bool = True, came_from: str | None = None) -> Step:
    """The step of a desired decky that is to run as described. `gentle`: what only stopped is started;
    else it is made anew, because starting it did not help the last time."""
    assert case.decky is not None
    work, key = _work(case, gentle), case.key
    row = row_of(key, case.decky, case.expected)
    return Step(
        worker=key.worker,
        project=key.project,
        decky=key.decky,
        bucket=bucket,
        reason=_reason(case, bucket, came_from),
        operation=OPERATIONS[bucket],
        record=_record(case.row, row),
        row=row,
        remove=_targets(work.remove),
        up=tuple(work.up),
        start=tuple(work.start),
    )


def take_away(case: Case, bucket: Bucket, *, moves_to: str | None = None) -> Step:
    """The step that removes all containers of a decky that is not desired on this worker."""
    reason = "it has this fleet's label but is neither in the fleet nor recorded"
    if bucket == "remove":
        reason = f"it moves to {moves_to}" if moves_to else "not in the fleet any more"
    return Step(
        worker=case.worker,
        project=case.project,
        decky=case.name,
        bucket=bucket,
        reason=reason,
        operation=OPERATIONS[bucket],
        wave=0,
        record="delete" if case.row else None,
        remove=_targets(case.actual.values()),
        moves_to=moves_to,
    )


def write_down(case: Case, bucket: Bucket, row: DeckyRow, reason: str) -> Step:
    """A step of the record alone."""
    return Step(
        worker=case.worker,
        project=case.project,
        decky=case.name,
        bucket=bucket,
        reason=reason,
        record="update" if case.row else "insert",
        row=row,
    )


def forget(case: Case) -> Step:
    """The step for a record of a decky that is neither desired nor there."""
    return Step(
        worker=case.worker,
        project=case.project,
        decky=case.name,
        bucket="forget",
        reason="not in the fleet any more, and gone from the worker",
        wave=0,
        record="delete",
    )


def as_seen(case: Case) -> Step | None:
    """The step that writes down what is there, for a decky that may not be touched now; None if it is so."""
    if case.decky is None or (case.row is None and not case.actual):
        return None
    row = row_as_seen(case.key, case.decky, case.expected, case.actual, case.row)
    if row == case.row:
        return None
    return write_down(case, "refresh", row, f"it is {row.status.replace('_', ' ')}")


def release_first(step: Step, row: DeckyRow | None) -> tuple[Step, Step]:
    """A change in two: its removals in wave 0, because somebody waits for its address, and the rest."""
    assert step.row is not None
    gone = (row or step.row).model_copy(update={"containers": {}, "status": "torn_down"})
    record = _record(row, gone)
    only_release = {"wave": 0, "operation": "remove", "up": (), "start": (), "row": gone, "record": record}
    return step.model_copy(update=only_release), step.model_copy(update={"remove": (), "record": "update"})


def claims(step: Step) -> bool:
    """Whether the step brings the decky's address onto the LAN."""
    base = step.base
    return base in step.up or base in step.start


def lets_go(step: Step) -> bool:
    """Whether the step takes the decky's base, and with it its address, away."""
    base = step.base
    return any(target.name == base for target in step.remove)


def _work(case: Case, gentle: bool) -> Work:
    base = case.actual.get(case.base)
    if base is None or not _fits(case, base):
        return _all_anew(case)
    if works(base):
        return _services(case, gentle, Work())
    if gentle and base.state in STOPPED and not any(_up(each) for each in case.actual.values()):
        work = _services(case, gentle, Work(start=[case.base]))
        # What is created comes before what is started, and nothing can join a base that is down.
        if not work.up:
            return work
    # A base that is made or started anew leaves its services in a namespace that is gone.
    return _all_anew(case)


def _all_anew(case: Case) -> Work:
    return Work(remove=list(case.actual.values()), up=list(case.expected))


def _services(case: Case, gentle: bool, work: Work) -> Work:
    base = case.base
    work.remove += [each for name, each in case.actual.items() if name not in case.expected]
    for name in case.expected:
        there = case.actual.get(name)
        if name == base or (there is not None and _fits(case, there) and works(there)):
            continue
        startable = there is not None and _fits(case, there) and there.attached is not False
        if there is not None and startable and gentle and there.state in STOPPED:
            work.start.append(name)
            continue
        work.up.append(name)
        work.remove += [there] if there is not None else []
    return work


def _fits(case: Case, there: Container) -> bool:
    return there.name in case.expected and there.fingerprint == case.expected[there.name].fingerprint


def _up(container: Container) -> bool:
    return container.state not in STOPPED


def _targets(containers: Iterable[Container]) -> tuple[Target, ...]:
    """In the order in which they are removed: the base, whose network the others use, comes last."""
    ordered = sorted(containers, key=lambda each: (each.service == "", each.name))
    return tuple([Target(name=each.name, id=each.id) for each in ordered])


def _record(before: DeckyRow | None, after: DeckyRow) -> RecordAction | None:
    if before is None:
        return "insert"
    return None if before == after else "update"


def _reason(case: Case, bucket: Bucket, came_from: str | None) -> str:
    if bucket == "create":
        return f"it moves here from {came_from}" if came_from else f"new: {_what_comes(case.decky)}"
    if bucket == "revive":
        begun = case.row is not None and case.row.status == "unknown"
        return "it was begun and not finished" if begun else "none of its containers exists any more"
    reasons = _differences(case) if bucket == "change" else _faults(case)
    return "; ".join(reasons[:4]) + (f"; and {len(reasons) - 4} more" if len(reasons) > 4 else "")


def _what_comes(decky: Decky | None) -> str:
    assert decky is not None
    return f"{decky.ip}, {decky.mac}, {decky.os}, {' '.join(sorted(decky.services))}"


def _differences(case: Case) -> list[str]:
    assert case.decky is not None
    reasons: list[str] = []
    base = case.actual.get(case.base)
    if base is not None and not _fits(case, base):
        reasons += _base_differences(case, case.decky, base)
    for name, content in case.expected.items():
        there = case.actual.get(name)
        if there is None:
            reasons.append(
                f"service {content.service} is added" if content.service else "its base is missing"
            )
        elif content.service and base is not None and _fits(case, base) and not _fits(case, there):
            reasons.append(_service_difference(content.service, content.image, there))
    extra = sorted(name for name in case.actual if name not in case.expected)
    return reasons + [f"service {_told(case.actual[name])} is removed" for name in extra]


def _base_differences(case: Case, decky: Decky, base: Container) -> list[str]:
    reasons = []
    image = case.expected[case.base].image
    if base.image != image:
        reasons.append(f"its image changed from {clean(base.image, 80)} to {image}")
    if case.row and case.row.ip != decky.ip:
        reasons.append(f"its address changed from {clean(case.row.ip, 40)} to {decky.ip}")
    if case.row and case.row.mac != decky.mac:
        reasons.append(f"its MAC changed from {clean(case.row.mac, 40)} to {decky.mac}")
    return reasons or ["the configuration of its base changed (network, hostname or OS profile)"]


def _service_difference(service: str, image: str, there: Container) -> str:
    if there.image != image:
        return f"the image of service {service} changed from {clean(there.image, 80)} to {image}"
    return f"service {service}: its configuration changed (settings or persona)"


def _faults(case: Case) -> list[str]:
    faults = []
    for name, content in case.expected.items():
        what = f"service {content.service}" if content.service else "its base"
        there = case.actual.get(name)
        if there is None:
            faults.append(f"{what} is missing")
        elif loops(there):
            faults.append(f"{what} is restarting again and again")
        elif there.state == "exited":
            code = "" if there.exit_code is None else f" with code {there.exit_code}"
            faults.append(f"{what} has exited{code}")
        elif there.state == "created":
            faults.append(f"{what} was never started")
        elif there.state != "running":
            faults.append(f"{what} is {there.state}")
        elif there.attached is False:
            faults.append(f"the network namespace of {what} is not its base's")
        elif there.ready == "no":
            faults.append(f"{what} does not listen" if content.service else "its base is not ready")
    return faults


def _told(container: Container) -> str:
    return clean(container.service or container.name, 60)
