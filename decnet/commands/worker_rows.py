"""The table of workers that `decnet status` shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from decnet.engine.agent_version import describe_mismatch
from decnet.engine.context import Context
from decnet.engine.lan_failures import cut_off_workers
from decnet.engine.outcome import Listing
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerFailure
from decnet.model.actual import NotSeen, Observation, Seen
from decnet.model.plan import Plan, SliceDrift
from decnet.store.last_seen import LastSeen

SKEW_SECONDS = 5.0
"""The smallest clock difference that is shown."""


@dataclass(frozen=True)
class WorkerView:
    """One worker as `status` shows it; `skew` is its clock's lead in seconds."""

    name: str
    address: str
    state: str
    deckies: int
    skew: float | None
    last_seen: float | None
    error: str
    hint: str | None
    jobs: tuple[str, ...]
    agent: str = ""
    agent_version: int | None = None
    agent_remark: str = ""
    link_error: str = ""
    """Why no host on the LAN can reach its deckies; "" if they can be reached."""
    slice: str = ""
    slice_drift: str = ""
    """What is wrong with its copy of desired: ahead, lost, rewound, replaced or behind, and why."""
    drained: bool = False
    """Whether it receives no new deckies."""


def worker_rows(
    ctx: Context,
    snap: Snapshot,
    before: Mapping[str, LastSeen],
    plan: Plan,
    absent: tuple[WorkerFailure, ...],
) -> Listing:
    """The table of workers: those that were asked, and `absent` ones. `before`: when each was last seen."""
    drifts, links = _slice_drifts(plan), cut_off_workers(snap)
    found = [_worker_view(snap, before, drifts, links, each) for each in snap.observed.items()]
    found += [(_absent_view(snap, failure), failure) for failure in absent]
    rows = tuple((v.name, v.address, v.state, str(v.deckies), _remark(ctx, v, why)) for v, why in found)
    columns = ("worker", "address", "state", "deckies", "remark")
    return Listing(
        "workers",
        columns,
        rows,
        tuple(asdict(view) for view, _ in found),
        empty="no workers",
        more_columns=("agent", "skew", "last seen"),
        more_cells=tuple((_version(v), _skew(v), moment(v.last_seen)) for v, _ in found),
    )


def _slice_drifts(plan: Plan) -> dict[str, SliceDrift]:
    """The drift of the first slice of each worker that has one."""
    found: dict[str, SliceDrift] = {}
    for key, drift in sorted(plan.slices.items()):
        found.setdefault(key.worker, drift)
    return found


def _worker_view(
    snap: Snapshot,
    before: Mapping[str, LastSeen],
    drifts: Mapping[str, SliceDrift],
    links: Mapping[str, str],
    observed: tuple[str, Observation],
) -> tuple[WorkerView, WorkerFailure | None]:
    """An enrolled worker, and why it was not seen."""
    name, observation = observed
    worker = snap.workers[name]
    drift = drifts.get(name)
    failure = observation.failure if isinstance(observation, NotSeen) else None
    view = WorkerView(
        name,
        f"{worker.user}@{worker.host}:{worker.port}" if worker.host else "this machine",
        _state(observation),
        snap.desired.count_on(name),
        round(observation.skew, 1) if isinstance(observation, Seen) else None,
        before[worker.worker_id].at if worker.worker_id in before else None,
        str(failure or ""),
        failure.hint if failure else None,
        _jobs(observation),
        **_agent(observation),
        link_error=links.get(name, ""),
        slice=str(drift) if drift else "",
        slice_drift=drift.word if drift else "",
        drained=worker.drained,
    )
    return view, failure


def _absent_view(snap: Snapshot, failure: WorkerFailure) -> WorkerView:
    placed = snap.desired.count_on(failure.worker)
    why = str(failure), failure.hint
    return WorkerView(failure.worker, "unknown", "not enrolled", placed, None, None, *why, ())


def _state(observation: Observation) -> str:
    if isinstance(observation, Seen):
        return "up"
    return {"docker-down": "docker down", "refused": "REFUSED"}.get(observation.state, observation.state)


def _jobs(observation: Observation) -> tuple[str, ...]:
    """The running jobs in words."""
    jobs = observation.status.jobs if observation.status else ()
    return tuple(f"{j.operation} {j.done}/{j.total} {j.current}" for j in jobs if j.state == "running")


def _agent(observation: Observation) -> dict[str, Any]:
    """The compatibility of the worker's agent, and a remark if it is not current."""
    if not isinstance(observation, Seen):
        return {}
    hello, compatibility = observation.status.hello, observation.agent_compatibility
    remark = describe_mismatch(hello, compatibility) if compatibility != "current" else ""
    return {"agent": compatibility, "agent_version": hello.version, "agent_remark": remark}


def _remark(ctx: Context, view: WorkerView, failure: WorkerFailure | None) -> str:
    if failure is not None:
        silence = ctx.now() - view.last_seen if view.last_seen is not None else -1.0
        # A time in the future is of a clock that was ahead: when it was is not known.
        is_known = silence >= 0 and view.state != "docker down"
        since = f"; last seen {_ago(silence)} ago" if is_known else ""
        return f"{failure.message}{since}"
    parts = ["drained: receives no new deckies"] if view.drained else []
    parts += [f"working: {job}" for job in view.jobs]
    parts += [view.link_error] if view.link_error else []
    if view.skew is not None and abs(view.skew) >= SKEW_SECONDS:
        parts.append(f"its clock is {_ago(abs(view.skew))} {'ahead' if view.skew > 0 else 'behind'}")
    parts += [view.agent_remark] if view.agent_remark else []
    parts += [f"its state is {view.slice_drift}"] if view.slice_drift else []
    return "; ".join(parts)


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _version(view: WorkerView) -> str:
    return "" if view.agent_version is None else str(view.agent_version)


def _skew(view: WorkerView) -> str:
    return "" if view.skew is None else f"{view.skew:.1f} s"


def moment(at: float | None) -> str:
    """A time (seconds since 1970) as tables show it, "" for None."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
