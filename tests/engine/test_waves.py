"""Who waits for whom while a plan is carried out: a claim for its release, and nobody else for anybody."""

from __future__ import annotations

import asyncio

from decnet.engine.apply import Applied, carry_out, waves
from decnet.engine.job import JobEnd
from decnet.engine.progress import StepDone
from decnet.errors import Unreachable
from decnet.model.plan import Step, Target


def release(worker: str, decky: str) -> Step:
    gone = (Target(name=decky, id="i"),)
    return Step(worker=worker, decky=decky, bucket="remove", reason="r", wave=0, remove=gone)


def claim(worker: str, decky: str, *after: str) -> Step:
    return Step(worker=worker, decky=decky, bucket="heal", reason="r", start=(decky,), after=after)


def told(*steps: Step) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    first, second = (
        {worker: [step.decky for step in own] for worker, own in jobs.items()} for jobs in waves(steps)
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
    assert told(*steps) == (
        {"w1": ["old"], "w3": ["gone", "own"], "w4": ["other"]},
        {"w2": ["new", "beside"]},
    )


def test_a_decky_that_lets_go_of_its_address_first_is_in_two_jobs() -> None:
    steps = (release("w1", "a"), claim("w1", "a", "w1/a"), claim("w2", "b", "w1/a"))
    assert told(*steps) == ({"w1": ["a"]}, {"w1": ["a"], "w2": ["b"]})


class Jobs:
    """Jobs that end at once, but for w1's, which ends when it is let."""

    def __init__(self, *, failing: str = "") -> None:
        self.begun: list[str] = []
        self.slow = asyncio.Event()
        self.failing = failing

    async def __call__(self, worker: str, steps: list[Step], detach: bool) -> JobEnd:
        self.begun.append(worker)
        if worker == "w1":
            await self.slow.wait()
        if worker == self.failing:
            return JobEnd(error=Unreachable("no", worker=worker))
        if detach:
            return JobEnd(detached=True)
        return JobEnd([StepDone(worker, step.decky, "change", "succeeded") for step in steps])


def carried_out(jobs: Jobs, *steps: Step, detach: bool = False) -> tuple[list[str], Applied]:
    """What was begun before w1 came to its end, and how all ended."""
    applied = Applied()

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
    assert ("w2" in jobs.begun, list(applied.errors), len(applied.outcomes)) == (False, ["w1"], 3)


def test_what_a_second_job_waits_for_is_followed_though_the_rest_is_detached() -> None:
    _, applied = carried_out(Jobs(), *STEPS, claim("w1", "own"), detach=True)
    assert ([each.worker for each in applied.outcomes], applied.detached) == (
        ["w1", "w1", "w4"],
        ["w2", "w3", "w5"],
    )
