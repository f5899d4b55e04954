"""`decnet history`: the operations on each decky: when, how long, and with what result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from decnet.engine.context import Context
from decnet.engine.outcome import Listing
from decnet.engine.workers import known_workers
from decnet.model.keys import label
from decnet.model.record import LifecycleRow
from decnet.plan.select import select, select_deckies
from decnet.store.desired import load_fleet, new_fleet

COLUMNS = ("decky", "operation", "worker", "status", "start", "duration", "error")


def history(ctx: Context, deckies: Sequence[str] = (), *, limit: int = 50, on: str | None = None) -> Listing:
    """The newest `limit` lifecycle rows, the newest last; of the deckies that the selectors mean, or of all.

    Raises UsageError for a selector that matches nothing in the history and in the fleet.
    """
    records = ctx.records
    fleet = load_fleet(ctx.home) or new_fleet()
    rows = [
        _view(name, row, fleet.topology_names)
        for name, worker in select(known_workers(ctx.home), on).items()
        for row in records.load(worker.worker_id).lifecycle
    ]
    if deckies:
        known = {**{row.decky: () for row in rows}, **fleet.every_group()}
        chosen = set(select_deckies(known, deckies))
        rows = [row for row in rows if row.decky in chosen]
    newest = sorted(rows, key=lambda row: (row.created, row.worker))[-limit:]
    cells = tuple(_cells(ctx, row) for row in newest)
    items = tuple(asdict(row) for row in newest)
    return Listing(
        "history",
        COLUMNS,
        cells,
        items,
        key="decky",
        empty="no operations yet",
        more_columns=("reason", "request"),
        more_cells=tuple((row.reason, row.request_id) for row in newest),
    )


@dataclass(frozen=True)
class HistoryView:
    """One operation. Times in seconds since the epoch, by our clock; `ended` by the worker's where
    `ended_by_worker`. `duration` is None while it is open."""

    decky: str
    operation: str
    worker: str
    status: str
    reason: str
    created: float
    started: float | None
    ended: float | None
    ended_by_worker: bool
    duration: float | None
    error: str
    request_id: str


def _view(worker: str, row: LifecycleRow, topologies: Mapping[str, str]) -> HistoryView:
    begin = row.started or row.created
    return HistoryView(
        decky=label(row.project, row.decky, topologies),
        operation=row.operation,
        worker=worker,
        status=row.status,
        reason=row.reason,
        created=row.created,
        started=row.started,
        ended=row.ended,
        ended_by_worker=row.ended_by_worker,
        duration=None if row.ended is None else round(max(0.0, row.ended - begin), 3),
        error=row.error,
        request_id=row.request_id,
    )


def _cells(ctx: Context, row: HistoryView) -> tuple[str, ...]:
    begin = datetime.fromtimestamp(row.started or row.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
    error, _, _ = row.error.partition("\n")
    return (row.decky, row.operation, row.worker, row.status, begin, _lasted(ctx, row), error)


def _lasted(ctx: Context, row: HistoryView) -> str:
    if row.duration is None:
        return f"{max(0.0, ctx.now() - (row.started or row.created)):.0f} s so far"
    # If the end is the time at which we learned of it, the operation ended earlier.
    return f"{row.duration:.1f} s" if row.ended_by_worker else f"at most {row.duration:.1f} s"
