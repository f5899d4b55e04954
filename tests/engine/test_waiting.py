"""A worker with a running job delays only its own steps, and those that wait for them."""

from __future__ import annotations

from decnet.model.keys import DeckyKey
from decnet.model.plan import Plan, Step


def step(worker: str, decky: str, *after: DeckyKey) -> Step:
    return Step(worker=worker, decky=decky, bucket="change", reason="r", up=("x",), after=after)


def test_steps_of_a_busy_worker_and_those_that_wait_for_it_come_later() -> None:
    free, behind, own = step("w1", "a"), step("w1", "b", DeckyKey("w2", "decnet", "c")), step("w2", "c")
    assert Plan(steps=(free, behind, own)).without({"w2"}).steps == (free,)


def test_without_a_busy_worker_the_plan_is_unchanged() -> None:
    plan = Plan(steps=(step("w1", "a"),))
    assert plan.without({}) is plan
