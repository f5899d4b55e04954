"""Row C11: `worker drain` moves the deckies of a worker to the others, all of them or none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from fakefleet import FakeFleet, in_memory

from decnet.commands.drain import undrain
from decnet.commands.enrolment import Credentials, add
from decnet.commands.status import status
from decnet.commands.worker import listed
from decnet.engine.progress import Event, Message
from decnet.store.fleet_table import FleetTable

from .conftest import FOUR
from .test_outcomes import BEFORE, HARM

SIX = FOUR.replace("count = 4", "count = 6")
ON_W1 = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.web]
count = 4
services = ["http"]
worker = "w1"
"""


def homes(fleet: FakeFleet) -> dict[str, tuple[str, str]]:
    return {name: (decky.ip, decky.mac) for name, decky in fleet.desired.deckies.items()}


def places(fleet: FakeFleet) -> dict[str, str]:
    return {name: decky.worker for name, decky in fleet.desired.deckies.items()}


def notes(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Message)]


def limited(fleet: FakeFleet, name: str, most: int) -> None:
    worker = FleetTable(fleet.home).workers()[name]
    FleetTable(fleet.home).put_worker(worker.model_copy(update={"max_deckies": most}))


@pytest.fixture
def apart() -> Iterator[FakeFleet]:
    """w2 is on a LAN of its own."""
    fleet = FakeFleet(in_memory(), subnets={"w2": "198.51.100"})
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


def test_its_deckies_move_with_their_addresses_and_are_released_first(fleet: FakeFleet) -> None:
    before = homes(fleet)
    ran = fleet.drain("w1")
    assert (ran.code, set(places(fleet).values()), homes(fleet)) == (0, {"w2"}, before)
    assert fleet.is_converged() and fleet["w1"].containers == {}
    assert len(fleet["w2"].containers) == 8


def test_a_dry_run_moves_nothing_and_drains_nothing(fleet: FakeFleet) -> None:
    ran = fleet.drain("w1", dry_run=True)
    assert fleet.picture(ran) == {"exit": 0, **BEFORE, "audit": ["4 done (0)"]}
    assert not FleetTable(fleet.home).workers()["w1"].drained


def test_an_answer_of_no_moves_nothing_and_drains_nothing(fleet: FakeFleet) -> None:
    from decnet.commands.drain import drain
    from decnet.engine.options import PassOptions

    fleet.run(lambda ctx: drain(ctx, "w1", PassOptions(confirm=True)), confirm=lambda question: False)
    assert fleet.picture() == {**BEFORE, "audit": ["4 done (0)"]}
    assert not FleetTable(fleet.home).workers()["w1"].drained


def test_a_second_drain_changes_nothing(fleet: FakeFleet) -> None:
    assert fleet.drain("w1").code == 0
    before = fleet.picture()
    assert fleet.drain("w1").code == 0
    assert fleet.picture() == before


def test_without_room_for_all_nothing_is_moved(fleet: FakeFleet) -> None:
    limited(fleet, "w2", 3)
    ran = fleet.drain("w1")
    assert fleet.picture(ran) == {"exit": 2, **BEFORE, "audit": ["4 done (0)"]}
    assert ran.error is not None and "w2: full with 3 deckies" in ran.error.message
    assert ran.error.hint is not None and "drain w1 --remove" in ran.error.hint
    assert not FleetTable(fleet.home).workers()["w1"].drained


@pytest.mark.parametrize("harm", ["w1 is unreachable", "w1 shows another host key", "Docker is down on w1"])
def test_a_worker_that_cannot_release_keeps_its_deckies(fleet: FakeFleet, harm: str) -> None:
    HARM[harm](fleet)
    ran = fleet.drain("w1")
    code = 6 if harm == "w1 shows another host key" else 5
    assert fleet.picture(ran) == {"exit": code, **BEFORE, "audit": ["4 done (0)"]}
    assert ran.error is not None and "decnet worker remove --force w1" in (ran.error.hint or "")


def test_if_no_other_worker_answers_nothing_is_moved(fleet: FakeFleet) -> None:
    fleet["w2"].is_reachable = False
    ran = fleet.drain("w1")
    assert (ran.code, places(fleet)["web-01"], fleet["w1"].containers != {}) == (2, "w1", True)
    assert ran.error is not None and "w2" in ran.error.message


def test_the_next_deploy_does_not_move_them_back_and_places_no_new_ones_there(fleet: FakeFleet) -> None:
    assert fleet.drain("w1").code == 0
    assert fleet.deploy(SIX).code == 0
    assert set(places(fleet).values()) == {"w2"} and fleet.is_converged()


def test_a_fleet_file_that_names_the_drained_worker_is_refused_with_its_line(fleet: FakeFleet) -> None:
    assert fleet.deploy(ON_W1).code == 0
    assert fleet.drain("w1").code == 0
    before = fleet.picture()
    ran = fleet.deploy(ON_W1)
    assert (ran.code, fleet.picture()) == (2, before)
    assert str(ran.error) == "fleet.toml:8: web-01: w1 is drained and receives no deckies"
    assert ran.error is not None and "decnet worker undrain w1" in (ran.error.hint or "")


def test_only_drained_workers_are_no_place_for_a_new_decky(fleet: FakeFleet) -> None:
    assert fleet.drain("w1", remove=True).code == 0
    ran = fleet.deploy(SIX, on="w1")
    assert ran.code == 2 and "w1 is drained" in str(ran.error)


def test_undrain_opens_it_again(fleet: FakeFleet) -> None:
    assert fleet.drain("w1").code == 0
    assert fleet.run(lambda ctx: undrain(ctx, "w1")).outcome.lines == ("w1 receives new deckies again",)
    assert fleet.run(lambda ctx: undrain(ctx, "w1")).outcome.lines == ("w1 is not drained",)
    assert fleet.deploy(SIX).code == 0
    assert places(fleet) | {"web-05": "w1", "web-06": "w1"} == places(fleet)
    assert fleet.picture()["audit"][-2:] == ["w1 receives new deckies again", "2 done, 4 kept (0)"]


def test_enrolled_again_it_is_still_drained(fleet: FakeFleet) -> None:
    assert fleet.drain("w1").code == 0
    address = f"root@{fleet['w1'].address}"
    assert fleet.run(lambda ctx: add(ctx, "w1", address, Credentials())).code == 0
    assert FleetTable(fleet.home).workers()["w1"].drained


def test_worker_list_and_status_show_it(fleet: FakeFleet) -> None:
    assert fleet.drain("w1").code == 0
    remark = "drained: receives no new deckies"
    rows = fleet.run(lambda ctx: listed(ctx)).outcome.rows
    assert [row[-1] for row in rows] == [remark, ""]
    outcome = fleet.run(status).outcome
    assert [row[-1] for row in outcome.workers.rows] == [remark, ""]
    assert [item["drained"] for item in outcome.workers.items] == [True, False]


def test_a_worker_without_deckies_is_drained_too(empty: FakeFleet) -> None:
    ran = empty.drain("w1")
    assert ran.code == 0 and FleetTable(empty.home).workers()["w1"].drained
    assert empty.picture()["audit"] == ["nothing to do (0)"]
    assert empty.deploy(FOUR).code == 0
    assert set(places(empty).values()) == {"w2"}


def test_a_worker_that_has_no_deckies_yet_receives_them_in_the_same_range(empty: FakeFleet) -> None:
    assert empty.deploy(ON_W1).code == 0
    before = homes(empty)
    assert empty.drain("w1").code == 0
    assert homes(empty) == before and set(places(empty).values()) == {"w2"}
    assert empty.desired.lans["w2"].use == ("192.0.2.100-192.0.2.130",)


def test_on_another_lan_they_get_other_addresses_and_the_reason_is_shown(apart: FakeFleet) -> None:
    assert apart.deploy(ON_W1.replace("count = 4", "count = 1")).code == 0
    mac = apart.desired.deckies["web"].mac
    ran = apart.drain("w1")
    decky = apart.desired.deckies["web"]
    assert (ran.code, decky.worker, decky.mac, decky.ip[:11]) == (0, "w2", mac, "198.51.100.")
    moved = f"web gets {decky.ip} instead of 192.0.2.100: w2 is not on the LAN of w1"
    assert notes(ran.events).count(moved) == 1
    assert apart.is_converged()


def test_an_address_that_another_host_has_taken_is_replaced(fleet: FakeFleet) -> None:
    """Only from the new worker's probe is it known; the decky that has the address gives way."""
    fleet.lan.strangers["192.0.2.100"] = "00:11:22:33:44:55"
    ran = fleet.drain("w1")
    address = fleet.desired.deckies["web-01"].ip
    assert (ran.code, address != "192.0.2.100", places(fleet)["web-01"]) == (0, True, "w2")
    assert f"web-01 gets {address} instead of 192.0.2.100: 192.0.2.100 is in use" in notes(ran.events)


def test_the_only_worker_is_not_drained_for_lack_of_another(empty: FakeFleet) -> None:
    assert empty.deploy(ON_W1).code == 0
    FleetTable(empty.home).remove_worker("w2")
    ran = empty.drain("w1")
    assert (ran.code, ran.error and ran.error.message) == (
        2,
        "the deckies of w1 cannot move to other workers: there is no other worker",
    )
