"""The first start of a machine is when it really starts, and nothing but that moves it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from fakefleet import FakeFleet, in_memory

HOUR = 3600.0
PLAIN = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }
[decky.old]
worker = "w1"
services = ["ssh"]
"""
MORE = PLAIN + "".join(
    f'[decky.new-{number}]\nworker = "{worker}"\nservices = ["ssh"]\n'
    for number, worker in enumerate(("w1", "w2", "w3"), 1)
)
ONE_BY_ONE = {"waves": ("1", "2", "100%"), "max_in_flight": "1", "soak": HOUR}


@pytest.fixture
def fleet() -> Iterator[FakeFleet]:
    fleet = FakeFleet(in_memory(), ("w1", "w2", "w3"))
    assert fleet.deploy(PLAIN).code == 0
    yield fleet
    fleet.close()
    shutil.rmtree(fleet.folder)


def since(fleet: FakeFleet) -> dict[str, float | None]:
    return {name: decky.since for name, decky in fleet.desired.deckies.items()}


def test_it_outlives_whatever_happens_to_the_containers(fleet: FakeFleet) -> None:
    first = since(fleet)
    fleet.clock.advance(HOUR)
    fleet["w1"].crash("old-ssh")
    assert fleet.reconcile().code == 0
    assert fleet.deploy(PLAIN.replace('["ssh"]', '["ssh", "http"]')).code == 0
    assert fleet.deploy(PLAIN.replace('"w1"', '"w2"').replace('["ssh"]', '["ssh", "http"]')).code == 0
    assert fleet.desired.deckies["old"].worker == "w2"
    fleet["w2"].crash("old")
    assert fleet.reconcile().code == 0
    assert since(fleet) == first
    assert set(fleet.desired.deckies["old"].service_since) == {"http"}


def test_a_machine_of_a_later_wave_starts_when_it_is_released(fleet: FakeFleet) -> None:
    planned = fleet.clock.now()
    assert fleet.deploy(MORE, policy=ONE_BY_ONE).code == 0
    for _ in range(12):
        fleet.clock.advance(HOUR / 2)
        assert fleet.reconcile().code == 0
    assert fleet.rollout.state.status == "done"
    released = sorted(int(value or 0) for name, value in since(fleet).items() if name != "old")
    assert released[0] == pytest.approx(planned, abs=120)
    assert released[1] >= planned + HOUR and released[2] >= released[1] + HOUR
    before = fleet.desired
    fleet.clock.advance(HOUR)
    assert (fleet.reconcile().outcome.plan.steps, fleet.desired) == ((), before)


def test_a_machine_whose_jobs_failed_starts_when_one_succeeds(fleet: FakeFleet) -> None:
    fleet["w2"].breaks("new-2", "no space left on device")
    fleet.deploy(MORE)
    planned = since(fleet)
    fleet["w2"].mends("new-2")
    fleet.clock.advance(7 * HOUR)
    assert fleet.reconcile().code == 0
    started = since(fleet)
    assert started["new-2"] == pytest.approx(fleet.clock.now(), abs=120)
    assert {**started, "new-2": planned["new-2"]} == planned
    fleet.clock.advance(HOUR)
    assert fleet.reconcile().outcome.plan.steps == ()
    assert since(fleet) == started
