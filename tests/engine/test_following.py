"""A job is followed to its end, whatever the worker says of it, its engine does, or a clock shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decnet.catalog import load
from decnet.engine.busy_workers import UNRECORDED_JOB_TIMEOUT_SECONDS, blocking_jobs, wait_for_jobs
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.job import JobEnd, run_job
from decnet.engine.options import PassOptions
from decnet.engine.run_pass import keep_desired, run_pass
from decnet.engine.snapshot import Snapshot
from decnet.errors import Unreachable, WorkerError, WorkerFailure
from decnet.images import wanted
from decnet.model.actual import Observation, Seen, Status
from decnet.model.fleet import Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import Plan, SliceDrift, Step, Target
from decnet.model.record import DeckyRow, LifecycleRow, WorkerRecords
from decnet.model.worker import Worker
from decnet.store.desired import save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.store.home_check import open_home
from decnet.store.paths import Home
from decnet.wire import AGENT_VERSION, GENESIS, PROJECT, PROTOCOL, chained
from decnet.worker.agent_package import AgentPackage

WORKER = Worker(name="w1", worker_id="w", host="192.0.2.1", user="root")
ROW = DeckyRow(name="web", ip="192.0.2.9", mac="00:50:56:00:00:09", status="running", containers={"web": "f"})
REMOVAL = Step(
    worker="w1", decky="web", bucket="remove", reason="not wanted", operation="remove", phase=0,
    record="delete", remove=(Target(name="web", id="i"),),
)  # fmt: skip
NOW = 1_700_000_000.0


class ScriptedWorker:
    """A worker that takes a job and then answers each poll with the next of `answers`; then always with the
    last."""

    worker, noise, protocol, agent = "w1", 0, PROTOCOL, "a"

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.request = "r"
        self.asked: list[str] = []

    async def call(
        self, verb: str, args: dict[str, Any], *, limit: float, stream: AsyncIterator[bytes] | None = None
    ) -> dict[str, Any]:
        self.asked.append(verb)
        if verb == "apply":
            self.request = args["request_id"]
            return {"job_id": "j", "request_id": self.request, "state": "accepted", "generation": 1}
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return self.status(**answer)

    def status(
        self, *, docker: str = "up", ends: str = "", runs: bool = False, base: bool = False
    ) -> dict[str, Any]:
        there = {"name": "web", "id": "i", "decky": "web", "service": "", "fingerprint": "f", "image": "x",
                 "state": "running"}  # fmt: skip
        end = {
            "seq": 1, "at": NOW, "decky": "web", "operation": "remove", "status": ends, "error": "",
            "request_id": self.request,
        }  # fmt: skip
        hello = {
            "protocol": PROTOCOL, "agent": self.agent, "version": AGENT_VERSION, "worker_id": "w",
            "fleet_id": "f", "engine_id": "e", "boot_id": "b", "clock": NOW,
        }  # fmt: skip
        running = {"job_id": "j", "request_id": self.request, "state": "running", "operation": "apply"}
        return {
            "hello": hello, "docker": docker, "projects": {PROJECT: {"generation": 1, "plan_hash": None}},
            "containers": [there] if base else [],
            "jobs": [running] if runs else [],
            "journal": {
                "journal_id": "j", "first_seq": 1, "last_seq": 1 if ends else 0, "verdict": "ok",
                "records": [chained(end, GENESIS)] if ends else [], "more": False,
            },
        }  # fmt: skip

    async def close(self) -> None:
        """Nothing is open."""


def clock(*moments: float) -> Callable[[], float]:
    """A clock that shows these moments one after the other, and then the last one."""
    shown = iter(moments)
    last = moments[-1]
    return lambda: next(shown, last)


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = Home(tmp_path / "home")
    open_home(home)
    return Context(home=home, catalog=load(), emit=lambda event: None, now=lambda: NOW, sleep=no_pause)


async def no_pause(seconds: float) -> None:
    """Polls follow each other at once; which time it is, each test's clock says."""
    await asyncio.sleep(0)


def links_to(scripted: ScriptedWorker, ctx: Context) -> Connections:
    scripted.agent = AgentPackage.of(ctx.home.agents).sha256
    return Connections(ctx.home, "f", lambda worker: scripted)


FLEET = Fleet(fleet_id="f")


def known(*rows: LifecycleRow) -> WorkerRecords:
    return WorkerRecords(worker_id="w", lifecycle=rows).with_project(PROJECT, deckies={"web": ROW})


def snapshot(*rows: LifecycleRow, seen: Status | None = None) -> Snapshot:
    observed: dict[str, Observation] = {"w1": Seen(worker="w1", status=seen)} if seen else {}
    return Snapshot(FLEET, FLEET, {"w1": WORKER}, wanted(), load(), {"w1": known(*rows)}, observed)


def followed(ctx: Context, scripted: ScriptedWorker, now: Snapshot) -> JobEnd:
    async def run() -> JobEnd:
        async with links_to(scripted, ctx) as connections:
            return await run_job(ctx, connections, now, SliceKey("w1"), [REMOVAL], detach=False)

    return asyncio.run(run())


def test_a_removal_that_ends_takes_the_row_away(ctx: Context) -> None:
    end = followed(ctx, ScriptedWorker({"ends": "succeeded"}), snapshot())
    assert [each.status for each in end.outcomes] == ["succeeded"]
    assert end.records is not None and end.records.of().deckies == {}
    assert ctx.records.load("w") == end.records


def test_while_the_engine_is_down_nothing_is_known_and_the_row_stays(ctx: Context) -> None:
    """An empty list of containers from there is no absence: its address is still held."""
    end = followed(ctx, ScriptedWorker({"ends": "failed", "docker": "down"}), snapshot())
    assert [each.status for each in end.outcomes] == ["failed"]
    assert end.records is not None and end.records.of().deckies == {"web": ROW}


def test_a_machine_that_slept_asks_once_more_before_it_gives_up(ctx: Context) -> None:
    scripted = ScriptedWorker({"runs": True}, {"ends": "succeeded"})
    end = followed(replace(ctx, monotonic=clock(0.0, 1.0, 90_000.0)), scripted, snapshot())
    assert [each.status for each in end.outcomes] == ["succeeded"]


def test_a_job_that_never_ends_is_left_to_itself(ctx: Context) -> None:
    end = followed(replace(ctx, monotonic=clock(0.0, 1.0, 631.0)), ScriptedWorker({"runs": True}), snapshot())
    assert end.failure is not None and end.failure.kind is WorkerError
    assert end.failure.message == "its job did not end within 631 s; it continues in the background"


def test_a_silent_worker_is_given_up_even_if_our_clock_is_set_back(ctx: Context) -> None:
    silent = ScriptedWorker(Unreachable("no way there", worker="w1"))
    backwards = clock(NOW, NOW, NOW, NOW - 3600)
    end = followed(replace(ctx, now=backwards, monotonic=clock(0.0, 1.0, 2.0, 21.0)), silent, snapshot())
    assert end.failure == WorkerFailure("w1", Unreachable, "no way there")


def test_a_job_that_says_it_runs_though_all_its_steps_have_ended_is_not_waited_for(ctx: Context) -> None:
    scripted = ScriptedWorker({"runs": True, "ends": "succeeded"})
    end = followed(replace(ctx, monotonic=clock(0.0, 1.0, 2.0, 3.0, 4.0, 15.0)), scripted, snapshot())
    assert [each.status for each in end.outcomes] == ["succeeded"]


def test_mending_the_records_alone_waits_for_no_job_and_touches_no_container(ctx: Context) -> None:
    save_fleet(ctx.home, FLEET)
    FleetTable(ctx.home).put_worker(WORKER)
    ctx.records.save(known(row("r", NOW)))
    scripted = ScriptedWorker({"base": True, "runs": True})

    def run(options: PassOptions) -> None:
        scripted.agent = AgentPackage.of(ctx.home.agents).sha256
        asyncio.run(run_pass(replace(ctx, sessions=lambda _: scripted), "reconcile", keep_desired(), options))

    run(PassOptions(record_only=True, max_remove=9))
    assert set(scripted.asked) == {"status"}
    scripted.answers = [{"base": True}, {"base": True}, {"ends": "succeeded"}]
    run(PassOptions(max_remove=9))
    assert "apply" in scripted.asked


def row(request: str, created: float) -> LifecycleRow:
    return LifecycleRow(
        id=request, decky="web", operation="create", request_id=request, status="running", created=created
    )


def working(scripted: ScriptedWorker) -> Status:
    return Status.model_validate(scripted.status(runs=True))


def test_a_job_of_which_nothing_is_known_here_is_waited_for_only_where_something_is_to_be_done() -> None:
    seen = working(ScriptedWorker({}))
    assert blocking_jobs(snapshot(seen=seen), Plan()) == {}
    assert set(blocking_jobs(snapshot(seen=seen), Plan(steps=(REMOVAL,)))) == {"w1"}
    assert set(
        blocking_jobs(
            snapshot(seen=seen), Plan(slices={SliceKey("w1"): SliceDrift(word="behind", reason="so")})
        )
    ) == {"w1"}
    late = REMOVAL._replace(worker="w2", after=(DeckyKey("w1", PROJECT, "web"),))
    assert set(blocking_jobs(snapshot(seen=seen), Plan(steps=(late,)))) == {"w1"}
    assert set(blocking_jobs(snapshot(row("r", NOW), seen=seen), Plan())) == {"w1"}


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [
        ((), UNRECORDED_JOB_TIMEOUT_SECONDS),
        ((row("another", NOW),), UNRECORDED_JOB_TIMEOUT_SECONDS),
        ((row("r", NOW),), 750.0),
        ((row("r", NOW - 500),), 250.0),
        ((row("r", NOW - 5000),), 0.0),
        ((row("r", NOW + 5000),), 750.0),
    ],
)
def test_an_endless_job_is_waited_for_by_when_its_command_wrote_it_down(
    ctx: Context, rows: tuple[LifecycleRow, ...], seconds: float
) -> None:
    scripted = ScriptedWorker({"runs": True})
    polls, moments = [0], iter(range(10**6))

    def tick() -> float:
        polls[0] += 1
        return float(next(moments))

    async def run() -> Snapshot:
        async with links_to(scripted, ctx) as connections:
            now = snapshot(*rows, seen=working(scripted))
            return await wait_for_jobs(replace(ctx, monotonic=tick), connections, now)

    asyncio.run(run())
    assert 0 <= polls[0] - seconds < 15
