"""An address is on the LAN once: who may claim it, who has to wait, and what is reported to the operator."""

from __future__ import annotations

from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.plan import Plan
from decnet.model.record import Claim, LifecycleRow, Operation
from decnet.plan.retry_policy import RetryPolicy
from decnet.wire import PROJECT

from .world import NOW, World, decky, fleet, lan, running


def waiting(plan: Plan) -> dict[str, str]:
    return {f"{each.worker}/{each.decky}": each.reason for each in plan.skipped}


def bridged(*deckies: Decky, macvlan: str = "") -> Fleet:
    """The deckies on workers that have a bridge each; the ones named in `macvlan` are on one LAN."""
    workers = ("w1", "w2", "w3")
    lans = {each: lan(driver="macvlan" if each in macvlan.split() else "bridge") for each in workers}
    return fleet(*deckies).model_copy(update={"lans": lans})


def test_on_two_lans_one_address_is_two() -> None:
    world = World(bridged(decky("one", "w1", ip=10), decky("two", "w2", ip=10, mac="00:50:56:00:00:ff")))
    plan = world.settle()
    assert (waiting(plan), [step.after for step in plan.steps]) == ({}, [(), ()])
    assert world.agrees()


def test_a_base_that_still_is_on_the_lan_of_before_goes_before_its_address_is_claimed_there() -> None:
    one, two = decky("one", "w1", ip=10), decky("two", "w2", ip=10, mac="00:50:56:00:00:ff")
    world = World(bridged(one, macvlan="w1 w2"))
    world.settle()
    world.desired = bridged(one, two, macvlan="w2")
    world.settle()
    assert world.agrees()


def test_a_claim_waits_while_the_address_may_still_be_on_an_unknown_worker() -> None:
    world = running(decky("old", "w2", ip=10))
    world.desired = fleet(decky("new", "w1", ip=10))
    world.away = {"w2": "no route to host"}
    plan = world.plan()
    assert (plan.steps, waiting(plan)) == (
        (),
        {"w1/new": "192.0.2.10 may still be held by old on w2: no route to host"},
    )


def test_a_quarantined_address_is_never_claimed() -> None:
    world = World(fleet(decky("web", "w1", ip=10), decky("db", "w1", ip=11), decky("ftp", "w2", ip=12)))
    world.quarantined = {"192.0.2.10": "w9 was removed", "00:50:56:00:00:0b": "w9 was removed"}
    plan = world.plan()
    assert ([step.decky for step in plan.steps], waiting(plan)) == (
        ["ftp"],
        {
            "w1/web": "192.0.2.10 is quarantined: w9 was removed",
            "w1/db": "00:50:56:00:00:0b is quarantined: w9 was removed",
        },
    )


def test_a_decky_that_runs_at_a_quarantined_address_is_left_alone() -> None:
    world = running(decky("web", "w1", ip=10))
    world.quarantined = {"192.0.2.10": "w9 was removed"}
    assert world.plan().is_empty


def in_progress(operation: Operation, decky: str = "old") -> LifecycleRow:
    return LifecycleRow(
        id="1", decky=decky, operation=operation, request_id="r", status="running", created=NOW - 20
    )


def test_what_a_job_may_still_bring_up_is_held_and_its_record_stays() -> None:
    world = World(fleet(decky("new", "w1", ip=10)))
    row = running(decky("old", "w2", ip=10)).records["w2"].of().deckies["old"]
    begun = row.model_copy(update={"containers": {}, "status": "unknown"})
    records = world.records["w2"].with_project(PROJECT, deckies={"old": begun})
    world.records["w2"] = records.model_copy(update={"lifecycle": (in_progress("create"),)})
    plan = world.plan()
    assert (plan.steps, waiting(plan)) == (
        (),
        {"w1/new": "192.0.2.10 is held by old on w2", "w2/old": "a job may still start it"},
    )
    assert world.plan(record_only=True).steps == ()
    world.records["w2"] = world.records["w2"].model_copy(update={"lifecycle": (in_progress("remove"),)})
    assert [step.bucket for step in world.plan().steps] == ["forget", "create"]


def test_an_address_that_a_job_was_sent_to_bring_is_held_while_its_worker_is_dark() -> None:
    world = running(decky("old", "w2", ip=10))
    sent = (Claim(ip="192.0.2.11", mac="00:50:56:00:00:0b"),)
    row = world.records["w2"].of().deckies["old"].model_copy(update={"sent": sent})
    world.records["w2"] = world.records["w2"].with_project(PROJECT, deckies={"old": row})
    world.desired = fleet(decky("old", "w2", ip=12), *(decky(f"n{ip}", "w1", ip=ip) for ip in (10, 11, 12)))
    world.away = {"w2": "timed out"}
    assert sorted(waiting(world.plan())) == ["w1/n10", "w1/n11", "w1/n12"]


def test_a_record_of_what_was_sent_ends_when_the_decky_is_seen() -> None:
    world = running(decky("web", "w1", ip=10))
    sent = (Claim(ip="192.0.2.11", mac="00:50:56:00:00:0b"),)
    row = world.records["w1"].of().deckies["web"].model_copy(update={"sent": sent})
    world.records["w1"] = world.records["w1"].with_project(PROJECT, deckies={"web": row})
    assert [step.bucket for step in world.settle().steps] == ["refresh"]
    assert world.records["w1"].of().deckies["web"].sent == ()
    assert world.plan().is_empty


def test_a_claim_follows_a_release_of_the_same_plan() -> None:
    world = running(decky("old", "w2", ip=10))
    world.desired = fleet(decky("new", "w1", ip=10))
    assert [(step.phase, step.decky, step.after) for step in world.plan().steps] == [
        (0, "old", ()),
        (1, "new", (DeckyKey("w2", PROJECT, "old"),)),
    ]


def test_a_decky_that_moves_away_from_a_dead_worker_waits_until_it_is_known_to_be_gone() -> None:
    world = running(decky("web", "w1", ip=10))
    world.desired = fleet(decky("web", "w2", ip=10))
    world.away = {"w1": "timed out"}
    waits = waiting(world.plan())
    world.away = {}
    world.settle()
    assert (list(waits), world.agrees()) == (["w2/web"], True)


def test_a_decky_that_moves_to_a_dead_worker_stays_where_it_is() -> None:
    world = running(decky("web", "w1", ip=10))
    world.desired = fleet(decky("web", "w2", ip=10))
    world.away = {"w2": "timed out"}
    plan = world.plan()
    assert (plan.steps, waiting(plan)) == ((), {"w1/web": "it stays until it can move to w2: timed out"})


def test_a_decky_stays_where_it_is_while_its_goal_is_held_by_another() -> None:
    world = running(decky("web", "w1", ip=10), decky("db", "w3", ip=11))
    world.desired = fleet(decky("web", "w2", ip=11, mac="00:50:56:00:00:0a"))
    world.away = {"w3": "timed out"}
    assert sorted(waiting(world.plan())) == ["w1/web", "w2/web"]


def test_of_two_deckies_with_one_address_only_one_comes_up() -> None:
    world = World(fleet(decky("a", "w1", ip=10), decky("b", "w2", ip=10)))
    plan = world.plan()
    assert ([step.decky for step in plan.steps], waiting(plan)) == (
        ["a"],
        {"w2/b": "a on w1 claims 192.0.2.10 too"},
    )


def test_the_decky_that_runs_keeps_its_address_when_another_wants_it() -> None:
    world = running(decky("b", "w2", ip=10))
    world.desired = fleet(decky("a", "w1", ip=10), decky("b", "w2", ip=10))
    plan = world.plan()
    assert (plan.kept, waiting(plan)) == (1, {"w1/a": "192.0.2.10 is held by b on w2"})


def test_a_mac_is_as_much_one_machines_as_an_address() -> None:
    world = running(decky("old", "w2", ip=10))
    world.desired = fleet(decky("new", "w1", ip=11, mac="00:50:56:00:00:0a"))
    world.away = {"w2": "timed out"}
    assert list(waiting(world.plan())) == ["w1/new"]


def test_a_stray_of_the_same_name_holds_its_address_until_it_is_pruned() -> None:
    world = running(decky("web", "w2", ip=10))
    world.records["w2"] = world.records["w2"].with_project(PROJECT, deckies={})
    world.desired = fleet(decky("web", "w1", ip=10))
    assert list(waiting(world.plan())) == ["w1/web"]
    world.settle(prune=True)
    assert world.agrees()


def test_an_unproven_holder_of_an_address_is_reported_with_the_way_out() -> None:
    world = running(decky("web", "w2", ip=10))
    world.records["w2"] = world.records["w2"].with_project(PROJECT, deckies={})
    world.desired = fleet(decky("mail", "w1", ip=10))
    assert waiting(world.plan()) == {
        "w1/mail": "192.0.2.10 is held by web on w2, according to w2 only: decnet reconcile --prune --on w2 "
        "removes it; if w2 lies: decnet worker remove w2 --force"
    }


def test_a_decky_whose_address_another_host_answers_for_is_left_alone() -> None:
    world = running(decky("web", ip=10))
    world.machine("w1", "web").state = "restarting"
    world.conflicts = {"w1": {"web": "02:00:00:00:00:01"}}
    plan = world.settle()
    assert waiting(plan) == {"w1/web": "another host answers for 192.0.2.10: 02:00:00:00:00:01"}
    assert [(step.bucket, step.row and step.row.status) for step in plan.steps] == [("refresh", "failed")]
    assert world.plan().steps == ()


def test_a_decky_in_conflict_may_be_given_another_address() -> None:
    world = running(decky("web", ip=10))
    world.machine("w1", "web").state = "restarting"
    world.conflicts = {"w1": {"web": "02:00:00:00:00:01"}}
    world.desired = fleet(decky("web", ip=11))
    world.settle()
    world.conflicts = {}
    assert world.agrees()


IN_VAIN = "its jobs report success, and it is not so later: "


def test_heals_have_a_budget_with_a_wait_that_doubles() -> None:
    world = running(
        decky("web", ip=10),
        retry_policy=RetryPolicy(max_attempts=3, window=1000, burst=1, initial_backoff=30),
    )
    world.machine("w1", "web-ssh").state = "restarting"

    def after(*heals: float) -> str:
        heal = {"web": tuple(NOW - ago for ago in heals)}
        world.records["w1"] = world.records["w1"].with_project(PROJECT, heals=heal)
        return next(iter(waiting(world.plan()).values()), "healed")

    assert [
        after(),
        after(29),
        after(31),
        after(200, 59),
        after(200, 61),
        after(900, 800, 700),
        after(-5000),
    ] == [
        "healed",
        f"{IN_VAIN}tried 29 s ago, again in 1 s at the earliest",
        "healed",
        f"{IN_VAIN}tried 59 s ago, again in 1 s at the earliest",
        "healed",
        f"{IN_VAIN}tried 3 times in 17 min, again in 2 min at the earliest",
        "healed",
    ]


def test_the_first_heals_are_free() -> None:
    world = running(decky("web", ip=10), retry_policy=RetryPolicy(burst=3))
    world.machine("w1", "web-ssh").state = "restarting"
    skipped = []
    for count in range(4):
        world.records["w1"] = world.records["w1"].with_project(PROJECT, heals={"web": (NOW - 1,) * count})
        skipped.append(len(world.plan().skipped))
    assert skipped == [0, 0, 0, 1]


def test_what_waits_is_written_down_as_it_is_and_only_once() -> None:
    world = running(decky("web", ip=10), retry_policy=RetryPolicy(burst=1))
    world.machine("w1", "web-ssh").state = "restarting"
    world.records["w1"] = world.records["w1"].with_project(PROJECT, heals={"web": (NOW - 1,)})
    world.settle()
    assert (world.records["w1"].of().deckies["web"].status, world.plan().steps) == ("degraded", ())


def test_a_create_that_failed_is_not_tried_again_at_every_tick() -> None:
    world = World(fleet(decky("web", ip=10)), retry_policy=RetryPolicy(burst=1))
    failed = LifecycleRow(
        id="1",
        decky="web",
        operation="create",
        request_id="r",
        status="failed",
        created=NOW - 20,
        ended=NOW - 10,
    )
    world.records["w1"] = world.records["w1"].model_copy(update={"lifecycle": (failed,)})
    assert list(waiting(world.plan())) == ["w1/web"]
    world.retry_policy = None
    assert [step.bucket for step in world.plan().steps] == ["create"]


def test_a_heal_that_failed_counts_once() -> None:
    world = running(decky("web", ip=10), retry_policy=RetryPolicy(burst=3))
    world.machine("w1", "web-ssh").state = "restarting"
    times = (NOW - 50.0, NOW - 40.0)
    failed = tuple(
        LifecycleRow(
            id=str(at),
            decky="web",
            operation="heal",
            request_id="r",
            status="failed",
            created=at,
            ended=at + 5,
        )
        for at in times
    )
    records = world.records["w1"].model_copy(update={"lifecycle": failed})
    world.records["w1"] = records.with_project(PROJECT, heals={"web": times})
    assert world.plan().skipped == ()


def test_a_release_never_waits_for_a_budget() -> None:
    world = running(decky("web", ip=10), retry_policy=RetryPolicy())
    world.records["w1"] = world.records["w1"].with_project(PROJECT, heals={"web": (NOW - 1,)})
    world.desired = fleet()
    assert [step.bucket for step in world.plan().steps] == ["remove"]


def test_what_a_rollout_reserves_is_reserved_on_its_own_lan() -> None:
    one, two = decky("one", "w1", ip=10), decky("two", "w2", ip=10, mac="00:50:56:00:00:ff")
    reserved = {"192.0.2.10": frozenset({SliceKey("w1")})}
    world = World(bridged(one, two))
    assert waiting(world.plan(reserved=reserved)) == {}
    world = World(bridged(two, macvlan="w1 w2"))
    reason = "192.0.2.10 is reserved for the open rollout"
    assert waiting(world.plan(reserved=reserved)) == {"w2/two": reason}
    world = World(bridged(two))
    assert waiting(world.plan(reserved={two.lan.mac: frozenset({SliceKey("w1")})})) == {
        "w2/two": f"{two.lan.mac} is reserved for the open rollout"
    }
