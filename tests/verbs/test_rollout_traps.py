"""What must not stop a fleet, or slip through, while a rollout is open or after one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakefleet import FakeFleet, in_memory
from fakefleet.killing import copied

from decnet.commands import worker as worker_module
from decnet.commands.image import upgrade
from decnet.commands.reconcile import reconcile
from decnet.engine import rollouts as engine_rollouts
from decnet.engine import run_pass
from decnet.engine.options import PassOptions
from decnet.model.fleet import Fleet
from decnet.store import rollouts as rollout_store
from decnet.store.desired import save_fleet
from decnet.store.paths import Home
from decnet.store.rollouts import RolloutStore

from .test_rollouts import NEWER, ONE_BY_ONE, THREE, WITH_SSH, with_ssh

AT_ONCE = {"waves": ("100%",), "max_in_flight": "3", "soak": 0.0}


class Killed(BaseException):
    """As kill -9: no handler of ours catches it."""


@pytest.fixture(scope="module")
def deployed() -> Iterator[Path]:
    folder = in_memory()
    fleet = FakeFleet(folder, ("w1", "w2", "w3"))
    assert fleet.deploy(THREE).code == 0
    fleet.close()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def fleet(deployed: Path) -> Iterator[FakeFleet]:
    """One decky on each of three workers."""
    folder = copied(deployed)
    fleet = FakeFleet(folder)
    fleet.clock.tick = 0.001
    yield fleet
    fleet.close()
    shutil.rmtree(folder)


def waiting(fleet: FakeFleet) -> list[str]:
    return sorted(name for name, status in fleet.units().items() if status == "waiting")


def decky_on(fleet: FakeFleet, worker: str) -> str:
    return next(name for name, decky in fleet.desired.deckies.items() if decky.worker == worker)


def lose_containers(fleet: FakeFleet, worker: str) -> None:
    """Somebody removes all containers there by hand."""
    for name in list(fleet[worker].containers):
        fleet[worker].engine.answer("DELETE", f"/containers/{name}?force=true", b"")
    assert not fleet[worker].containers


def test_an_image_upgrade_in_the_middle_stops_nothing(fleet: FakeFleet) -> None:
    for worker in fleet.workers.values():
        worker.engine.images |= {name: {"decnet.content": "yes"} for name in NEWER.all()}
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    fleet.run(lambda ctx: upgrade(ctx, PassOptions()), images=NEWER)
    for _ in range(3):
        ran = fleet.run(lambda ctx: reconcile(ctx, PassOptions()), images=NEWER)
        assert ran.code == 0, ran.error
    assert fleet.rollout.state.status == "done" and with_ssh(fleet) == {"w1", "w2", "w3"}


def test_containers_that_are_made_of_newer_images_in_the_middle_stop_nothing(fleet: FakeFleet) -> None:
    for worker in fleet.workers.values():
        worker.engine.images |= {name: {"decnet.content": "yes"} for name in NEWER.all()}
    fleet.deploy(WITH_SSH, policy={**ONE_BY_ONE, "promote": "manual"})
    lose_containers(fleet, waiting(fleet)[0])
    for _ in range(3):
        ran = fleet.run(lambda ctx: reconcile(ctx, PassOptions()), images=NEWER)
        assert ran.code == 0, ran.error
    assert not fleet.run(lambda ctx: reconcile(ctx, PassOptions()), images=NEWER).outcome.plan.docker_steps


def test_each_change_that_was_taken_back_is_held_back(fleet: FakeFleet) -> None:
    other = THREE.replace('["http"]', '["http", "ftp"]')
    for text in (WITH_SSH, other):
        assert fleet.deploy(text, policy={**AT_ONCE, "soak": 600.0}).code == 0
        fleet.order("rollback")
        for _ in range(3):
            fleet.reconcile()
        assert fleet.rollout.state.status == "reverted"
    for text in (WITH_SSH, other):
        ran = fleet.deploy(text)
        assert ran.code == 2 and ran.error is not None and "--again" in (ran.error.hint or "")


def test_what_was_taken_back_with_new_deckies_is_held_back(fleet: FakeFleet) -> None:
    more = THREE + '\n[decky.four]\nservices = ["ftp"]\nworker = "w1"\n'
    assert fleet.deploy(more, policy={**ONE_BY_ONE, "soak": 600.0}).code == 0
    fleet.order("rollback")
    for _ in range(3):
        fleet.reconcile()
    assert fleet.rollout.state.status == "reverted"
    assert fleet.deploy(more).code == 2


def test_one_that_is_killed_as_it_is_done_still_reaches_what_was_skipped(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.deploy(WITH_SSH, policy={**ONE_BY_ONE, "waves": ("1", "100%")})
    skipped = waiting(fleet)
    for name in skipped[:1]:
        assert fleet.order("skip", name).code == 0

    def saved(home: Home, desired: Fleet) -> None:
        if fleet.rollout.state.status == "done":
            raise Killed
        save_fleet(home, desired)

    for module in (run_pass, engine_rollouts):
        monkeypatch.setattr(module, "save_fleet", saved)
    with pytest.raises(Killed):
        for _ in range(4):
            fleet.reconcile()
    monkeypatch.undo()
    assert fleet.rollout.state.status == "done"
    for _ in range(2):
        assert fleet.reconcile().code == 0
    assert with_ssh(fleet) == {"w1", "w2", "w3"}


def test_a_killed_removal_of_a_worker_stops_nothing(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    name = waiting(fleet)[0]

    def killed(home: Home, desired: Fleet) -> None:
        save_fleet(home, desired)
        raise Killed

    monkeypatch.setattr(worker_module, "save_fleet", killed)
    with pytest.raises(Killed):
        fleet.remove(name, force=True)
    monkeypatch.undo()
    ran = fleet.reconcile()
    assert ran.error is None and fleet.units()[name] == "skipped"


def test_a_clean_up_that_is_killed_leaves_a_list_that_works(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_store, "KEPT", 1)
    fleet.deploy(WITH_SSH, policy=AT_ONCE)

    def torn(folder: Path) -> None:
        (folder / "policy.json").unlink()
        raise Killed

    fleet.reconcile()
    monkeypatch.setattr(rollout_store.shutil, "rmtree", torn)
    with pytest.raises(Killed):
        fleet.deploy(THREE, policy=AT_ONCE)
        for _ in range(3):
            fleet.reconcile()
    monkeypatch.undo()
    store = RolloutStore(fleet.home)
    for each in store.ids():
        store.glance(each)


def test_a_mutation_after_the_clock_was_set_back_stops_nothing(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    fleet.clock.advance(-86400.0)
    decky = decky_on(fleet, waiting(fleet)[0])
    assert fleet.mutate(decky, services=["http", "redis"]).code == 0
    ran = fleet.reconcile()
    assert ran.code == 0, ran.error
