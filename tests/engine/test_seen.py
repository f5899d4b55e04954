"""Every verb that asks a worker notes when it answered, not `status` alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from decnet.catalog import load
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.observe import observe
from decnet.engine.snapshot import Snapshot
from decnet.errors import Unreachable
from decnet.images import wanted
from decnet.model.record import WorkerRecords
from decnet.store.desired import new_fleet
from decnet.store.last_seen import LastSeen, load_seen
from decnet.store.paths import Home
from decnet.wire import AGENT_VERSION

from .test_agent_version import WORKER, Machine, ours

CLOCK = 1.5
"""The machine's own."""


class Silent(Machine):
    async def call(self, verb: str, *_: object, **__: object) -> dict[str, object]:
        raise Unreachable("no answer", worker="w1")


def seen_after_a_look(folder: Path, machine: Machine, *, sessions: bool = False) -> dict[str, LastSeen]:
    home = Home(folder)
    ctx = Context(home=home, catalog=load(), emit=lambda event: None, now=lambda: 100.0)

    async def run() -> None:
        async with Connections(home, "f", lambda worker: machine) as connections:
            records = {"w1": WorkerRecords(worker_id="w")}
            fleet = new_fleet()
            snap = Snapshot(fleet, fleet, {"w1": WORKER}, wanted(), load(), records)
            await observe(ctx, connections, snap, sessions=sessions)

    asyncio.run(run())
    return load_seen(home)


def test_a_worker_that_answers_is_seen_and_its_clock_measured(tmp_path: Path) -> None:
    machine = Machine(ours(tmp_path), AGENT_VERSION)
    assert seen_after_a_look(tmp_path, machine) == {"w": LastSeen(at=100.0, skew=CLOCK - 100.0)}


def test_a_worker_whose_engine_is_down_was_seen_all_the_same(tmp_path: Path) -> None:
    machine = Machine(ours(tmp_path), AGENT_VERSION, docker="down")
    assert seen_after_a_look(tmp_path, machine) == {"w": LastSeen(at=100.0, skew=CLOCK - 100.0)}


def test_a_silent_worker_leaves_no_trace(tmp_path: Path) -> None:
    assert seen_after_a_look(tmp_path, Silent("", 0)) == {}
    assert not Home(tmp_path).seen.exists()


class WithTwoPages(Machine):
    """Its journal has two pages; the second arrives 20 s later by its clock."""

    async def call(self, verb: str, *args: Any, **options: Any) -> dict[str, Any]:
        answer = await super().call(verb, *args, **options)
        if verb == "hello":
            return answer
        if self.asked.count("status") == 1:
            unreadable = {"seq": 1, "hash": "0" * 64}
            answer["journal"] = {**answer["journal"], "records": [unreadable], "more": True}
        else:
            answer["hello"]["clock"] += 20.0
        return answer


def test_a_clock_is_measured_by_the_answer_to_the_request_that_was_timed(tmp_path: Path) -> None:
    machine = WithTwoPages(ours(tmp_path), AGENT_VERSION)
    assert seen_after_a_look(tmp_path, machine) == {"w": LastSeen(at=100.0, skew=CLOCK - 100.0)}
    assert len(machine.asked) == 2


class WithSessions(WithTwoPages):
    """It notes the arguments of each `status`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.statuses: list[dict[str, Any]] = []

    async def call(self, verb: str, *args: Any, **options: Any) -> dict[str, Any]:
        if verb == "status":
            self.statuses.append(dict(args[0]))
        return await super().call(verb, *args, **options)


def test_every_page_of_a_status_is_asked_for_sessions(tmp_path: Path) -> None:
    """What is decided rests on the last one."""
    machine = WithSessions(ours(tmp_path), AGENT_VERSION)
    seen_after_a_look(tmp_path, machine, sessions=True)
    assert len(machine.statuses) == 2 and all(args.get("sessions") is True for args in machine.statuses)
