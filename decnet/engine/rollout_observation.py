"""What a pass has observed of the units of the open rollout."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from decnet.engine.bundle import slice_hash
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.observe import with_whole_journal
from decnet.engine.snapshot import Snapshot
from decnet.model.actual import Container, HeldRollout, NotSeen, Seen, Status
from decnet.model.journal import JournalRecord
from decnet.model.keys import SliceKey, label
from decnet.model.record import OPEN
from decnet.model.rollout import Rollout, RolloutObservation, Unit, UnitObservation
from decnet.plan.decky_view import contradiction
from decnet.plan.ignore import Ignoring, ignoring
from decnet.plan.rollout import effective, request_prefix
from decnet.plan.slice_drift import slice_drift
from decnet.wire import clean

if TYPE_CHECKING:
    from decnet.errors import WorkerFailure
    from decnet.worker.client import AgentClient

JobState = Literal["none", "open", "succeeded", "failed", "lost"]


def observed_units(snap: Snapshot, rollout: Rollout, *, now: float) -> RolloutObservation:
    """What was observed of each unit whose workers were all asked. `now` is when they answered."""
    ignored = ignoring(snap.desired.events.ignore, snap.desired.every_group(), snap.desired.topology_names)
    units = {
        name: _unit(snap, rollout, name, unit, ignored, now)
        for name, unit in rollout.frozen.units.items()
        if all(worker in snap.observed for worker in unit.workers)
    }
    return RolloutObservation(units, snap.catalog.digest)


def _unit(
    snap: Snapshot, rollout: Rollout, name: str, unit: Unit, ignored: Ignoring, now: float
) -> UnitObservation:
    seen = {worker: snap.observed[worker] for worker in unit.workers}
    for worker, each in seen.items():
        if isinstance(each, NotSeen):
            return UnitObservation(reachable=False, why=f"{worker}: {each.failure.message}", observed_at=now)
    statuses = {worker: each.status for worker, each in seen.items() if isinstance(each, Seen)}
    shared = UnitObservation(
        observed_at=now,
        clock=min(status.hello.clock for status in statuses.values()),
        boot_ids=tuple(status.hello.boot_id for status in statuses.values()),
        journals=_journals(snap, unit),
        hole=_hole(statuses),
        ahead=_ahead(snap, unit, statuses),
        busy=_busy(snap, unit, statuses, ignored),
    )
    if rollout.frozen.kind == "agent":
        return _of_agent(rollout, name, statuses, shared)
    return _of_slices(snap, rollout, name, unit, statuses, shared)


def _of_agent(
    rollout: Rollout, name: str, statuses: Mapping[str, Status], shared: UnitObservation
) -> UnitObservation:
    at_to = all(status.hello.agent == rollout.frozen.agent for status in statuses.values())
    trouble = next((status.trouble for status in statuses.values() if status.trouble), "")
    began = rollout.state.units[name].worker_clock
    return UnitObservation(
        **{
            **vars(shared),
            "at_to": at_to,
            "at_former": not at_to,
            "job": "succeeded" if at_to else "none",
            "healthy": not trouble,
            "why": clean(trouble, 200) or ("" if at_to else "its agent is not the new one"),
            # No container is touched: the agent's own clock is all that there is.
            "up_seconds": math.inf if began is None else max(0.0, shared.clock - began),
        }
    )


def _of_slices(
    snap: Snapshot,
    rollout: Rollout,
    name: str,
    unit: Unit,
    statuses: Mapping[str, Status],
    shared: UnitObservation,
) -> UnitObservation:
    status = rollout.state.units[name].status
    if status == "failed":
        # Its dead man may still be armed.
        return replace(shared, reverted=_reverted(_dead_men(rollout, unit, statuses)))
    if status in ("waiting", "skipped", "passed"):
        return shared
    job, job_error = _job(snap, rollout, name, unit, statuses)
    containers = [each for key in unit.keys for each in _containers(statuses[key.worker], key.project)]
    why = _sickness(snap, rollout, unit, containers)
    is_held = all(
        statuses[key.worker].held(key.project).plan_hash == _wanted(snap, key, statuses[key.worker])
        for key in unit.keys
    )
    decision = effective(rollout, name)
    dead_men = _dead_men(rollout, unit, statuses)
    return UnitObservation(
        **{
            **vars(shared),
            "job": job,
            "job_error": job_error,
            "at_to": is_held and decision == "to",
            "at_former": is_held and decision == "former",
            "healthy": not why,
            "why": why or ("" if is_held else "it does not hold the description that it was sent"),
            "up_seconds": min((each.up or 0.0 for each in containers), default=math.inf),
            "restarts": sum(each.restarts for each in containers),
            "armed_until": max(
                (each.armed_until or 0.0 for each in dead_men if each.state == "armed"), default=None
            ),
            "reverted": _reverted(dead_men),
        }
    )


def _wanted(snap: Snapshot, key: SliceKey, status: Status) -> str | None:
    """The hash that the worker should report; None for a project that is not there and was never there."""
    if not snap.expected.get(key) and status.held(key.project).plan_hash is None:
        return None
    return slice_hash(snap, key)


def _journals(snap: Snapshot, unit: Unit) -> dict[str, tuple[str, int]]:
    cursors = {worker: snap.recorded[worker].cursor for worker in unit.workers}
    return {worker: (each.journal_id, each.seq) for worker, each in cursors.items() if each is not None}


def _hole(statuses: Mapping[str, Status]) -> str:
    for worker, status in statuses.items():
        if status.journal.verdict in ("gap", "rewound"):
            what = "lacks records" if status.journal.verdict == "gap" else "was rewound"
            return f"the journal of {worker} {what}"
    return ""


def _ahead(snap: Snapshot, unit: Unit, statuses: Mapping[str, Status]) -> str:
    for key in unit.keys:
        drift = slice_drift(
            snap.recorded[key.worker].of(key.project), statuses[key.worker].held(key.project), None
        )
        if drift is not None and drift.word == "ahead":
            return f"{key.worker}: {drift.reason}"
    return ""


def _busy(snap: Snapshot, unit: Unit, statuses: Mapping[str, Status], ignored: Ignoring) -> str:
    """Who is at work on a decky of the unit: the first one, by name."""
    names = snap.desired.topology_names
    found = [
        f"{clean(each.source, 60)} uses {label(key.project, each.decky, names)} ({clean(each.service, 40)})"
        for key in unit.keys
        for each in statuses[key.worker].busy
        if each.project == key.project and not ignored.is_ignored(each.source)
    ]
    return min(found, default="")


def _job(
    snap: Snapshot, rollout: Rollout, name: str, unit: Unit, statuses: Mapping[str, Status]
) -> tuple[JobState, str]:
    """How the job of the unit's present attempt stands: the worst of its slices', with the first error."""
    found = [
        _job_of(snap, key, statuses[key.worker], request_prefix(rollout, name, key)) for key in unit.keys
    ]
    for state in ("failed", "lost", "open"):
        for each, error in found:
            if each == state:
                return each, error
    # A slice from which a decky only leaves may need no job of its own.
    return ("succeeded", "") if any(each == "succeeded" for each, _ in found) else ("none", "")


def _job_of(snap: Snapshot, key: SliceKey, status: Status, prefix: str) -> tuple[JobState, str]:
    rows = [row for row in snap.recorded[key.worker].lifecycle if row.request_id.startswith(prefix)]
    for wanted, state in (("failed", "failed"), ("lost", "lost")):
        for row in rows:
            if row.status == wanted:
                return state, f"{row.decky}: {_gist(row.error)}"  # type: ignore[return-value]
    if any(row.status in OPEN for row in rows):
        return "open", ""
    if rows:
        return "succeeded", ""
    for job in reversed(status.jobs):
        if job.request_id.startswith(prefix):
            states: dict[str, JobState] = {
                "running": "open",
                "done": "succeeded",
                "failed": "failed",
                "lost": "lost",
            }
            return states[job.state], clean(_gist(job.error), 200)
    return "none", ""


def _gist(error: str) -> str:
    """The line of an error that has the cause: Compose prints first what it was doing."""
    lines = error.splitlines()
    return next((line for line in lines if not line.endswith(" ... error")), lines[0] if lines else "")


def _containers(status: Status, project: str) -> list[Container]:
    return [each for each in status.containers if each.project == project]


def _sickness(snap: Snapshot, rollout: Rollout, unit: Unit, containers: Iterable[Container]) -> str:
    """The first decky of the unit that does not run as described, or is still there; "" if all are as they
    should be. Strays, which neither document has, are left alone."""
    present: dict[tuple[str, str], dict[str, Container]] = {}
    for each in containers:
        present.setdefault((each.project, each.decky), {})[each.name] = each
    for key in unit.keys:
        expected = snap.expected.get(key, {})
        for decky, wanted in sorted(expected.items()):
            found = present.pop((key.project, decky), {})
            why = contradiction(wanted, found)
            if why is None:
                late = next((name for name, each in found.items() if each.ready in ("no", "starting")), None)
                why = None if late is None else f"{late} is not ready"
            if why is not None:
                return f"{decky} on {key.worker}: {why}"
    frozen = {
        (key.project, decky)
        for key in unit.keys
        for fleet in (rollout.former, rollout.to)
        for decky in fleet.on(*key)
    }
    left = min(present.keys() & frozen, default=None)
    return "" if left is None else f"{clean(left[1], 60)} is still there"


def _dead_men(rollout: Rollout, unit: Unit, statuses: Mapping[str, Status]) -> list[HeldRollout]:
    projects = {(key.worker, key.project) for key in unit.keys}
    return [
        each
        for worker, status in statuses.items()
        for each in status.rollouts
        if each.id == rollout.id and (worker, each.project) in projects
    ]


def _reverted(dead_men: Iterable[HeldRollout]) -> str:
    for each in dead_men:
        if each.state == "reverted":
            return "it was not confirmed in time, and its worker restored the former state"
        if each.state == "expired":
            return "it was not confirmed in time, and its worker was restarted meanwhile"
    return ""


async def ask_again(
    ctx: Context, connections: Connections, snap: Snapshot, rollout: Rollout, found: RolloutObservation
) -> RolloutObservation:
    """The observation in which a unit that holds what it was sent, and of whose job nothing is known here,
    has what the whole journals of its workers say."""
    puzzling = [
        name
        for name, each in found.units.items()
        if each.at_to
        and each.job == "none"
        and rollout.state.units[name].status == "sent"
        and rollout.frozen.kind == "fleet"
    ]
    if not puzzling:
        return found
    workers = {worker for name in puzzling for worker in rollout.frozen.units[name].workers}

    async def journal(client: AgentClient) -> list[JournalRecord]:
        status = await with_whole_journal(ctx, client, await client.status(None))
        return list(status.journal.records)

    answers = await connections.call_all([snap.workers[name] for name in sorted(workers)], journal)
    units = dict(found.units)
    for name in puzzling:
        job, error = _by_journals(rollout, name, answers)
        units[name] = replace(units[name], job=job, job_error=error)
    return replace(found, units=units)


def _by_journals(
    rollout: Rollout, name: str, answers: Mapping[str, list[JournalRecord] | WorkerFailure]
) -> tuple[JobState, str]:
    """The job of a unit by the records of its present attempt."""
    ends = [
        record
        for key in rollout.frozen.units[name].keys
        if isinstance(records := answers.get(key.worker), list)
        for record in records
        if record.request_id.startswith(request_prefix(rollout, name, key))
    ]
    failed = next((each for each in ends if each.status == "failed"), None)
    if failed is not None:
        return "failed", f"{clean(failed.decky, 60)}: {clean(_gist(failed.error), 200)}"
    return ("succeeded" if ends else "none"), ""
