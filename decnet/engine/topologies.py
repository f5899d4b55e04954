"""Topologies in a pass: their status follows desired and what was observed, and a mutation is ended once.

Everything here is written in an order that a killed command may leave at any place: desired says what the
topology is, and the next pass brings status and mutations after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from decnet.engine.bundle import slice_hash
from decnet.engine.context import Context
from decnet.engine.decide import Intent
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.errors import WorkerFailure
from decnet.model.actual import Container, Seen
from decnet.model.counted import counted
from decnet.model.fleet import Fleet, Project
from decnet.model.keys import SliceKey
from decnet.model.plan import Plan
from decnet.model.record import OPEN
from decnet.model.topology import Topology, TopologyRecord
from decnet.plan.decky_view import status_of
from decnet.plan.topologies import mutations as rows
from decnet.plan.topologies.status import (
    Observed,
    after_pass,
    follow_observed,
    holding_of,
    moved,
    moves_by_desired,
)
from decnet.store.desired import save_fleet
from decnet.store.topologies import Former, TopologyTable

if TYPE_CHECKING:
    from decnet.engine.apply import ApplyResult


def record_intent(ctx: Context, snap: Snapshot, intent: Intent | None) -> None:
    """Before desired is stored: the row of a mutation, with what it replaces."""
    if intent is None or intent.operations is None:
        return
    before, after = snap.stored.topologies[intent.topology], snap.desired.topologies[intent.topology]
    table = TopologyTable(ctx.home)
    record = rows.without_unstored(table.record(after.id), before.version, at=ctx.now())
    row = rows.new_row(ctx.identifier(), intent.operations, version=after.version, at=ctx.now())
    project = snap.stored.projects.get(before.project)
    former = Former(id=after.id, mutation=row.id, topology=before, project=project)
    table.replace(record, rows.with_row(record, row), former)


def follow_desired(ctx: Context, snap: Snapshot, intent: Intent | None) -> None:
    """After desired is stored: the moves that follow from it, and the mutation that is applied now."""
    for topology, record in _records(ctx, snap.desired):
        placed = topology.project in snap.desired.projects
        after = record
        for to in moves_by_desired(record.status, placed=placed):
            reason = "deployed" if placed else "torn down"
            after = moved(after, to, at=ctx.now(), actor=ctx.user, reason=reason)
        deploys = intent is not None and intent.operations is None and intent.topology == topology.name
        if deploys and after.status in ("failed", "degraded"):
            after = moved(after, "deploying", at=ctx.now(), actor=ctx.user, reason="deployed again")
        _replace(ctx, record, rows.begun(after, topology.version))


def settle(ctx: Context, snap: Snapshot, plan: Plan, applied: ApplyResult) -> Snapshot:
    """After the pass: statuses and mutations by what the workers hold now. A mutation that failed is taken
    back in desired, which is the `stored` one of the result; another pass carries that out."""
    if applied.needs_reconfirmation:
        return snap
    for topology, record in _records(ctx, snap.desired):
        seen = _observed(snap, topology, plan, applied, record.resync_tries)
        after = after_pass(record, seen, version=topology.version, at=ctx.now(), actor=ctx.user)
        snap = _settle_mutation(ctx, snap, topology, record, after, seen)
    return snap


def follow_seen(ctx: Context, snap: Snapshot) -> bool:
    """The moves of an observation that carries out nothing; whether any was stored. The lock is held."""
    stored = [_replace(ctx, before, after) for before, after in _seen_moves(ctx, snap)]
    return any(stored)


def follow_stored(ctx: Context) -> None:
    """The moves that follow from desired and the records as they are stored: after a worker was forgotten,
    nothing of its topologies is left. The lock is held."""
    snap = load_snapshot(ctx)
    follow_desired(ctx, snap, None)
    follow_seen(ctx, snap)


def would_move(ctx: Context, snap: Snapshot) -> bool:
    """Whether `follow_seen` has anything to store."""
    return any(before != after for before, after in _seen_moves(ctx, snap))


def may_be_left(snap: Snapshot, project: str) -> tuple[str, ...]:
    """The workers that may still hold something of a project that they should not hold."""
    return tuple(
        worker
        for worker, records in snap.recorded.items()
        if (records.of(project).deckies or records.of(project).plan_hash is not None)
        and not snap.desired.on(worker, project)
    )


def _records(ctx: Context, fleet: Fleet) -> Iterator[tuple[Topology, TopologyRecord]]:
    """Each topology with its record."""
    known = TopologyTable(ctx.home).records() if fleet.topologies else {}
    for topology in fleet.topologies.values():
        yield topology, known.get(topology.id) or TopologyRecord(id=topology.id)


def _replace(ctx: Context, before: TopologyRecord, after: TopologyRecord) -> bool:
    if before == after:
        return False
    table = TopologyTable(ctx.home)
    kept = table.former().get(after.id) if rows.open_row(after) else None
    return table.replace(before, after, kept)


def _settle_mutation(
    ctx: Context,
    snap: Snapshot,
    topology: Topology,
    before: TopologyRecord,
    after: TopologyRecord,
    seen: Observed,
) -> Snapshot:
    row, former = rows.open_row(after), None
    if row is not None:
        former = TopologyTable(ctx.home).former().get(topology.id)
        touched = _touched(former.project if former else None, snap.desired.projects.get(topology.project))
        verdict = rows.verdict(row, topology.version, seen, _all_touched_work(snap, topology, touched))
        if verdict.state == "failed" and row.version <= topology.version and former is not None:
            snap = _taken_back(ctx, snap, former)
            ctx.warn(
                f"{topology.name}: the mutation failed ({verdict.reason}); version {former.topology.version} "
                "is in force again"
            )
        after = rows.ended(after, row, verdict, at=ctx.now())
    _replace(ctx, before, after)
    return snap


def _taken_back(ctx: Context, snap: Snapshot, former: Former) -> Snapshot:
    """Desired with the topology as it was before the mutation, stored."""
    projects = dict(snap.desired.projects)
    if former.project is not None:
        projects[former.project.name] = former.project
    topologies = {**snap.desired.topologies, former.topology.name: former.topology}
    fleet = snap.desired.model_copy(update={"topologies": topologies, "projects": projects})
    save_fleet(ctx.home, fleet)
    return snap.with_desired(fleet).with_stored()


def _touched(before: Project | None, after: Project | None) -> frozenset[str]:
    """The deckies that a mutation adds, changes or removes."""
    old, new = (before.deckies if before else {}), (after.deckies if after else {})
    return frozenset(name for name in {*old, *new} if old.get(name) != new.get(name))


def _all_touched_work(snap: Snapshot, topology: Topology, touched: frozenset[str]) -> bool:
    project = snap.desired.projects.get(topology.project)
    worker = topology.worker or ""
    if project is None or worker not in snap.recorded:
        return True
    known = snap.recorded[worker].of(topology.project).deckies
    return all(
        (known[name].status == "running" if name in known else False)
        if name in project.deckies
        else name not in known
        for name in touched
    )


def _observed(snap: Snapshot, topology: Topology, plan: Plan, applied: ApplyResult, tries: int) -> Observed:
    """What is known of a topology after a pass, by the records that the pass has brought up to date; `tries`
    of earlier passes to send its description had no effect."""
    project = snap.desired.projects.get(topology.project)
    if project is None:
        return Observed("unknown" if may_be_left(snap, topology.project) else "gone", why="nothing is left")
    worker = topology.worker or ""
    failure = applied.failures.get(worker)
    if not _is_known(snap, worker, topology.project, failure) or SliceKey(worker, project.name) in plan.ahead:
        return Observed("unknown")
    known = snap.recorded[worker].of(project.name)
    rows_of = known.deckies
    statuses = {name: rows_of[name].status if name in rows_of else "torn_down" for name in project.deckies}
    key = SliceKey(worker, project.name)
    was_worked_on = tries or key in plan.slices or any(step.key.slice == key for step in plan.docker_steps)
    return Observed(
        holding_of(tuple(statuses.values())),
        # The hash is that of the whole slice: computed only where the plan did not find it to be equal.
        in_step=not was_worked_on or known.plan_hash == slice_hash(snap, key),
        why=_why(snap, topology, statuses, failure),
    )


def _is_known(snap: Snapshot, worker: str, project: str, failure: WorkerFailure | None) -> bool:
    """Whether the worker answered until the end, and no job of the project may still run there."""
    if not isinstance(snap.observed.get(worker), Seen) or (
        failure is not None and failure.exit_code in (5, 6)
    ):
        return False
    return not any(row.project == project and row.status in OPEN for row in snap.recorded[worker].lifecycle)


def _why(
    snap: Snapshot, topology: Topology, statuses: Mapping[str, str], failure: WorkerFailure | None
) -> str:
    running = sum(1 for status in statuses.values() if status == "running")
    summary = f"{running} of {counted(len(statuses), 'decky')} running"
    if running == len(statuses):
        return summary
    errors = {
        row.decky: row.error
        for row in snap.recorded[topology.worker or ""].lifecycle
        if row.project == topology.project and row.status in ("failed", "lost")
    }
    first = next((name for name, status in sorted(statuses.items()) if status != "running"), "")
    why = failure.message if failure else errors.get(first, "").partition("\n")[0]
    return f"{summary}; {first}: {why or statuses[first].replace('_', ' ')}"


def _seen_moves(ctx: Context, snap: Snapshot) -> Iterator[tuple[TopologyRecord, TopologyRecord]]:
    for topology, record in _records(ctx, snap.desired):
        seen = _seen_now(snap, topology)
        yield (
            record,
            follow_observed(record, seen, version=topology.version, at=ctx.now(), actor=ctx.user),
        )


def _seen_now(snap: Snapshot, topology: Topology) -> Observed:
    """What is known of a topology from its containers as the worker reports them now."""
    project, worker = snap.desired.projects.get(topology.project), topology.worker or ""
    if project is None:
        return Observed("unknown" if may_be_left(snap, topology.project) else "gone", why="nothing is left")
    seen = snap.observed.get(worker)
    if not isinstance(seen, Seen) or not _is_known(snap, worker, project.name, None):
        return Observed("unknown")
    actual: dict[str, dict[str, Container]] = {}
    for each in seen.status.containers:
        if each.project == project.name:
            actual.setdefault(each.decky, {})[each.name] = each
    expected = snap.expected[SliceKey(worker, project.name)]
    statuses = {name: str(status_of(expected[name], actual.get(name, {}))) for name in project.deckies}
    held = seen.status.held(project.name).plan_hash
    return Observed(
        holding_of(tuple(statuses.values())),
        in_step=held == slice_hash(snap, SliceKey(worker, project.name)),
        why=_why(snap, topology, statuses, None),
    )
