"""Properties of every fleet and every state of its workers, tested on many generated ones."""

from __future__ import annotations

import random
from typing import TypeVar

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from decnet.model.actual import Seen
from decnet.model.fleet import Decky, Project
from decnet.plan.reconcile import reconcile
from decnet.wire import PROJECT

from .world import NOW, Images, Machine, World, decky, fleet

V = TypeVar("V")
WORKERS = ("w1", "w2", "w3")
SERVICES = ("ssh", "http", "ftp", "smtp_relay")
NAMES = ("a", "b", "c", "d")
STATES = ("running", "exited", "created", "restarting", "paused", "dead")
TRIES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Decky]:
    """Up to four deckies, addresses and MACs unique, names and addresses shared between two drawings."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    ips = draw(st.permutations(range(10, 16)))
    result = {}
    for name, ip in zip(names, ips, strict=False):
        services = draw(st.lists(st.sampled_from(SERVICES), unique=True, min_size=1, max_size=3))
        result[name] = decky(name, draw(st.sampled_from(WORKERS)), ip, " ".join(services))
    return result


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A fleet was deployed (perhaps half), things broke, records got lost, and another one is desired."""
    before, after = draw(fleets()), draw(fleets())
    world = World(fleet(*before.values()))
    world.carry_out(world.plan(), crash_after=draw(st.none() | st.integers(0, 12)))
    for worker in WORKERS:
        for machine in list(world.engines[worker].values()):
            _hurt(draw, world, worker, machine)
        rows = world.records[worker].of().deckies
        lost = draw(st.sets(st.sampled_from(NAMES), max_size=1))
        kept = {name: row for name, row in rows.items() if name not in lost}
        world.records[worker] = world.records[worker].with_project(PROJECT, deckies=kept)
    world.desired = fleet(*draw(st.sampled_from([before, after, after])).values())
    world.images = draw(st.sampled_from([Images(), Images(), Images(base="decnet/base:ffffffffffff")]))
    return world


def _hurt(draw: st.DrawFn, world: World, worker: str, machine: Machine) -> None:
    fate = draw(st.sampled_from(("well",) * 4 + ("gone", "restarted", *STATES)))
    if fate == "gone":
        del world.engines[worker][machine.name]
    elif fate == "restarted":
        machine.born += 1
    elif fate != "well":
        machine.state = fate


@TRIES
@given(worlds())
def test_a_plan_carried_out_until_nothing_is_left_ends_in_the_desired_fleet(world: World) -> None:
    for _ in range(4):
        world.settle(prune=True, max_remove=99)
    assert world.agrees()


@TRIES
@given(fleets())
def test_planning_what_is_already_so_is_empty(deckies: dict[str, Decky]) -> None:
    world = World(fleet(*deckies.values()))
    world.settle()
    plan = world.plan(prune=True, max_remove=99)
    assert (plan.steps, plan.strays, plan.skipped, plan.kept) == ((), (), (), len(deckies))


@TRIES
@given(worlds())
def test_a_plan_in_which_nothing_had_to_wait_is_empty_the_second_time(world: World) -> None:
    if not world.settle(prune=True, max_remove=99).skipped:
        assert world.plan(prune=True, max_remove=99).is_empty


@TRIES
@given(worlds(), st.integers(0, 30))
def test_any_prefix_of_a_plan_followed_by_a_crash_converges(world: World, crash_after: int) -> None:
    world.carry_out(world.plan(prune=True, max_remove=99), crash_after=crash_after)
    for _ in range(4):
        world.settle(prune=True, max_remove=99)
    assert world.agrees()


@TRIES
@given(worlds(), st.sets(st.sampled_from(WORKERS), min_size=1))
def test_an_unknown_worker_never_gets_a_step(world: World, away: set[str]) -> None:
    world.away = dict.fromkeys(away, "no route to host")
    plan = world.plan(prune=True, max_remove=99)
    touched = {step.worker for step in (*plan.steps, *plan.strays)}
    assert not touched & away and set(plan.unknown) == away


@TRIES
@given(worlds(), st.sets(st.sampled_from(WORKERS), min_size=1, max_size=2))
def test_no_address_is_on_the_lan_twice_while_workers_come_and_go(world: World, away: set[str]) -> None:
    # Only a probe of the LAN itself can find what is neither recorded nor observed.
    assume(
        all(
            each.decky in world.records[worker].of().deckies
            for worker in away
            for each in world.engines[worker].values()
        )
    )
    # The world itself stands on it: carrying out a plan that breaks it fails.
    world.away = dict.fromkeys(away, "no route to host")
    world.settle()
    world.away = {}
    for _ in range(4):
        world.settle(prune=True, max_remove=99)
    assert world.agrees()


@TRIES
@given(
    worlds(),
    st.sets(st.sampled_from(WORKERS), min_size=1, max_size=2),
    st.lists(fleets(), max_size=3),
    st.randoms(use_true_random=False),
)
def test_no_address_is_on_the_lan_twice_though_dark_workers_are_removed(
    world: World, away: set[str], wishes: list[dict[str, Decky]], rng: random.Random
) -> None:
    assume(
        all(
            each.decky in world.records[worker].of().deckies
            for worker in away
            for each in world.engines[worker].values()
        )
    )
    world.away = dict.fromkeys(away, "no route to host")
    removed = rng.choice(sorted(away))
    for wish in [*wishes[:1], None, *wishes[1:]]:
        if wish is None:
            world.forget(removed)
        else:
            kept = {name: each for name, each in wish.items() if each.worker not in world.gone}
            world.desired = world.desired.with_deckies(kept)
        world.settle()
    # A machine that was off is on again: Docker itself starts what ran.
    for machine in world.engines[removed].values():
        machine.state = "running"
    world.away = {}
    for _ in range(3):
        world.settle(prune=True, max_remove=99)
        world.check_lan()


@TRIES
@given(worlds())
def test_only_what_is_reported_as_ours_is_removed_and_by_its_own_name(world: World) -> None:
    plan = world.plan(prune=True, max_remove=99)
    ours = {
        (worker, each.name, each.id, each.decky)
        for worker, engine in world.engines.items()
        for each in engine.values()
    }
    named = {(s.worker, t.name, t.id, s.decky) for s in plan.steps for t in s.remove}
    assert named <= ours


@TRIES
@given(worlds())
def test_without_prune_nothing_is_removed_that_is_neither_described_nor_recorded(world: World) -> None:
    known = {(worker, name) for worker, records in world.records.items() for name in records.of().deckies} | {
        (each.worker, name) for name, each in world.desired.deckies.items()
    }
    assert {(step.worker, step.decky) for step in world.plan().steps if step.remove} <= known


@TRIES
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_is_irrelevant(world: World, rng: random.Random) -> None:
    observed = {}
    for worker, each in _shuffled(world.observe(), rng).items():
        assert isinstance(each, Seen)
        containers = list(each.status.containers)
        rng.shuffle(containers)
        status = each.status.model_copy(update={"containers": tuple(containers)})
        observed[worker] = each._replace(status=status)
    records = {
        worker: each.with_project(PROJECT, deckies=_shuffled(each.of().deckies, rng))
        for worker, each in _shuffled(world.records, rng).items()
    }
    deckies = _shuffled(world.desired.deckies, rng)
    project = Project(name=PROJECT, deckies=deckies)
    desired = world.desired.model_copy(update={"projects": {PROJECT: project}})
    other = reconcile(desired, records, observed, _shuffled(world.expected, rng), now=NOW, retry_policy=None)
    assert other == world.plan()


@TRIES
@given(worlds(), st.sampled_from(WORKERS))
def test_a_failed_worker_does_not_change_the_plan_of_the_others(world: World, away: str) -> None:
    everything = world.plan()
    if any(step.moves_to or step.after for step in everything.steps) or everything.skipped:
        return  # deckies that move or wait for each other tie their workers together
    shared = _tokens(world, away)
    world.away = {away: "no route to host"}
    others = [step for step in everything.steps if step.worker != away]
    if shared & {token for step in others for token in _tokens_of(world, step.decky)}:
        return
    assert list(world.plan().steps) == others


def _tokens(world: World, worker: str) -> set[str]:
    rows = world.records[worker].of().deckies.values()
    return (
        {row.ip for row in rows}
        | {row.mac for row in rows}
        | {token for each in world.desired.on(worker).values() for token in (each.ip, each.mac)}
    )


def _tokens_of(world: World, name: str) -> set[str]:
    each = world.desired.deckies.get(name)
    return {each.ip, each.mac} if each else set()


def _shuffled(values: dict[str, V], rng: random.Random) -> dict[str, V]:
    keys = list(values)
    rng.shuffle(keys)
    return {key: values[key] for key in keys}
