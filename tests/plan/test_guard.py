"""The guard against mass removal, over plans that are really made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decnet.errors import MassRemoval
from decnet.model.fleet import Decky
from decnet.plan.guard import fleet_size, guard
from decnet.wire import PROJECT

from .world import World, decky, fleet, running


def deckies(count: int, worker: str = "w1") -> list[Decky]:
    return [decky(f"d{number}", worker, ip=10 + number, services="ssh") for number in range(count)]


def refused(world: World, *, max_remove: int | None = None, requested: int = 0, prune: bool = False) -> bool:
    seen = {worker for worker in world.records if worker not in world.away}
    size = fleet_size(world.desired, world.records, seen)
    try:
        guard(
            world.plan(prune=prune, max_remove=max_remove),
            size,
            world.desired,
            max_remove=max_remove,
            requested=requested,
        )
    except MassRemoval:
        return True
    return False


def left(of: int, remain: int) -> World:
    world = running(*deckies(of))
    world.desired = fleet(*deckies(remain))
    return world


@pytest.mark.parametrize(
    ("of", "remain", "expected"),
    [(10, 5, False), (10, 4, True), (10, 0, True), (2, 1, False), (2, 0, True), (1, 0, True), (3, 2, False)],
)
def test_more_than_half_of_the_fleet_or_all_of_it_is_refused(of: int, remain: int, expected: bool) -> None:
    assert refused(left(of, remain)) is expected


def test_what_was_asked_for_by_name_is_not_a_mass_removal() -> None:
    assert (
        refused(left(3, 1), requested=2),
        refused(left(1, 0), requested=1),
        refused(left(9, 1), requested=1),
    ) == (
        False,
        False,
        True,
    )


def test_max_remove_is_what_allows_and_what_limits() -> None:
    assert (refused(left(10, 0), max_remove=10), refused(left(10, 7), max_remove=2)) == (False, True)


def test_a_decky_that_is_renamed_alone_is_replaced_and_not_removed() -> None:
    world = running(decky("a", ip=10))
    world.desired = fleet(decky("b", ip=11))
    assert not refused(world)


def test_a_move_of_the_whole_fleet_removes_no_decky() -> None:
    world = running(*deckies(5, "w1"))
    world.desired = fleet(*deckies(5, "w2"))
    assert not refused(world)


def gone(world: World, *names: str) -> World:
    """The world after a person removed these deckies' containers manually."""
    for engine in world.engines.values():
        for machine in [each for each in engine.values() if each.decky in names]:
            del engine[machine.name]
    return world


@pytest.mark.parametrize(
    ("of", "remain", "absent", "expected"),
    [(6, 0, 1, True), (6, 0, 3, True), (6, 2, 3, True), (6, 3, 2, False), (6, 0, 6, False), (2, 1, 1, False)],
)
def test_what_is_forgotten_with_a_removal_leaves_the_fleet_too(
    of: int, remain: int, absent: int, expected: bool
) -> None:
    world = gone(left(of, remain), *(f"d{number}" for number in range(of - absent, of)))
    assert refused(world) is expected


def test_a_record_that_is_forgotten_after_a_move_removes_no_decky() -> None:
    world = gone(running(*deckies(5, "w1")), "d0", "d1", "d2")
    world.desired = fleet(*deckies(4, "w2"))
    assert not refused(world)


@given(of=st.integers(1, 6), data=st.data())
def test_no_emptied_state_takes_down_what_still_runs(of: int, data: st.DataObject) -> None:
    absent = data.draw(st.sets(st.integers(0, of - 1), max_size=of - 1))
    assert refused(gone(left(of, 0), *(f"d{number}" for number in absent)))


def test_an_emptied_state_does_not_take_down_the_rest_while_a_part_is_dark() -> None:
    there, dark = deckies(3, "w1"), [decky(f"far{number}", "w2", ip=50 + number) for number in range(3)]
    world = running(*there, *dark)
    world.away["w2"] = "no way there"
    world.desired = fleet(*dark)
    assert not refused(world)
    world.desired = fleet()
    assert refused(world)


def test_strays_of_a_lost_state_are_not_pruned_all_at_once() -> None:
    world = left(5, 0)
    world.records["w1"] = world.records["w1"].with_project(PROJECT, deckies={})
    plans = [world.plan(prune=True, max_remove=most) for most in (None, 4, 5)]
    assert [(len(plan.steps), len(plan.strays), plan.excess_strays) for plan in plans] == [
        (0, 5, {"w1": 5}),
        (0, 5, {"w1": 5}),
        (5, 0, {}),
    ]
    assert not refused(world, prune=True, max_remove=5)


def strays_on(world: World, worker: str, *names: str) -> None:
    """Deckies that run there as ours, but are not in the fleet."""
    other = running(*(decky(name, worker, ip=100 + n, services="ssh") for n, name in enumerate(names)))
    world.engines[worker] |= other.engines[worker]


@pytest.mark.parametrize(
    ("own", "strays", "left_alone"), [(3, 3, False), (3, 4, True), (0, 1, False), (0, 2, True), (1, 1, False)]
)
def test_strays_are_judged_by_what_their_worker_has(own: int, strays: int, left_alone: bool) -> None:
    world = running(*deckies(own, "w1"), decky("far", "w2", ip=90), decky("farther", "w2", ip=91))
    strays_on(world, "w1", *(f"odd{number}" for number in range(strays)))
    plan = world.plan(prune=True)
    assert (len(plan.strays), len(plan.steps)) == ((strays, 0) if left_alone else (0, strays))
    assert not refused(world, prune=True)


def test_a_mass_of_strays_does_not_stop_the_healing_of_others() -> None:
    world = running(*deckies(2, "w1"), decky("far", "w2", ip=90))
    strays_on(world, "w1", *(f"odd{number}" for number in range(50)))
    strays_on(world, "w2", "sane")
    world.machine("w2", "far").state = "exited"
    plan = world.plan(prune=True)
    assert plan.excess_strays == {"w1": 50}
    assert [(step.worker, step.decky, step.bucket) for step in plan.steps] == [
        ("w2", "sane", "stray"),
        ("w2", "far", "heal"),
    ]
    assert not refused(world, prune=True)


def test_who_waits_for_the_address_of_a_stray_that_is_left_alone_waits_on() -> None:
    world = running(*deckies(1, "w1"))
    strays_on(world, "w1", "odd0", "odd1")
    world.desired = fleet(*deckies(1, "w1"), decky("new", "w2", ip=100, services="ssh"))
    plan = world.plan(prune=True)
    assert [(step.decky, step.reason.split(",")[0]) for step in plan.skipped] == [
        ("new", "192.0.2.100 is held by odd0 on w1")
    ]


def test_the_refusal_says_how_many_and_how_to_mean_it() -> None:
    with pytest.raises(MassRemoval, match="remove 6 of 10 deckies") as raised:
        world = left(10, 4)
        guard(world.plan(), 10, world.desired)
    assert raised.value.hint == "if this is intended: --max-remove 6"
