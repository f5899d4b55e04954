"""Workers that a pass drains: they receive no new deckies afterwards."""

from __future__ import annotations

from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.engine.workers import known_workers
from decnet.model.worker import Worker
from decnet.store.fleet_table import FleetTable


def newly_drained(ctx: Context, snap: Snapshot) -> list[Worker]:
    """The workers that are drained in the snapshot and not yet in `fleet.json`."""
    stored = known_workers(ctx.home)
    return [
        worker
        for name, worker in snap.workers.items()
        if worker.drained and name in stored and not stored[name].drained
    ]


def record_drained(ctx: Context, snap: Snapshot) -> None:
    """Store that they are drained, and report it."""
    for worker in newly_drained(ctx, snap):
        FleetTable(ctx.home).put_worker(worker)
        ctx.note(
            f"receives no new deckies from now on; decnet worker undrain {worker.name} ends that", worker.name
        )
