"""Rollouts through whole verbs: waves, judging, halts, rollbacks, and what other verbs may do meanwhile."""

from __future__ import annotations

import json
import shutil

import pytest
from fakefleet import FakeFleet

from decnet.commands.image import upgrade
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.reconcile import reconcile
from decnet.commands.topologies.deploy import TopologyDeployOptions
from decnet.commands.topologies.deploy import deploy as topology_deploy
from decnet.engine.options import PassOptions
from decnet.images import ImageNames
from decnet.model.rollout import ENDED, Policy
from decnet.store.desired import load_fleet, save_fleet

from .conftest import THREE, WITH_SSH

NEWER = ImageNames(base="decnet/base:aaaaaaaaaaaa", decoys="decnet/decoys:aaaaaaaaaaaa")
ONE_BY_ONE = {"waves": ("1", "2", "100%"), "max_in_flight": "1", "soak": 0.0}


@pytest.fixture
def fleet(three: FakeFleet) -> FakeFleet:
    """One decky on each of three workers."""
    return three


def services(fleet: FakeFleet) -> dict[str, list[str]]:
    return {name: sorted(decky.services) for name, decky in fleet.desired.deckies.items()}


def with_ssh(fleet: FakeFleet) -> set[str]:
    """The workers on which a decky has its ssh now."""
    return {name for name in ("w1", "w2", "w3") if any(c.endswith("-ssh") for c in fleet[name].containers)}


def test_waves_go_out_one_by_one(fleet: FakeFleet) -> None:
    ran = fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    assert ran.code == 0, ran.error
    assert len(with_ssh(fleet)) == 1
    assert sorted(fleet.units().values()) == ["passed", "waiting", "waiting"]
    assert fleet.reconcile(check=True).code == 3
    assert fleet.reconcile().code == 0
    assert len(with_ssh(fleet)) == 2
    assert fleet.reconcile().code == 0
    assert fleet.rollout.state.status == "done"
    assert with_ssh(fleet) == {"w1", "w2", "w3"}
    before = load_fleet(fleet.home)
    assert fleet.reconcile().code == 0 and load_fleet(fleet.home) == before
    assert fleet.reconcile(check=True).code == 0


def test_desired_is_what_is_in_effect(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    released = {name for name, status in fleet.units().items() if status != "waiting"}
    for decky in fleet.desired.deckies.values():
        assert ("ssh" in decky.services) == (decky.worker in released)


def test_a_failure_halts_and_a_rollback_restores(fleet: FakeFleet) -> None:
    for name, decky in (("w1", "one"), ("w2", "two"), ("w3", "three")):
        fleet[name].breaks(decky, "no such image")
    ran = fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    assert ran.code == 4
    assert fleet.rollout.state.status == "halted"
    assert sorted(fleet.units().values()) == ["failed", "waiting", "waiting"]
    assert fleet.reconcile().code == 4
    assert sorted(fleet.units().values()) == ["failed", "waiting", "waiting"]
    for name, decky in (("w1", "one"), ("w2", "two"), ("w3", "three")):
        fleet[name].mends(decky)
    assert fleet.order("rollback").code == 0
    codes = [fleet.reconcile().code for _ in range(3)]
    assert codes[0] == 4 and fleet.rollout.state.status == "reverted"
    assert with_ssh(fleet) == set() and services(fleet)["one"] == ["http"]
    again = fleet.deploy(WITH_SSH)
    assert again.code == 2 and again.error is not None and "--again" in (again.error.hint or "")
    assert fleet.deploy(WITH_SSH, again=True).code == 0


def test_repairs_that_failed_delay_neither_a_rollback_nor_a_retry(fleet: FakeFleet) -> None:
    decky = {"w1": "one", "w2": "two", "w3": "three"}
    for name in decky:
        fleet[name].breaks(decky[name], "no such image")
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    for _ in range(6):
        fleet.reconcile()
    (failed,) = [name for name, status in fleet.units().items() if status == "failed"]
    for name in decky:
        fleet[name].mends(decky[name])
    assert fleet.order("retry", failed).code == 0
    fleet.order("resume")
    fleet.reconcile()
    assert with_ssh(fleet) >= {failed}
    fleet.order("rollback")
    for _ in range(2):
        fleet.reconcile()
    assert (fleet.rollout.state.status, with_ssh(fleet)) == ("reverted", set())


def test_everything_that_was_taken_back_stays_so(fleet: FakeFleet) -> None:
    other = THREE.replace('["http"]', '["http", "ftp"]')
    for wanted in (WITH_SSH, other):
        fleet.deploy(wanted, policy={**ONE_BY_ONE, "waves": ("w1", "100%"), "soak": 600.0})
        fleet.order("rollback")
        assert fleet.reconcile().code == 4 and fleet.rollout.state.status == "reverted"
    for wanted in (WITH_SSH, other):
        refused = fleet.deploy(wanted)
        assert refused.error is not None and "took this change back" in refused.error.message


def test_only_one_is_open(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    other = THREE.replace('["http"]', '["http", "ftp"]')
    refused = fleet.deploy(other)
    assert refused.code == 2 and refused.error is not None and refused.error.code == "rollout-open"
    first = fleet.rollout.id
    assert fleet.deploy(other, supersede=True).code == 0
    assert all("ftp" in each for each in services(fleet).values())
    assert fleet.rollout.id == first and fleet.rollout.state.status == "superseded"


def test_no_second_one_is_opened_for_other_workers(fleet: FakeFleet) -> None:
    first = THREE.replace('[decky.one]\nservices = ["http"]', '[decky.one]\nservices = ["http", "ssh"]')
    assert fleet.deploy(first, policy={**ONE_BY_ONE, "soak": 600.0}).code == 0
    assert fleet.units() == {"w1": "soaking"}
    both = first.replace('[decky.two]\nservices = ["http"]', '[decky.two]\nservices = ["http", "ssh"]')
    refused = fleet.deploy(both, policy=ONE_BY_ONE)
    assert refused.error is not None and refused.error.code == "rollout-open"
    assert fleet.deploy(both).code == 0, "without waves it is no second rollout"
    assert fleet.units() == {"w1": "soaking"} and with_ssh(fleet) == {"w1", "w2"}


def test_teardown_of_all_ends_it(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    assert fleet.teardown().code == 0
    assert fleet.rollout.state.status in ENDED and not any(fleet[w].containers for w in ("w1", "w2", "w3"))


def test_a_mutation_of_a_waiting_unit_is_kept(fleet: FakeFleet) -> None:
    for worker in fleet.workers.values():
        worker.engine.images |= {name: {"decnet.content": "yes"} for name in NEWER.all()}
    options = PassOptions(rollout=Policy(**ONE_BY_ONE))
    assert fleet.run(lambda ctx: upgrade(ctx, options), images=NEWER).code == 0
    waiting = next(name for name, status in fleet.units().items() if status == "waiting")
    decky = next(n for n, d in fleet.desired.deckies.items() if d.worker == waiting)
    assert fleet.mutate(decky, services=["http", "redis"]).code == 0
    for _ in range(3):
        fleet.run(lambda ctx: reconcile(ctx, PassOptions()), images=NEWER)
    assert fleet.rollout.state.status == "done"
    assert fleet.desired.deckies[decky].services.keys() == {"http", "redis"}
    assert {each.images.decoys for each in fleet.desired.deckies.values() if each.images} == {NEWER.decoys}


def test_a_worker_that_is_away_blocks(fleet: FakeFleet) -> None:
    fleet["w2"].shut()
    fleet.deploy(WITH_SSH, policy={**ONE_BY_ONE, "waves": ("100%",), "max_in_flight": "100%"})
    for _ in range(2):
        fleet.reconcile()
    assert fleet.units() == {"w1": "passed", "w2": "waiting", "w3": "passed"}
    fleet["w2"].let_in()
    fleet.reconcile()
    assert fleet.rollout.state.status == "done"


def test_a_soak_is_by_the_clock(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy={"waves": ("100%",), "max_in_flight": "100%", "soak": 600.0})
    assert set(fleet.units().values()) == {"soaking"}
    fleet.reconcile()
    assert set(fleet.units().values()) == {"soaking"}
    fleet.clock.advance(700)
    fleet.reconcile()
    assert fleet.rollout.state.status == "done"


def test_a_unit_that_was_edited_by_hand_is_not_undone_silently(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    waiting = next(name for name, status in fleet.units().items() if status == "waiting")
    decky = next(d for d in fleet.desired.deckies.values() if d.worker == waiting)
    edited = decky.model_copy(update={"hostname": "mine"})
    save_fleet(fleet.home, fleet.desired.with_deckies({**fleet.desired.deckies, decky.name: edited}))
    ran = fleet.reconcile()
    assert ran.code == 2 and ran.error is not None and f"{waiting} was edited" in ran.error.message
    assert fleet.order("cancel").code == 0
    assert fleet.desired.deckies[decky.name].hostname == "mine"
    assert fleet.reconcile().code == 0


def test_a_rollback_may_remove_the_whole_fleet_of_a_worker(fleet: FakeFleet) -> None:
    more = WITH_SSH + "".join(f'\n[decky.more-{n}]\nservices=["http"]\nworker="w1"\n' for n in range(6))
    fleet.deploy(more, policy={"waves": ("100%",), "max_in_flight": "100%", "soak": 600.0})
    assert set(fleet.units().values()) == {"soaking"}
    assert fleet.order("rollback").code == 0
    assert fleet.reconcile().code == 4
    fleet.reconcile()
    assert fleet.rollout.state.status == "reverted" and len(fleet.desired.deckies) == 3


def test_settings_of_events_need_no_waves(fleet: FakeFleet) -> None:
    ran = fleet.deploy(THREE + "[events.retention]\ndays = 3\n", policy=ONE_BY_ONE)
    assert ran.code == 0 and fleet.desired.events.retention.days == 3


GUARDED = {"waves": ("100%",), "max_in_flight": "100%", "soak": 0.0, "confirm_within": 60.0}


def cut_off(fleet: FakeFleet, name: str) -> None:
    """The worker is not reached any more once it has accepted the next job."""
    fleet[name].on("apply", lambda: fleet[name].lose("status", times=400))


def come_back(fleet: FakeFleet, name: str, seconds: float) -> None:
    """So many seconds later the worker is reached again."""
    fleet.clock.advance(seconds)
    fleet[name].is_reached_again()


def test_a_worker_that_is_cut_off_by_a_change_takes_it_back(fleet: FakeFleet) -> None:
    cut_off(fleet, "w1")
    ran = fleet.deploy(WITH_SSH, policy=GUARDED)
    assert ran.code == 5 and fleet.units() == {"w1": "sent", "w2": "passed", "w3": "passed"}
    come_back(fleet, "w1", 120)
    codes = [fleet.reconcile().code for _ in range(3)]
    assert fleet.units()["w1"] == "reverted" and fleet.rollout.state.status == "halted"
    assert set(codes) == {4}
    assert with_ssh(fleet) == {"w2", "w3"} and "ssh" not in services(fleet)["one"]
    before = fleet.picture()
    fleet.reconcile()
    assert fleet.picture() == before
    assert fleet.order("cancel").code == 0
    assert fleet.deploy(WITH_SSH).code == 2
    assert fleet.deploy(WITH_SSH, again=True).code == 0 and with_ssh(fleet) == {"w1", "w2", "w3"}


def test_a_unit_that_failed_and_was_restored_by_its_worker_stays_restored(fleet: FakeFleet) -> None:
    fleet["w1"].breaks("one", "no such image")
    fleet.deploy(WITH_SSH, policy=GUARDED)
    assert fleet.units()["w1"] == "failed"
    fleet["w1"].mends("one")
    fleet.clock.advance(120)
    fleet.reconcile()
    assert fleet.units()["w1"] == "reverted"
    assert with_ssh(fleet) == {"w2", "w3"} and "ssh" not in services(fleet)["one"]
    before = fleet.picture()
    fleet.clock.advance(120)
    fleet.reconcile()
    assert fleet.picture() == before


def test_a_worker_that_comes_back_in_time_is_confirmed(fleet: FakeFleet) -> None:
    cut_off(fleet, "w1")
    fleet.deploy(WITH_SSH, policy=GUARDED)
    come_back(fleet, "w1", 10)
    fleet.reconcile()
    assert fleet.units()["w1"] == "passed" and fleet.rollout.state.status == "done"
    fleet.clock.advance(1000)
    fleet.reconcile()
    assert with_ssh(fleet) == {"w1", "w2", "w3"}


def test_a_reboot_ends_the_timer_and_is_a_failure(fleet: FakeFleet) -> None:
    cut_off(fleet, "w1")
    fleet.deploy(WITH_SSH, policy=GUARDED)
    fleet["w1"].reboot()
    come_back(fleet, "w1", 120)
    assert fleet.reconcile().code == 4
    assert fleet.units()["w1"] in ("failed", "reverted")


def test_a_plain_change_of_the_driver_is_guarded_and_done_at_once(fleet: FakeFleet) -> None:
    other = THREE.replace("[network]", '[network]\ndriver = "ipvlan"')
    assert fleet.deploy(other).code == 0
    assert fleet.rollout.state.status == "done"
    assert fleet.deploy(THREE, no_confirm=True).code == 0
    assert len(list((fleet.home.rollouts / "ended").iterdir())) == 1


def test_a_wiped_worker_gets_its_rollout_again_and_answers_it_back(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy={"waves": ("100%",), "max_in_flight": "100%", "soak": 600.0})
    shutil.rmtree(fleet["w1"].home / "projects")
    assert "rollouts" not in fleet["w1"].ask("status")["result"]
    fleet.reconcile()
    (held,) = fleet["w1"].ask("status")["result"]["rollouts"]
    assert held["id"] == fleet.rollout.id and held["unit"] == "w1"


def test_an_older_state_directory_releases_nothing(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    backup = fleet.folder / "backup"
    shutil.copytree(fleet.home.root, backup)
    for _ in range(3):
        fleet.reconcile()
    assert fleet.rollout.state.status == "done"
    shutil.rmtree(fleet.home.root)
    backup.rename(fleet.home.root)
    before = {name: dict(fleet[name].containers) for name in ("w1", "w2", "w3")}
    fleet.reconcile()
    assert sorted(fleet.units().values()) == ["passed", "waiting", "waiting"]
    assert {name: dict(fleet[name].containers) for name in ("w1", "w2", "w3")} == before


def test_recovery_adopts_what_runs_and_infers_nothing(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    lost, runs = fleet.rollout.id, with_ssh(fleet)
    fleet.lose_home()
    ran = fleet.recover("w1", "w2", "w3")
    assert ran.code == 0 and any(lost in line for line in ran.outcome.lines)
    assert (
        with_ssh(fleet) == runs == {d.worker for d in fleet.desired.deckies.values() if "ssh" in d.services}
    )
    assert fleet.reconcile().code == 0 and with_ssh(fleet) == runs


def test_a_mutation_of_all_goes_out_in_waves(fleet: FakeFleet) -> None:
    options = MutateOptions(
        everything=True, services=("http", "redis"), run=PassOptions(rollout=Policy(**ONE_BY_ONE))
    )
    assert fleet.run(lambda ctx: mutate(ctx, options)).code == 0
    assert sum("redis" in each for each in services(fleet).values()) == 1
    for _ in range(2):
        assert fleet.reconcile().code == 0
    assert fleet.rollout.state.status == "done" and all("redis" in each for each in services(fleet).values())


def test_a_topology_is_a_unit_of_its_own(fleet: FakeFleet) -> None:
    assert fleet.generate("dc1", depth=2, branching=1).code == 0
    policy = Policy(waves=("100%",), soak=600.0)
    options = TopologyDeployOptions("w1", run=PassOptions(rollout=policy))
    ran = fleet.run(lambda ctx: topology_deploy(ctx, "dc1", options))
    assert ran.code == 0, ran.error
    assert fleet.units() == {"w1/dc1": "soaking"} and fleet.topology("dc1").status == "active"
    other = WITH_SSH
    assert fleet.deploy(other).code == 0
    assert fleet.order("rollback").code == 0
    codes = [fleet.reconcile().code for _ in range(3)]
    assert codes[0] == 4 and fleet.rollout.state.status == "reverted"
    assert fleet.topology("dc1").status == "torn_down" and "decnet-t" not in str(list(fleet["w1"].containers))
    assert with_ssh(fleet) == {"w1", "w2", "w3"}


@pytest.mark.parametrize(
    "strange", [{"unit": "w9"}, {"fields": {"colour": "red"}}, {"evidence": 3}], ids=["unit", "field", "type"]
)
def test_a_record_that_is_not_understood_is_damage_and_no_crash(
    fleet: FakeFleet, strange: dict[str, object]
) -> None:
    fleet.deploy(WITH_SSH, policy=ONE_BY_ONE)
    log = fleet.home.rollouts / fleet.rollout.id / "events.jsonl"
    lines = log.read_text().splitlines()
    last = {"unit": "w1", "kind": "unit", **json.loads(lines[-1]), **strange, "seq": len(lines) + 1}
    log.write_text("\n".join([*lines, json.dumps({**last, "kind": "unit"})]) + "\n")
    ran = fleet.reconcile()
    assert ran.error is not None and f"{log.parent} is damaged" in ran.error.message


def test_a_cancelled_rollout_leaves_no_dead_man_behind(fleet: FakeFleet) -> None:
    fleet["w1"].lose("confirm")
    fleet.deploy(WITH_SSH, policy=GUARDED)
    assert fleet.units()["w1"] == "checking"
    assert fleet.order("cancel").code == 0
    assert fleet.reconcile().code == 0
    (held,) = fleet["w1"].ask("status")["result"]["rollouts"]
    assert held["state"] == "confirmed"
    fleet.clock.advance(1000)
    assert fleet.reconcile().code == 0 and with_ssh(fleet) == {"w1", "w2", "w3"}


def test_what_was_deployed_again_is_not_held_back_any_more(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy={"waves": ("100%",), "max_in_flight": "100%", "soak": 600.0})
    fleet.order("rollback")
    fleet.reconcile()
    fleet.reconcile()
    assert fleet.deploy(WITH_SSH).code == 2
    assert fleet.deploy(WITH_SSH, again=True).code == 0
    assert fleet.deploy(THREE).code == fleet.deploy(WITH_SSH).code == 0


def test_a_repair_confirms_nothing(fleet: FakeFleet) -> None:
    fleet["w1"].lose("confirm", times=3)
    fleet.deploy(WITH_SSH, policy=GUARDED)
    fleet["w1"].crash("one-http")
    fleet.reconcile()
    (held,) = fleet["w1"].ask("status")["result"]["rollouts"]
    assert held["state"] == "armed"
    assert fleet.finish_rollout().code == 0 and fleet.rollout.state.status == "done"


def test_a_deploy_follows_one_that_waits_for_a_worker(fleet: FakeFleet) -> None:
    other = THREE.replace("[network]", '[network]\ndriver = "ipvlan"')
    cut_off(fleet, "w2")
    assert fleet.deploy(other).code == 5
    assert fleet.units() == {"w1": "passed", "w2": "sent", "w3": "passed"}
    assert fleet.deploy(other.replace('["http"]', '["http", "ssh"]')).code == 5
    assert fleet.rollout.state.status == "superseded" and with_ssh(fleet) == {"w1", "w3"}
    fleet["w2"].is_reached_again()
    assert fleet.reconcile().code == 0 and with_ssh(fleet) == {"w1", "w2", "w3"}
    assert {lan.driver for lan in fleet.desired.lans.values()} == {"ipvlan"}
