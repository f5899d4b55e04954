"""Another host answers for the address of a decky that runs; and a worker's cable is unplugged."""

from __future__ import annotations

from typing import Any

import pytest
from fakefleet import FakeFleet, Ran

from decnet.commands.status import status

from .conftest import FOUR

THIEF = "02:00:00:00:00:99"


def look(fleet: FakeFleet) -> Ran:
    return fleet.run(status)


def row(ran: Ran, decky: str) -> Any:
    return next(each for each in ran.outcome.deckies.items if each["name"] == decky)


def address_of(fleet: FakeFleet, decky: str) -> str:
    return fleet.desired.deckies[decky].ip


def steal(fleet: FakeFleet, *deckies: str, mac: str = THIEF) -> None:
    fleet.lan.strangers |= {address_of(fleet, decky): mac for decky in deckies}


def troubles(ran: Ran) -> list[str]:
    return [str(each) for each in ran.outcome.troubles]


def test_status_reports_a_host_that_answers_for_a_running_decky(fleet: FakeFleet) -> None:
    steal(fleet, "web-01")
    ran = look(fleet)
    assert (ran.code, row(ran, "web-01")["status"], row(ran, "web-01")["drift"]) == (
        4,
        "degraded",
        "conflict",
    )
    assert row(ran, "web-03")["status"] == "running"
    assert (
        f"w1: {THIEF} answers for {address_of(fleet, 'web-01')}, which is web-01's too" in ran.outcome.faults
    )


def test_a_decky_gives_way_to_a_host_that_answers_steadily_and_returns_when_it_leaves(
    fleet: FakeFleet,
) -> None:
    steal(fleet, "web-01")
    address, start = address_of(fleet, "web-01"), fleet.clock.monotonic()
    ran = fleet.reconcile()
    assert [(step.decky, step.bucket) for step in ran.outcome.plan.steps] == [("web-01", "yield")]
    assert troubles(ran) == [f"w1: {THIEF} answers for {address}, which is web-01's: it gives way"]
    assert (ran.code, fleet.clock.monotonic() - start >= 9) == (4, True)
    assert sorted(fleet["w1"].containers) == ["web-03", "web-03-http"]

    again = fleet.reconcile()
    assert (again.code, again.outcome.plan.steps) == (4, ())
    assert [s.reason for s in again.outcome.plan.skipped] == [f"another host answers for {address}: {THIEF}"]
    shown = look(fleet)
    assert (shown.code, row(shown, "web-01")["status"]) == (4, "torn_down")

    fleet.lan.strangers.clear()
    assert (fleet.reconcile().code, fleet.is_converged(), look(fleet).code) == (0, True, 0)


@pytest.mark.parametrize("option", ["check", "dry_run"])
def test_what_would_give_way_is_shown_and_left_alone(fleet: FakeFleet, option: str) -> None:
    steal(fleet, "web-01")
    ran = fleet.reconcile(**{option: True})
    assert (ran.code, [step.bucket for step in ran.outcome.plan.steps]) == (4, ["yield"])
    assert "web-01" in fleet["w1"].containers


def test_a_host_that_answers_for_three_addresses_stops_nothing(fleet: FakeFleet) -> None:
    steal(fleet, "web-01", "web-03", "web-02")
    ran = fleet.reconcile()
    assert (ran.code, ran.outcome.plan.steps, fleet.is_converged()) == (4, (), True)
    assert [("ARP spoofing" in each, "they stay" in each) for each in troubles(ran)] == [(True, True)] * 2
    assert "web-01, web-03" in troubles(ran)[0]


def test_a_spoofer_keeps_no_decky_from_starting_again(fleet: FakeFleet) -> None:
    steal(fleet, "web-01", "web-02", "web-03")
    for name in ("web-01", "web-01-http"):
        fleet["w1"].engine.answer("DELETE", f"/containers/{name}?force=true", b"")
    assert "web-01" not in fleet["w1"].containers
    ran = fleet.reconcile()
    assert ([step.bucket for step in ran.outcome.plan.steps], fleet.is_converged()) == (["revive"], True)


def test_a_host_that_stops_answering_while_it_is_examined_is_reported_only(fleet: FakeFleet) -> None:
    steal(fleet, "web-01")
    fleet["w1"].on("probe", fleet.lan.strangers.clear)
    ran = fleet.reconcile()
    assert (ran.code, ran.outcome.plan.steps, fleet.is_converged()) == (4, (), True)
    assert "not alone or not every time" in troubles(ran)[0]


def test_more_than_half_of_the_fleet_gives_way_only_if_that_is_allowed(fleet: FakeFleet) -> None:
    for number in range(1, 4):
        steal(fleet, f"web-0{number}", mac=f"02:00:00:00:00:0{number}")
    ran = fleet.reconcile()
    assert (ran.code, ran.outcome.plan.steps, fleet.is_converged()) == (4, (), True)
    assert all("--max-remove 3 allows it" in each.reason for each in ran.outcome.plan.skipped)
    assert len(fleet.reconcile(max_remove=3).outcome.plan.steps) == 3
    assert sorted(fleet["w2"].containers) == ["web-04", "web-04-http"]


def test_an_attacker_with_many_macs_cannot_switch_off_the_fleet_one_by_one(fleet: FakeFleet) -> None:
    for number in range(1, 5):
        steal(fleet, f"web-0{number}", mac=f"02:00:00:00:00:0{number}")
        ran = fleet.reconcile()
        assert (ran.code, len(ran.outcome.plan.steps)) == (4, 1 if number < 3 else 0)
    assert sorted(fleet["w1"].containers) == ["web-03", "web-03-http"]
    assert sorted(fleet["w2"].containers) == ["web-04", "web-04-http"]


def test_the_rest_of_a_plan_does_not_wait_for_those_that_may_not_give_way(fleet: FakeFleet) -> None:
    for number in range(1, 4):
        steal(fleet, f"web-0{number}", mac=f"02:00:00:00:00:0{number}")
    fleet["w2"].crash("web-04-http")
    assert [step.decky for step in fleet.reconcile().outcome.plan.steps] == ["web-04"]


def test_a_decky_with_another_address_starts_although_its_former_one_is_taken(fleet: FakeFleet) -> None:
    steal(fleet, "web-01")
    fleet.reconcile()
    named = '[decky.web-{0:02}]\nservices = ["http"]\nip = "192.0.2.{1}"\nworker = "{2}"\n'
    addresses = [int(address_of(fleet, f"web-0{n}").rpartition(".")[2]) for n in range(1, 5)]
    assert 125 not in addresses
    addresses[0] = 125
    rows = zip(range(1, 5), addresses, ("w1", "w2", "w1", "w2"), strict=True)
    moved = FOUR.partition("[decky")[0] + "".join(named.format(*each) for each in rows)
    assert fleet.deploy(moved).code == 0
    assert fleet["w1"].containers["web-01"] == "running"


def test_a_worker_whose_cable_is_unplugged_is_not_healthy(fleet: FakeFleet) -> None:
    fleet["w1"].link_error = "has no carrier"
    shown = look(fleet)
    states = {each["name"]: (each["status"], each["drift"]) for each in shown.outcome.deckies.items}
    assert shown.code == 4
    assert states == {
        "web-01": ("degraded", "cut off"), "web-02": ("running", ""),
        "web-03": ("degraded", "cut off"), "web-04": ("running", ""),
    }  # fmt: skip
    expected = ["w1: eth0 has no carrier: no host on the LAN can reach its deckies"]
    for options in ({}, {"check": True}):
        ran = fleet.reconcile(**options)
        assert (ran.code, troubles(ran), ran.outcome.plan.steps) == (4, expected, ())
    fleet["w1"].link_error = ""
    assert (look(fleet).code, fleet.reconcile(check=True).code) == (0, 0)
