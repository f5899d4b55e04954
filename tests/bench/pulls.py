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
from decnet.engine.snapshot import load_snapshot
from decnet.model.actual import Seen
from decnet.store.paths import Home
from decnet.worker.ssh_library import asyncssh


async def rounds(home: Home, count: int) -> None:
    ctx = Context(home, load(), emit=lambda event: None)
    snap = load_snapshot(ctx)
    asyncssh()
    async with Connections(home, snap.desired.fleet_id) as connections:
        for _ in range(count):
            cpu, began = _cpu(), time.perf_counter()
            observed = (await observe(ctx, connections, snap)).observed
            seen = sum(isinstance(each, Seen) for each in observed.values())
            figures = {"cpu": _cpu() - cpu, "wall": time.perf_counter() - began, "seen": seen}
            print(json.dumps(figures), flush=True)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    asyncio.run(rounds(Home(Path(sys.argv[1])), int(sys.argv[2])))
