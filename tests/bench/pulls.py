"""Pulls of a fleet in one process, each measured by itself: the first one connects, the others do not.

    python -m tests.bench.pulls HOME ROUNDS

One line of JSON for each round: processor and wall seconds, and how many workers were seen.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from decnet.catalog import load
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.observe import observe
from decnet.engine.workers import known_workers
from decnet.model.actual import Seen
from decnet.store.desired import load_fleet
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.worker.ssh_library import asyncssh


async def rounds(home: Home, count: int) -> None:
    fleet = load_fleet(home)
    assert fleet is not None
    workers = known_workers(home)
    records = {name: Records(home).load(worker.worker_id) for name, worker in workers.items()}
    ctx = Context(home, load(), emit=lambda event: None)
    asyncssh()
    async with Connections(home, fleet.fleet_id) as connections:
        for _ in range(count):
            cpu, began = _cpu(), time.perf_counter()
            observed = await observe(ctx, connections, workers.values(), records)
            seen = sum(isinstance(each, Seen) for each in observed.values())
            figures = {"cpu": _cpu() - cpu, "wall": time.perf_counter() - began, "seen": seen}
            print(json.dumps(figures), flush=True)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    asyncio.run(rounds(Home(Path(sys.argv[1])), int(sys.argv[2])))
