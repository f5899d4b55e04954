"""`decnet status`: the observed fleet. Read-only; records what it learned if the lock is free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from decnet.commands.rollouts.mixed import mixed
from decnet.commands.topology_rows import topologies_of
from decnet.commands.worker_rows import moment, worker_rows
from decnet.engine.context import Context
from decnet.engine.decide import make_plan, with_images
from decnet.engine.lan_failures import faulty_deckies, lan_failures
from decnet.engine.observe import observe
from decnet.engine.outcome import Listing, RolloutView, StatusOutcome
from decnet.engine.settled import is_settled
from decnet.engine.snapshot import Snapshot, load_snapshot
from decnet.engine.topologies import follow_seen, would_move
from decnet.engine.unenrolled_workers import resurfaced_workers, unenrolled
from decnet.errors import LockHeld, StateBroken, WorkerFailure, worst
from decnet.model.actual import Container, DeckyStatus, NotSeen, Seen
from decnet.model.counted import counted
from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import DeckyKey, label
from decnet.model.plan import Plan, Step
from decnet.model.record import OPEN
from decnet.plan.decky_view import status_of
from decnet.plan.role_changes import return_time
from decnet.plan.select import select
from decnet.store.desired import load_fleet
from decnet.store.last_seen import load_seen


async def status(ctx: Context, *, on: str | None = None, detailed_exitcode: bool = False) -> StatusOutcome:
    """Every worker and every decky, merged from desired, recorded and actual."""
    stored, before = load_snapshot(ctx), load_seen(ctx.home)
    async with ctx.connections(stored.desired.fleet_id) as connections:
        chosen = select(stored.workers, on).values()
        snap = await observe(
            ctx, connections, stored, chosen, close_after=ctx.reused is None and not stored.quarantined
        )
        resurfaced = () if on else await resurfaced_workers(connections, snap)
    snap = with_images(snap)
    unsaved = _commit_if_free(ctx, stored, snap)
    plan = make_plan(ctx, snap)
    absent = () if on else unenrolled(snap.desired, snap.workers) + resurfaced
    deckies = _deckies(ctx, snap, plan)
    rollout = RolloutView(snap.rollout) if snap.rollout is not None else None
    lan = lan_failures(snap, apart_from=[DeckyKey(s.worker, s.project, s.decky) for s in plan.skipped])
    return StatusOutcome(
        workers=worker_rows(ctx, snap, before, plan, absent),
        deckies=deckies,
        topologies=topologies_of(ctx, snap.desired) if snap.desired.topologies else None,
        drift=len(plan.steps) + len(plan.skipped) + len(plan.slices),
        unsaved=unsaved,
        exit_code=_exit_code(snap, absent + lan, deckies, plan, rollout, detailed_exitcode),
        notes=_notes(plan) + mixed(ctx, snap),
        faults=tuple(map(str, lan)),
        repair=_repair(plan),
        rollout=rollout,
        settled=ctx.asked if not (absent or lan or unsaved) and is_settled(snap, plan) else None,
    )


def _commit_if_free(ctx: Context, before: Snapshot, after: Snapshot) -> str:
    """Commit what was learned if the lock is free; otherwise return who holds it.

    A worker's records that another command changed since they were read are left to the next pull.
    """
    store = ctx.records
    learned = {n: r for n, r in after.recorded.items() if r != before.recorded[n]}
    moves = would_move(ctx, after)
    if not learned and not moves:
        return ""
    try:
        with replace(ctx, lock_timeout=0.0).lock():
            for name, records in learned.items():
                if store.load(records.worker_id) == before.recorded[name]:
                    store.save(records)
            if moves and load_fleet(ctx.home) == before.stored:
                follow_seen(ctx, after)
    except (LockHeld, StateBroken) as error:
        return f"what was learned was not recorded: {error}"
    return ""


def _exit_code(
    snap: Snapshot,
    absent: tuple[WorkerFailure, ...],
    deckies: Listing,
    plan: Plan,
    rollout: RolloutView | None,
    detailed: bool,
) -> int:
    codes = [o.failure.exit_code for o in snap.observed.values() if isinstance(o, NotSeen)]
    codes += [rollout.exit_code] if rollout else []
    codes += [trouble.exit_code for trouble in absent]
    codes += [4 for o in snap.observed.values() if isinstance(o, Seen) and o.status.trouble]
    if any(item["status"] not in ("running", "unknown", "stray") for item in deckies.items):
        codes.append(4)
    code = worst(codes)
    return 3 if detailed and code == 0 and (not plan.is_empty or plan.skipped) else code


def _notes(plan: Plan) -> tuple[str, ...]:
    steps = [f"{s.label} on {s.worker}: {s.bucket}, {s.reason}" for s in plan.steps]
    listed, more = plan.listed_strays
    strays = [f"{s.label} on {s.worker}: a stray, {s.reason}" for s in listed]
    strays += [f"{counted(number, 'more stray')} on {worker}" for worker, number in more.items()]
    skipped = [f"{s.label} on {s.worker}: skipped, {s.reason}" for s in plan.skipped]
    slices = [
        f"the description that {key.named(plan.topologies)} holds is {why}"
        for key, why in plan.slices.items()
    ]
    return tuple(steps + strays + skipped + slices)


def _repair(plan: Plan) -> str:
    """What repairs this drift; "" if there is none, or none that a pass may repair now."""
    found = ["decnet reconcile repairs the drift"] if plan.steps or plan.slices else []
    found += ["decnet reconcile --prune also removes strays"] if plan.strays else []
    return "; ".join(found)


def _upgrades(plan: Plan) -> tuple[str, ...]:
    return tuple(
        f"{worker}: {counted(count, 'decky')} of older images: kept until decnet image upgrade --on {worker}"
        for worker, count in plan.upgrades.items()
    )


def _away(fleet: Fleet) -> tuple[str, ...]:
    return tuple(
        f"{name}: changes its role, and returns as {each.role} {return_time(fleet, name)}"
        for name, each in fleet.away.items()
    )


def _missing_limits(snap: Snapshot) -> tuple[str, ...]:
    """The limits of containers that workers' kernels cannot give, and that are left out there."""
    from decnet.worker.requirements import limit_problems

    return tuple(
        f"{name}: {problem.message}"
        for name, each in snap.observed.items()
        if isinstance(each, Seen)
        for problem in limit_problems("memory" not in each.status.missing_limits, each.status.missing_limits)
    )


@dataclass(frozen=True)
class DeckyView:
    """One decky as `status` shows it; `last_known` is what was recorded before this look."""

    name: str
    worker: str
    status: str
    ip: str = ""
    mac: str = ""
    hostname: str = ""
    os: str = ""
    services: tuple[str, ...] = ()
    drift: str = ""
    last_known: str = ""
    adopted: bool = False
    """Whether it was found running and was not created from this state directory."""
    mutated_at: float | None = None
    topology: str = ""
    """The topology that it belongs to; "" for a decky of the fleet."""

    @property
    def cells(self) -> tuple[str, ...]:
        services = " ".join(self.services)
        return (self.name, self.worker, self.status, self.ip, self.hostname, services, self.drift)


def _deckies(ctx: Context, snap: Snapshot, plan: Plan) -> Listing:
    drift = {s.key: s.bucket for s in plan.steps}
    lan_faults, actual = faulty_deckies(snap), _actual(snap)
    views = []
    for project, name, decky in snap.desired.every_decky():
        if decky.worker in snap.workers and decky.worker not in snap.observed:
            continue
        key = DeckyKey(decky.worker, project, name)
        fault = lan_faults.get(key, "")
        topology = plan.topologies.get(project, "")
        view = _decky_view(snap, key, decky, actual.get(key, {}), drift.get(key) or fault, fault)
        views.append(replace(view, name=label(project, name, plan.topologies), topology=topology))
    listed, more = plan.listed_strays
    columns = ("decky", "worker", "status", "address", "hostname", "services", "drift")
    # The table lists a few strays, the items for scripts list all.
    views += [
        DeckyView(name, each.decky.worker, "away", mutated_at=each.decky.mutated_at)
        for name, each in snap.desired.away.items()
    ]
    shown = [*views, *map(_stray, listed)]
    shown += [DeckyView(f"and {number} more", worker, "stray") for worker, number in more.items()]
    rows = tuple(view.cells for view in shown)
    views += map(_stray, plan.strays)
    return Listing(
        "deckies",
        columns,
        rows,
        tuple(asdict(view) for view in views),
        empty="no deckies",
        more_columns=("mac", "os", "changed", "recorded"),
        more_cells=tuple((view.mac, view.os, moment(view.mutated_at), view.last_known) for view in shown),
        notes=_upgrades(plan) + _missing_limits(snap) + _away(snap.desired),
    )


def _decky_view(
    snap: Snapshot,
    key: DeckyKey,
    decky: Decky,
    actual: Mapping[str, Container],
    drift: str,
    lan_fault: str,
) -> DeckyView:
    seen = isinstance(snap.observed.get(decky.worker), Seen)
    expected = snap.expected[key.slice][decky.name]
    status = status_of(expected, actual) if seen else "unknown"
    if status == "torn_down":
        status = _why_absent(snap, key)
    return DeckyView(
        decky.name,
        decky.worker,
        # Its containers run, but the LAN does not reach them, or not only them.
        "degraded" if status == "running" and lan_fault else status,
        decky.ip,
        decky.mac,
        decky.hostname,
        decky.os,
        tuple(sorted(decky.services)),
        drift,
        *_last_known(snap, key),
        decky.mutated_at,
    )


def _why_absent(snap: Snapshot, key: DeckyKey) -> DeckyStatus:
    """The status of a desired decky without containers: only one that was there before is torn down."""
    rows = snap.recorded[key.worker].lifecycle if key.worker in snap.recorded else ()
    mine = [row for row in rows if (row.project, row.decky) == (key.project, key.decky)]
    last = max(mine, key=lambda row: row.created, default=None)
    if last is not None and last.status == "succeeded":
        return "torn_down"
    return "unknown" if last is not None and last.status in OPEN else "failed"


def _stray(step: Step) -> DeckyView:
    return DeckyView(step.label, step.worker, "stray", drift="stray", topology=step.topology)


def _actual(snap: Snapshot) -> dict[DeckyKey, dict[str, Container]]:
    found: dict[DeckyKey, dict[str, Container]] = {}
    for name, observation in snap.observed.items():
        if isinstance(observation, Seen):
            for container in observation.status.containers:
                key = DeckyKey(name, container.project, container.decky)
                found.setdefault(key, {})[container.name] = container
    return found


def _last_known(snap: Snapshot, key: DeckyKey) -> tuple[str, bool]:
    """The recorded status, and whether the decky was adopted."""
    records = snap.recorded.get(key.worker)
    row = records.of(key.project).deckies.get(key.decky) if records else None
    return (row.status, row.adopted) if row else ("", False)
