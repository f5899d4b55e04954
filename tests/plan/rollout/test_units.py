"""Which slices are released together, and what is desired while a rollout is open."""

from __future__ import annotations

from typing import Any

import pytest
from plan.rollout.trial import START, Trial, policy
from plan.world import decky, fleet, home, lan

from decnet.errors import UsageError
from decnet.model.fleet import Decky, Fleet, Network, Project
from decnet.model.keys import SliceKey
from decnet.model.rollout import Rollout
from decnet.model.topology import Design, DesignDecky, Lan, Topology
from decnet.plan.rollout import (
    content_hash,
    edited_units,
    effective_fleet,
    held_addresses,
    open_rollout,
    refused_changes,
)

CORP = "decnet-t-0123abcd"
ID = "0123abcd" + "0" * 24


def opened(former: Fleet, to: Fleet, guarded: Any = None, **changes: Any) -> Rollout:
    made, _ = open_rollout(
        former, to, policy(**changes),
        tags={}, opened_at=START, opened_by="alice", command="deploy", seed=1, guarded=guarded,
    )  # fmt: skip
    return made


def topology(worker: str | None, *deckies: Decky, version: int = 1, subnet: str = "10.9.0.0/24") -> Any:
    """A change of a fleet: the topology corp on that worker."""

    def add(fleet: Fleet) -> Fleet:
        name = f"{CORP}-inside"
        inner = Network(
            name=name, kind="inner", driver="bridge", interface=name[:15], subnet=subnet, gateway=""
        )
        project = Project(name=CORP, networks={name: inner}, deckies={each.name: each for each in deckies})
        row = Topology(id=ID, name="corp", version=version, design=Design(), worker=worker)
        projects = {**fleet.projects, CORP: project} if deckies else fleet.projects
        return fleet.model_copy(update={"projects": projects, "topologies": {"corp": row}})

    return add


WEB, DB, MAIL = decky("web", "w1", 10), decky("db", "w2", 11), decky("mail", "w3", 12)
CORP_A, CORP_B = decky("a", "w1", 20), decky("b", "w1", 21)


def changed(each: Decky, **changes: Any) -> Decky:
    return Decky.model_validate({**each.model_dump(), **changes})


@pytest.mark.parametrize(
    ("former", "to", "names"),
    [
        (fleet(WEB, DB), fleet(changed(WEB, hostname="x"), DB), ["w1"]),
        (fleet(WEB, DB), fleet(changed(WEB, hostname="x"), changed(DB, hostname="y")), ["w1", "w2"]),
        (fleet(WEB, DB), fleet(WEB), ["w2"]),
        (fleet(WEB), fleet(WEB, DB), ["w2"]),
        (fleet(WEB, DB), fleet(changed(WEB, worker="w3"), DB), ["w1+w3"]),
        # An address passes from one worker to another, and back.
        (
            fleet(WEB, DB),
            fleet(
                decky("web", "w1", 11, mac="00:50:56:00:00:aa"),
                decky("db", "w2", 10, mac="00:50:56:00:00:bb"),
            ),
            ["w1+w2"],
        ),
        # A MAC passes on.
        (fleet(WEB, DB), fleet(DB, decky("new", "w3", 50, mac=WEB.mac)), ["w1+w3"]),
        # A chain of moves is one unit.
        (fleet(WEB, DB), fleet(changed(WEB, worker="w2"), changed(DB, worker="w3")), ["w1+w2+w3"]),
        (topology("w1", CORP_A)(fleet(WEB)), topology("w1", CORP_B, version=2)(fleet(WEB)), ["w1/corp"]),
        (fleet(WEB), topology("w1", CORP_A)(fleet(WEB)), ["w1/corp"]),
        # A topology is one unit even if it shares no decky with what it was.
        (
            topology("w1", CORP_A)(fleet(WEB)),
            topology("w2", changed(CORP_B, worker="w2"), version=2)(fleet(WEB)),
            ["w1/corp+w2/corp"],
        ),
        # A decky's address passes to a topology of the same worker.
        (fleet(WEB, DB), topology("w1", decky("a", "w1", 10))(fleet(DB)), ["w1+w1/corp"]),
    ],
)
def test_what_moves_between_slices_is_one_unit(former: Fleet, to: Fleet, names: list[str]) -> None:
    frozen = opened(former, to).frozen
    assert list(frozen.units) == names
    assert [unit.moves for unit in frozen.units.values()] == ["+" in name for name in names]


def test_a_lan_that_changes_is_one_unit_of_all_slices_of_its_worker() -> None:
    former = topology("w1", CORP_A)(fleet(WEB, DB))
    other = lan("w1", interface="eth1")
    to = former.model_copy(update={"lans": {**former.lans, "w1": other}})
    rollout = opened(former, to)
    assert list(rollout.frozen.units) == ["w1+w1/corp"]
    assert not rollout.frozen.units["w1+w1/corp"].moves
    assert effective_fleet(rollout, to) == former


def test_a_lan_of_a_worker_without_deckies_is_no_unit() -> None:
    former = fleet(WEB, DB, workers="w1 w2")
    with pytest.raises(UsageError, match="nothing to release"):
        opened(former, fleet(WEB, DB, workers="w1 w2 w3"))


def test_a_unit_of_which_one_worker_is_excluded_is_not_selected() -> None:
    to = fleet(changed(WEB, worker="w3"), changed(DB, hostname="x"))
    waves = opened(fleet(WEB, DB), to, waves=("*,!w3",)).frozen.waves
    assert waves == (("w2",), ("w1+w3",))


def test_the_same_addresses_on_separate_bridges_do_not_move() -> None:
    lans = {name: lan(name, driver="bridge") for name in ("w1", "w2")}
    place = home("192.0.2.10", "00:50:56:00:00:01"), home("192.0.2.10", "00:50:56:00:00:02")
    one, two = (decky(f"d{n}", f"w{n}", attachments=each) for n, each in enumerate(place, 1))
    former = fleet(one, two).model_copy(update={"lans": lans})
    to = fleet(changed(one, hostname="x"), changed(two, hostname="y")).model_copy(update={"lans": lans})
    assert list(opened(former, to).frozen.units) == ["w1", "w2"]


def test_an_address_that_passes_to_a_topology_behind_the_same_bridge_moves() -> None:
    bridged = {"w1": lan("w1", driver="bridge")}
    former = fleet(WEB, workers="w1").model_copy(update={"lans": bridged})
    to = topology("w1", decky("a", "w1", 10, mac="00:50:56:00:00:99"))(fleet(workers="w1"))
    (unit,) = opened(former, to.model_copy(update={"lans": bridged})).frozen.units.values()
    assert unit.moves


def test_a_unit_of_many_workers_has_a_short_name() -> None:
    names = [f"worker-with-a-long-name-{n:02}" for n in range(9)]
    deckies = [decky(f"d{n}", name, 10 + n) for n, name in enumerate(names)]
    moved = [changed(each, worker=names[(n + 1) % 9]) for n, each in enumerate(deckies)]
    former = fleet(*deckies, workers=" ".join(names))
    (name,) = opened(former, fleet(*moved, workers=" ".join(names))).frozen.units
    assert len(name) < 60 and name.startswith("worker-with-a-long-name-00+8-")


def test_a_dead_man_is_for_guarded_slices_and_never_for_moves() -> None:
    to = fleet(changed(WEB, hostname="x"), changed(DB, worker="w3"))
    guarded = {SliceKey("w1"): 600.0, SliceKey("w2"): 600.0}
    units = opened(fleet(WEB, DB), to, guarded).frozen.units
    assert {name: unit.confirm_within for name, unit in units.items()} == {"w1": 600.0, "w2+w3": None}
    units = opened(fleet(WEB, DB), to, guarded, confirm_within=60.0).frozen.units
    assert {name: unit.confirm_within for name, unit in units.items()} == {"w1": 60.0, "w2+w3": None}


def test_a_move_is_desired_at_one_end_only() -> None:
    former, to = fleet(WEB, DB), fleet(changed(WEB, worker="w3"), DB)
    trial = Trial(opened(former, to))
    assert effective_fleet(trial.rollout, to) == former
    trial.step()
    assert effective_fleet(trial.rollout, former) == to


def test_addresses_of_before_and_after_are_held_for_their_unit() -> None:
    to = fleet(decky("web", "w3", 40), DB)
    held = held_addresses(opened(fleet(WEB, DB), to))
    both = frozenset({SliceKey("w1"), SliceKey("w3")})
    assert held == {
        "192.0.2.10": both, "192.0.2.40": both, "00:50:56:00:00:0a": both, "00:50:56:00:00:28": both,
    }  # fmt: skip


def test_a_topology_is_desired_with_its_networks_and_its_design() -> None:
    design = Design(
        lans=(Lan(name="dmz", dmz=True),),
        deckies=(
            DesignDecky(
                name="a", os="linux", release="debian-12", home="dmz", services=("ssh",),
                addresses={"dmz": ""}, hostname="a", seed="0" * 32,
            ),
        ),
    )  # fmt: skip
    former = topology("w1", CORP_A)(fleet(WEB))
    to = topology("w1", CORP_B, version=2, subnet="10.8.0.0/24")(fleet(WEB))
    row = to.topologies["corp"].model_copy(update={"design": design})
    to = to.model_copy(update={"topologies": {"corp": row}})
    trial = Trial(opened(former, to))
    assert effective_fleet(trial.rollout, to) == former
    trial.step()
    assert effective_fleet(trial.rollout, former) == to


def test_a_topology_that_is_not_yet_released_is_not_deployed() -> None:
    undeployed = topology(None)(fleet(WEB))
    to = topology("w1", CORP_A)(fleet(WEB))
    trial = Trial(opened(undeployed, to))
    assert effective_fleet(trial.rollout, to) == undeployed
    trial.step()
    assert effective_fleet(trial.rollout, undeployed) == to


def test_a_topology_that_is_torn_down_stays_until_its_release() -> None:
    deployed, gone = topology("w1", CORP_A)(fleet(WEB)), topology(None)(fleet(WEB))
    trial = Trial(opened(deployed, gone))
    assert effective_fleet(trial.rollout, gone) == deployed
    trial.step()
    assert effective_fleet(trial.rollout, deployed) == gone


def test_what_is_no_member_is_as_stored() -> None:
    rollout = opened(fleet(WEB, DB), fleet(changed(WEB, hostname="x"), DB))
    stored = fleet(changed(WEB, hostname="x"), changed(DB, hostname="later"), MAIL)
    stored = stored.model_copy(update={"confirmed": ("192.0.2.0/24",)})
    after = effective_fleet(rollout, stored)
    assert after.deckies == {"web": WEB, "db": stored.deckies["db"], "mail": MAIL}
    assert after.confirmed == stored.confirmed


def test_a_mutation_during_the_rollout_is_kept_before_and_after_the_release() -> None:
    to = fleet(changed(WEB, hostname="x"), DB)
    trial = Trial(opened(fleet(WEB, DB), to))
    mutated = WEB.with_services({"ftp": {}}, at=START + 50)
    stored = effective_fleet(trial.rollout, to).with_deckies({"web": mutated, "db": DB})
    assert effective_fleet(trial.rollout, stored) is stored
    trial.step(60)
    released = effective_fleet(trial.rollout, stored).deckies["web"]
    assert (released.hostname, set(released.services), released.mutated_at) == ("x", {"ftp"}, START + 50)


def test_a_mutation_of_a_decky_that_moves_goes_with_it() -> None:
    to = fleet(changed(WEB, worker="w3"), DB)
    trial = Trial(opened(fleet(WEB, DB), to))
    stored = fleet(WEB.with_services({"ftp": {}}, at=START + 50), DB)
    trial.step(60)
    moved = effective_fleet(trial.rollout, stored).deckies["web"]
    assert (moved.worker, set(moved.services)) == ("w3", {"ftp"})


def test_a_mutation_that_is_itself_released_is_not_an_overlay() -> None:
    to = fleet(WEB.with_services({"ftp": {}}, at=START - 1), DB)
    trial = Trial(opened(fleet(WEB, DB), to))
    assert effective_fleet(trial.rollout, to).deckies["web"] == WEB


def test_a_mutation_of_another_spec_is_not_kept() -> None:
    to = fleet(changed(WEB, spec_hash="1" * 64), DB)
    trial = Trial(opened(fleet(WEB, DB), to))
    stored = fleet(WEB.with_services({"ftp": {}}, at=START + 50), DB)
    trial.step(60)
    assert effective_fleet(trial.rollout, stored).deckies["web"] == to.deckies["web"]


def test_images_that_were_pinned_since_are_kept() -> None:
    images = {"base": "decnet/base:0123456789ab", "decoys": "decnet/decoys:0123456789ab"}
    rollout = opened(fleet(WEB, DB), fleet(changed(WEB, hostname="x"), DB))
    stored = fleet(changed(WEB, images=images), DB)
    assert effective_fleet(rollout, stored) is stored


@pytest.mark.parametrize(
    ("after", "is_refused"),
    [
        (fleet(WEB.with_services({"ftp": {}}, at=START + 1), DB), False),
        (fleet(changed(WEB, hostname="other"), DB), True),
        (fleet(DB), True),
        (fleet(WEB, DB).model_copy(update={"lans": {"w1": lan("w1", interface="eth1")}}), True),
        (fleet(WEB, DB, decky("more", "w1", 60)), True),
        (fleet(WEB, changed(DB, hostname="other"), MAIL), False),
    ],
)
def test_another_verb_may_change_services_of_a_unit_that_waits(after: Fleet, is_refused: bool) -> None:
    before = fleet(WEB, DB)
    rollout = opened(before, fleet(changed(WEB, hostname="x"), DB))
    assert set(refused_changes(rollout, before, after, "deploy", START)) == ({"w1"} if is_refused else set())


def test_a_unit_is_edited_if_it_is_neither_as_before_nor_as_after() -> None:
    to = fleet(changed(WEB, hostname="x"), DB)
    trial = Trial(opened(fleet(WEB, DB), to))
    edited = fleet(changed(WEB, hostname="y"), DB)
    assert edited_units(trial.rollout, fleet(WEB, DB)) == edited_units(trial.rollout, to) == ()
    assert edited_units(trial.rollout, edited) == ("w1",)
    trial.order("remove", "w1")
    assert edited_units(trial.rollout, edited) == ()


def test_a_unit_whose_worker_left_the_fleet_is_no_one_s_business() -> None:
    to = fleet(changed(WEB, hostname="x"), DB)
    trial = Trial(opened(fleet(WEB, DB), to))
    trial.order("remove", "w1")
    assert refused_changes(trial.rollout, to, fleet(DB), "deploy", trial.now) == {}


@pytest.mark.parametrize("status", ["sent", "soaking"])
def test_no_verb_may_change_a_unit_in_flight(status: str) -> None:
    to = fleet(changed(WEB, hostname="x"), DB)
    trial = Trial(opened(fleet(WEB, DB), to))
    trial.step()
    if status == "soaking":
        trial.step()
    after = fleet(to.deckies["web"].with_services({"ftp": {}}, at=START + 100), DB)
    refused = refused_changes(trial.rollout, to, after, "mutate", trial.now)
    assert refused == {"w1": f"mutate: w1 is in flight in rollout {trial.rollout.id} ({status} for 0 min)"}


def test_a_content_hash_is_of_what_runs_and_not_of_where_or_when() -> None:
    key = SliceKey("w1")
    base = content_hash(fleet(WEB), key)
    assert base == content_hash(fleet(changed(WEB, mutated_at=5.0), DB), key)
    assert base == content_hash(fleet(decky("web", "w1", 99, hostname=WEB.hostname, seed=WEB.seed)), key)
    assert base != content_hash(fleet(decky("web", services="ssh")), key)
    assert base != content_hash(fleet(changed(WEB, spec_hash="1" * 64)), key)
    assert base != content_hash(fleet(decky("other")), key)
    assert base != content_hash(
        fleet(WEB).model_copy(update={"lans": {"w1": lan("w1", interface="eth1")}}), key
    )


def test_an_agent_is_released_to_workers_and_changes_no_fleet() -> None:
    stored = fleet(WEB, DB)
    made, _ = open_rollout(
        stored, stored, policy(waves=("1", "100%")), kind="agent", agent="a" * 64, agent_workers=("w2", "w1"),
        tags={}, opened_at=START, opened_by="alice", command="worker upgrade", seed=1,
    )  # fmt: skip
    trial = Trial(made)
    assert sorted(made.frozen.units) == ["w1", "w2"]
    for _ in range(5):
        trial.step(100)
        assert effective_fleet(trial.rollout, stored) is stored
        assert refused_changes(trial.rollout, stored, fleet(), "deploy", trial.now) == {}
    assert trial.status == "done"
