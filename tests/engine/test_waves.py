"""Dependencies while a plan is carried out: a claim waits for its release, and nothing else waits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from decnet.catalog import load
from decnet.engine import apply as engine_apply
from decnet.engine.apply import ApplyResult, carry_out, split_jobs
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.images import ImageTransfer
from decnet.engine.job import JobEnd
from decnet.engine.options import PassOptions
from decnet.engine.progress import StepDone
from decnet.engine.snapshot import Snapshot
from decnet.errors import Unreachable, WorkerFailure
from decnet.images import wanted
from decnet.model.fleet import Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import Plan, SliceDrift, Step, Target
from decnet.store.paths import Home
from decnet.wire import PROJECT


def release(worker: str, decky: str) -> Step:
    gone = (Target(name=decky, id="i"),)
    return Step(worker=worker, decky=decky, bucket="remove", reason="r", phase=0, remove=gone)


def claim(worker: str, decky: str, *after: str) -> Step:
    """`after` are releases, as worker/decky."""
    releases = tuple(DeckyKey(*each.split("/")[:1], PROJECT, *each.split("/")[1:]) for each in after)
    return Step(worker=worker, decky=decky, bucket="heal", reason="r", start=(decky,), after=releases)


def split(*steps: Step) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    first, second = (
        {key.worker: [step.decky for step in own] for key, own in jobs.items()} for jobs in split_jobs(steps)
    )
    return first, second


def test_a_release_delays_only_the_worker_whose_claim_waits_for_it() -> None:
    steps = (
        release("w1", "old"),
        release("w3", "gone"),
        claim("w2", "new", "w1/old"),
        claim("w2", "beside"),
        claim("w3", "own", "w3/gone"),
        claim("w4", "other"),
    )
    assert split(*steps) == (
        {"w1": ["old"], "w3": ["gone", "own"], "w4": ["other"]},
        {"w2": ["new", "beside"]},
    )


def test_a_decky_that_lets_go_of_its_address_first_is_in_two_jobs() -> None:
    steps = (release("w1", "a"), claim("w1", "a", "w1/a"), claim("w2", "b", "w1/a"))
    assert split(*steps) == ({"w1": ["a"]}, {"w1": ["a"], "w2": ["b"]})


class Jobs:
    """Jobs that end at once, but for w1's, which ends when it is let."""

    def __init__(self, *, failing: str = "") -> None:
        self.begun: list[str] = []
        self.slow = asyncio.Event()
        self.failing = failing

    async def __call__(self, key: SliceKey, steps: list[Step], detach: bool) -> JobEnd:
        worker = key.worker
        self.begun.append(worker)
        if worker == "w1":
            await self.slow.wait()
        if worker == self.failing:
            return JobEnd(failure=WorkerFailure(worker, Unreachable, "no"))
        if detach:
            return JobEnd(detached=True)
        return JobEnd([StepDone(worker, step.decky, "change", "succeeded") for step in steps])


def carried_out(jobs: Jobs, *steps: Step, detach: bool = False) -> tuple[list[str], ApplyResult]:
    """What was begun before w1 came to its end, and how all ended."""
    applied = ApplyResult()

    async def both() -> list[str]:
        task = asyncio.create_task(carry_out(steps, jobs, applied, detach=detach))
        await asyncio.sleep(0.05)
        meanwhile = list(jobs.begun)
        jobs.slow.set()
        await task
        return meanwhile

    return asyncio.run(both()), applied


STEPS = (
    release("w1", "old"),
    release("w4", "gone"),
    claim("w2", "new", "w1/old"),
    claim("w3", "other"),
    claim("w5", "late", "w4/gone"),
)


def test_a_slow_release_holds_only_what_waits_for_it() -> None:
    meanwhile, applied = carried_out(jobs := Jobs(), *STEPS)
    assert (meanwhile, jobs.begun[4:]) == (["w1", "w4", "w3", "w5"], ["w2"])
    assert [(each.worker, each.decky) for each in applied.outcomes] == [
        ("w1", "old"), ("w2", "new"), ("w3", "other"), ("w4", "gone"), ("w5", "late"),
    ]  # fmt: skip


def test_what_waits_for_a_release_that_failed_is_not_claimed() -> None:
    _, applied = carried_out(jobs := Jobs(failing="w1"), *STEPS)
    assert ("w2" in jobs.begun, list(applied.failures), len(applied.outcomes)) == (False, ["w1"], 3)


def test_a_worker_carries_out_the_jobs_of_its_projects_one_after_the_other() -> None:
    steps = [claim("w2", "a"), claim("w2", "b")._replace(project="decnet-t-0123abcd")]
    at_work: list[SliceKey] = []

    async def job(key: SliceKey, own: list[Step], detach: bool) -> JobEnd:
        assert not at_work
        at_work.append(key)
        await asyncio.sleep(0)
        at_work.remove(key)
        return JobEnd([StepDone(key.worker, own[0].decky, "heal", "succeeded", project=key.project)])

    applied = ApplyResult()
    asyncio.run(carry_out(steps, job, applied))
    assert [each.key for each in applied.outcomes] == [step.key for step in steps]


def test_what_a_second_job_waits_for_is_followed_though_the_rest_is_detached() -> None:
    _, applied = carried_out(Jobs(), *STEPS, claim("w1", "own"), detach=True)
    assert ([each.worker for each in applied.outcomes], applied.detached) == (
        ["w1", "w1", "w4"],
        ["w2", "w3", "w5"],
    )


def test_images_that_travel_slowly_hold_up_their_own_worker_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """w1 takes its images as slowly as it may, w2 lost its connection, w3 has them, w4 is only synced
    again."""
    begun: list[str] = []

    async def run() -> ApplyResult:
        arrived = asyncio.Event()

        async def travel() -> WorkerFailure | None:
            await arrived.wait()
            return None

        async def lose() -> WorkerFailure | None:
            return WorkerFailure("w2", Unreachable, "the connection was lost")

        async def provided(*_: object, **__: object) -> dict[str, ImageTransfer | None]:
            return {"w1": asyncio.create_task(travel()), "w2": asyncio.create_task(lose()), "w3": None}

        async def worked(*args: Any, detach: bool) -> JobEnd:
            begun.append(args[3].worker)
            if {"w3", "w4"} <= set(begun):
                arrived.set()
            return JobEnd([StepDone(args[3].worker, each.decky, "heal", "succeeded") for each in args[4]])

        monkeypatch.setattr(engine_apply, "provide_images", provided)
        monkeypatch.setattr(engine_apply, "run_job", worked)
        home = Home(tmp_path)
        ctx = Context(home=home, catalog=load(), emit=lambda event: None)
        steps = tuple(claim(worker, f"on-{worker}") for worker in ("w1", "w2", "w3"))
        plan = Plan(steps=steps, slices={SliceKey("w4"): SliceDrift(word="behind", reason="so")})
        async with asyncio.timeout(10), Connections(home, "f") as connections:
            fleet = Fleet(fleet_id="f")
            snap = Snapshot(fleet, fleet, {}, wanted(), ctx.catalog)
            return (await engine_apply.apply(ctx, connections, snap, plan, PassOptions()))[1]

    applied = asyncio.run(run())
    assert begun[-1] == "w1"
    assert set(begun) == {"w1", "w3", "w4"}
    assert list(applied.failures) == ["w2"]
    assert [each.decky for each in applied.outcomes] == ["on-w1", "on-w3"]
