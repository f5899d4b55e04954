"""What a fleet leaves on a worker: removed with it, named if it stays, taken away by the next fleet."""

from __future__ import annotations

import json

from fakefleet import FakeFleet

from decnet.commands.enrolment import Credentials, add
from decnet.commands.worker import check
from decnet.store.desired import new_fleet, save_fleet
from decnet.store.fleet_table import FleetTable

from .conftest import FOUR


def networks(fleet: FakeFleet, worker: str) -> list[str]:
    return [each["Name"] for each in fleet[worker].engine.networks.values() if "lan" in each["Name"]]


def adopt(fleet: FakeFleet, worker: str) -> int:
    address = f"root@{fleet[worker].address}"
    credentials = Credentials()
    return fleet.run(lambda ctx: add(ctx, worker, address, credentials, adopt=True)).code


def another_fleet(fleet: FakeFleet) -> None:
    """The operator starts again with an empty state directory."""
    fleet.lose_home()
    save_fleet(fleet.home, new_fleet())


def findings(fleet: FakeFleet, worker: str) -> list[tuple[str, str]]:
    rows = fleet.run(lambda ctx: check(ctx, worker)).outcome.rows
    return [(row[1], row[2]) for row in rows if "another fleet" in row[2]]


def test_a_drained_worker_that_is_removed_has_no_network_left(fleet: FakeFleet) -> None:
    assert fleet.drain("w2", remove=True).code == 0
    assert networks(fleet, "w2") == ["decnet_lan"]
    ran = fleet.remove("w2")
    assert (ran.code, networks(fleet, "w2")) == (0, [])
    assert ran.outcome.lines[0] == "w2 is removed"
    assert "rm -rf /var/lib/decnet-agent" in ran.outcome.lines[1]


def test_a_network_that_stays_is_named_with_the_way_to_remove_it(fleet: FakeFleet) -> None:
    assert fleet.drain("w2", remove=True).code == 0
    fleet["w2"].engine.is_up = False
    ran = fleet.remove("w2")
    assert (ran.code, networks(fleet, "w2")) == (0, ["decnet_lan"])
    assert any("docker network rm decnet_lan" in line for line in ran.outcome.lines)
    assert set(FleetTable(fleet.home).workers()) == {"w1"}


def test_a_forced_removal_says_that_all_of_it_is_still_there(fleet: FakeFleet) -> None:
    fleet["w2"].is_reachable = False
    ran = fleet.remove("w2", force=True)
    assert ran.code == 0 and "still there" in ran.outcome.lines[1]


def test_a_new_fleet_that_adopts_a_worker_removes_what_the_old_one_left(fleet: FakeFleet) -> None:
    """Containers and the network, with a decky's last events kept."""
    another_fleet(fleet)
    assert adopt(fleet, "w2") == 0
    assert (fleet["w2"].containers, networks(fleet, "w2")) == ({}, [])
    assert fleet.deploy(FOUR).code == 0
    assert len(fleet["w2"].containers) == 8
    assert findings(fleet, "w2") == []


def test_the_first_fleets_worker_keeps_its_containers_without_adopt(fleet: FakeFleet) -> None:
    before = fleet["w2"].containers
    another_fleet(fleet)
    address = f"root@{fleet['w2'].address}"
    assert fleet.run(lambda ctx: add(ctx, "w2", address, Credentials())).code == 6
    assert (fleet["w2"].containers, networks(fleet, "w2")) == (before, ["decnet_lan"])


def test_leftovers_of_another_fleet_are_found_by_the_checks(fleet: FakeFleet) -> None:
    another_fleet(fleet)
    assert adopt(fleet, "w2") == 0
    engine = fleet["w2"].engine
    assert engine.answer("POST", "/networks/create", json.dumps({
        "Name": "decnet_lan", "Driver": "macvlan", "Labels": {"decnet.fleet": "a-former-one"},
        "Options": {"parent": "eth0"},
        "IPAM": {"Config": [{"Subnet": "192.0.2.0/24", "Gateway": "192.0.2.1"}]},
    }).encode())[0] in (200, 201)  # fmt: skip
    [(state, text)] = findings(fleet, "w2")
    assert (state, "network decnet_lan: no decky can be created" in text) == ("wrong", True)
    refused = fleet.deploy(FOUR)
    assert refused.code == 4 and "--adopt" in str([trouble.hint for trouble in refused.outcome.troubles])
    assert adopt(fleet, "w2") == 0
    assert fleet.deploy(FOUR).code == 0
