"""A dry run has the workers check what they would be sent, and changes nothing anywhere."""

from __future__ import annotations

from fakefleet import FakeFleet

from .conftest import FOUR

SIX = FOUR.replace("count = 4", "count = 6")
ONE = '[decky.solo]\nservices = ["http"]\nip = "192.0.2.105"\nworker = "{0}"\n'


def test_every_worker_checks_its_part_and_nothing_is_changed(fleet: FakeFleet) -> None:
    before = fleet.picture()
    ran = fleet.deploy(SIX, dry_run=True)
    assert (ran.code, len(ran.outcome.plan.docker_steps), ran.outcome.carried_out) == (0, 2, False)
    assert [machine.requests.count("apply") for machine in fleet.workers.values()] == [1, 1]
    assert fleet.picture() == before


def test_what_one_worker_would_refuse_is_reported_and_nothing_is_changed(fleet: FakeFleet) -> None:
    theirs = {
        "image": next(iter(fleet["w1"].engine.images)),
        "labels": {"decnet.decky": ""},
        "network_mode": "none",
    }
    fleet["w1"].engine.create("web-05-http", theirs)
    before = fleet.picture()
    ran = fleet.deploy(SIX, dry_run=True)
    expected = "w1: container web-05-http already exists and does not belong to this fleet"
    assert (ran.code, [str(each) for each in ran.outcome.troubles]) == (4, [expected])
    assert expected in ran.messages
    assert fleet.picture() == before
    assert [str(each) for each in fleet.deploy(SIX).outcome.troubles] == [expected]


def test_an_address_that_a_decky_still_has_where_it_leaves_is_no_conflict(empty: FakeFleet) -> None:
    assert empty.deploy(ONE.format("w1")).code == 0
    assert empty.deploy(ONE.format("w2"), dry_run=True, max_remove=1).code == 0
    assert empty.deploy(ONE.format("w2"), max_remove=1).code == 0


def test_an_address_that_a_stranger_took_is_reported(fleet: FakeFleet) -> None:
    """The decky is gone from Docker, and another host answers for its address."""
    container = fleet["w1"].engine.named("web-01")
    assert container is not None
    address = container["Ip"]
    for name in ("web-01", "web-01-http"):
        gone = fleet["w1"].engine.named(name)
        assert gone is not None
        del fleet["w1"].engine.containers[gone["Id"]]
    fleet.lan.strangers[address] = "02:00:00:00:00:99"
    ran = fleet.deploy(FOUR, dry_run=True)
    assert (ran.code, [each.reason for each in ran.outcome.plan.skipped]) == (
        4,
        [f"another host answers for {address}: 02:00:00:00:00:99"],
    )


def test_a_check_asks_no_worker_to_check_a_job(fleet: FakeFleet) -> None:
    fleet["w1"].crash("web-01-http")
    assert fleet.reconcile(check=True).code == 3
    assert "apply" not in fleet["w1"].requests


def test_a_worker_that_is_lost_while_it_checks_is_reported_as_unreachable(fleet: FakeFleet) -> None:
    fleet["w1"].lose("apply")
    before = fleet.picture()
    ran = fleet.deploy(SIX, dry_run=True)
    assert (ran.code, [each.worker for each in ran.outcome.troubles]) == (5, ["w1"])
    assert fleet.picture() == before
