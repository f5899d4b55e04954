"""The answers of workers that are not there: whole statuses with the containers of two deckies each."""

from __future__ import annotations

import time
from pathlib import Path

from decnet import wire
from decnet.catalog import load
from decnet.engine.bundle import slice_hash
from decnet.engine.context import Context
from decnet.engine.snapshot import load_snapshot
from decnet.model.actual import HeldProject, Seen
from decnet.model.keys import SliceKey
from decnet.plan.ingest_status import ingest_status
from decnet.store.desired import save_fleet
from decnet.store.paths import Home
from decnet.store.records import Records
from decnet.wire import PROJECT
from decnet.worker.agent_package import AgentPackage

from .ground import address, name
from .passes import Large

DECKIES = 2
CLOCK = 1234567890.5
"""What the simulated worker puts its own in place of."""


def write_canned(folder: Path, home: Home, workers: int) -> None:
    """A desired fleet and its records into the home, and for each worker the answer that is all in order."""
    large = Large(DECKIES * workers, workers, pinned=True)
    save_fleet(home, large.fleet)
    agent = AgentPackage.of(home.agents)
    answers = folder / "canned"
    answers.mkdir(exist_ok=True)
    snap = load_snapshot(Context(home, load(), emit=lambda event: None))
    for number in range(workers):
        worker_id = f"id-{name(number)}"
        seen = large.observed[name(number)]
        assert isinstance(seen, Seen)
        hello = seen.status.hello.model_copy(
            update={
                "agent": agent.sha256,
                "version": agent.version,
                "worker_id": worker_id,
                "fleet_id": large.fleet.fleet_id,
                "clock": CLOCK,
            }
        )
        held = HeldProject(generation=0, plan_hash=slice_hash(snap, SliceKey(name(number))))
        status = seen.status.model_copy(update={"hello": hello, "projects": {PROJECT: held}})
        answer = status.model_dump(mode="json", exclude={"journal": {"damaged"}})
        payload = wire.canonical({"v": wire.PROTOCOL, "ok": True, "result": answer})
        head, tail = payload.split(str(CLOCK).encode())
        (answers / f"{address(number)}.head").write_bytes(b"%d\n" % len(payload) + head)
        (answers / f"{address(number)}.tail").write_bytes(tail)
        status = status.model_copy(update={"hello": hello.model_copy(update={"clock": time.time()})})
        records = large.recorded[name(number)].model_copy(update={"worker_id": worker_id})
        Records(home).save(ingest_status(records, status, now=time.time()).records)
