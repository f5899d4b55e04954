"""Topologies through whole verbs: deployed, healed, changed, moved and torn down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakefleet import FakeFleet

from decnet.commands.checks.operator import operator_findings
from decnet.commands.events import event_filter
from decnet.commands.history import history
from decnet.commands.own_login import Credentials
from decnet.commands.show import show as show_decky
from decnet.commands.status import status
from decnet.commands.topologies.drawing import diff, graph, walk
from decnet.commands.topologies.files import export, import_file, validate
from decnet.commands.topologies.listing import listed
from decnet.commands.topologies.mutate import TopologyMutateOptions, mutations, read
from decnet.commands.topologies.mutate import mutate as topology_mutate
from decnet.commands.topologies.show import show
from decnet.commands.topologies.teardown import delete
from decnet.commands.topologies.teardown import teardown as topology_teardown
from decnet.commands.worker import remove, rename
from decnet.engine import project_cleanup
from decnet.engine.options import PassOptions
from decnet.errors import SpecError, UsageError
from decnet.plan.event_filter import EventFilter
from decnet.store.atomic import last_copy
from decnet.store.topologies import TopologyTable
from decnet.wire import digest

from .conftest import FOUR

ADD = ("add_decky", "name=nas", "home=dmz", "archetype=file-server")


@pytest.fixture
def nested(empty: FakeFleet) -> Iterator[FakeFleet]:
    """dc1 on w1: one decky in its DMZ."""
    assert empty.generate("dc1", depth=1).code == 0
    assert empty.topology_deploy("dc1", on="w1").code == 0
    empty.reconcile()
    yield empty


def statuses(fleet: FakeFleet, name: str = "dc1") -> list[str]:
    moves = fleet.topology(name).moves
    return [moves[0].from_status, *(move.to_status for move in moves)]


def files(fleet: FakeFleet) -> dict[str, bytes]:
    kept = (fleet.home.state, fleet.home.topologies, fleet.home.fleet, *fleet.home.records_dir.iterdir())
    return {path.name: path.read_bytes() for path in kept if path.exists()}


def of(fleet: FakeFleet, worker: str = "w1") -> set[str]:
    return set(fleet[worker].containers)


def test_a_generated_topology_is_described_and_not_deployed(empty: FakeFleet) -> None:
    ran = empty.generate("dc1", depth=2, seed=7)
    assert ran.code == 0 and ran.outcome.document["origin"]["seed"] == 7
    assert (empty.topology("dc1").status, of(empty), empty.desired.projects) == ("pending", set(), {})
    again = empty.generate("dc1")
    assert again.code == 2 and again.error is not None and "named dc1 already" in again.error.message


@pytest.mark.parametrize("name", ["DC1", "dc_1", "-dc", "x" * 33, ""])
def test_a_name_that_no_container_can_have_is_refused(empty: FakeFleet, name: str) -> None:
    assert empty.generate(name).code == 2
    assert empty.desired.topologies == {}


def test_two_topologies_never_share_a_subnet(empty: FakeFleet) -> None:
    for name in ("dc1", "dc2"):
        assert empty.generate(name, depth=3, seed=1).code == 0
    subnets = [
        lan.subnet for each in empty.desired.topologies.values() for lan in each.design.lans if lan.subnet
    ]
    assert len(subnets) == len(set(subnets))


def test_a_deployed_topology_is_active_with_addresses_of_the_lan(nested: FakeFleet) -> None:
    assert statuses(nested) == ["pending", "deploying", "active"]
    assert nested.topology("dc1").applied_version == 1
    topology = nested.desired.topologies["dc1"]
    (decky,) = nested.desired.projects[topology.project].deckies.values()
    assert (decky.ip, topology.worker) == ("192.0.2.100", "w1")
    assert nested.is_converged() and of(nested) and not of(nested, "w2")


def test_a_second_deploy_changes_nothing(nested: FakeFleet) -> None:
    before = files(nested)
    assert nested.topology_deploy("dc1").code == 0
    assert nested.reconcile().code == 0
    assert files(nested) == before


def test_a_dry_run_leaves_it_pending(empty: FakeFleet) -> None:
    empty.generate("dc1", depth=1)
    before = files(empty)
    ran = empty.topology_deploy("dc1", dry_run=True)
    assert (ran.code, len(ran.outcome.plan.steps)) == (0, 1)
    assert ran.outcome.plan.steps[0].label.startswith("dc1/")
    assert files(empty) == before and not of(empty)


def test_fleet_and_topologies_never_have_one_address(nested: FakeFleet) -> None:
    assert nested.deploy(FOUR).code == 0
    assert nested.generate("dc2", depth=1, seed=2).code == 0
    assert nested.topology_deploy("dc2").code == 0
    ips = [decky.ip for _, _, decky in nested.desired.every_decky()]
    macs = [decky.mac for _, _, decky in nested.desired.every_decky()]
    assert len(set(ips)) == len(ips) == len(set(macs)) == 6
    assert nested.is_converged()


def test_it_is_placed_on_the_worker_with_the_fewest_deckies(nested: FakeFleet) -> None:
    nested.generate("dc2", depth=1, seed=2)
    assert nested.topology_deploy("dc2").code == 0
    assert nested.desired.topologies["dc2"].worker == "w2"


@pytest.mark.parametrize(
    ("on", "message"), [("w3", "no worker is named 'w3'"), ("w2", "w2 is drained and receives no deckies")]
)
def test_a_worker_that_cannot_have_it_is_refused(empty: FakeFleet, on: str, message: str) -> None:
    empty.drain("w2")
    empty.generate("dc1", depth=1)
    before = files(empty)
    ran = empty.topology_deploy("dc1", on=on)
    assert ran.code == 2 and ran.error is not None and ran.error.message == message
    assert files(empty) == before


def test_an_unknown_name_is_refused_with_the_nearest(nested: FakeFleet) -> None:
    for ran in (
        nested.topology_deploy("dc2"),
        nested.topology_teardown("dc2"),
        nested.topology_mutate("dc2", *ADD),
    ):
        assert ran.code == 2 and ran.error is not None
        assert (ran.error.message, ran.error.hint) == ("no topology is named 'dc2'", "did you mean 'dc1'?")


def test_a_deploy_that_fails_says_why_and_reconcile_heals_it(empty: FakeFleet) -> None:
    empty.generate("dc1", depth=1)
    empty["w1"].breaks("dmz-1", "device or resource busy")
    assert empty.topology_deploy("dc1", on="w1").code == 4
    record = empty.topology("dc1")
    assert record.status == "failed" and "device or resource busy" in record.moves[-1].reason
    empty["w1"].mends("dmz-1")
    empty.clock.advance(7200)
    assert empty.reconcile().code == 0
    assert statuses(empty)[-3:] == ["failed", "deploying", "active"]


def test_an_unreachable_worker_moves_nothing(nested: FakeFleet) -> None:
    before = nested.topology("dc1")
    nested["w1"].is_reachable = False
    assert nested.reconcile().code == 5
    nested.run(status)
    assert nested.topology("dc1") == before


def test_status_sees_a_fault_and_reconcile_heals_it(nested: FakeFleet) -> None:
    broken = sorted(of(nested))[-1]
    nested["w1"].crash(broken)
    seen = nested.run(status)
    assert seen.code == 4 and nested.topology("dc1").status == "degraded"
    assert [item["name"] for item in seen.outcome.deckies.items] == ["dc1/dmz-1"]
    assert seen.outcome.topologies.items[0]["status"] == "degraded"
    assert nested.reconcile().code == 0
    assert statuses(nested)[-2:] == ["degraded", "active"]


def test_a_torn_down_topology_leaves_nothing_and_stays_described(nested: FakeFleet) -> None:
    project = nested.desired.topologies["dc1"].project
    ran = nested.topology_teardown("dc1")
    assert ran.code == 0 and not of(nested)
    assert statuses(nested)[-2:] == ["tearing_down", "torn_down"]
    assert nested.desired.topologies["dc1"].worker is None
    assert not (nested["w1"].home / "projects" / project).exists()
    before = files(nested)
    assert nested.topology_teardown("dc1").code == 0
    assert nested.reconcile().code == 0
    assert files(nested) == before


def test_what_was_torn_down_can_be_deployed_again(nested: FakeFleet) -> None:
    nested.topology_teardown("dc1")
    assert nested.topology_deploy("dc1", on="w2").code == 0
    assert statuses(nested)[-2:] == ["deploying", "active"]
    assert nested.is_converged() and of(nested, "w2")


def test_a_teardown_lasts_until_the_worker_reports_that_nothing_is_left(nested: FakeFleet) -> None:
    nested["w1"].is_reachable = False
    assert nested.topology_teardown("dc1").code == 5
    assert nested.topology("dc1").status == "tearing_down"
    refused = nested.topology_deploy("dc1")
    assert refused.code == 2 and refused.error is not None and "being torn down" in refused.error.message
    assert nested.run(lambda ctx: delete(ctx, "dc1")).code == 2
    nested["w1"].is_reachable = True
    assert nested.reconcile(max_remove=1).code == 0
    assert nested.topology("dc1").status == "torn_down"
    assert nested.run(lambda ctx: delete(ctx, "dc1")).code == 0
    assert (nested.desired.topologies, TopologyTable(nested.home).records()) == ({}, {})


def held_by(fleet: FakeFleet, worker: str, *projects: str) -> None:
    """Let a worker report these projects, of which it has no container."""
    for project in projects:
        folder = fleet[worker].home / "projects" / project
        folder.mkdir(parents=True)
        (folder / "slice.json").write_text(
            json.dumps({"slice": None, "generation": 1, "plan_hash": "0" * 64})
        )


def test_a_worker_cannot_keep_a_pass_busy_with_projects(
    nested: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_by(nested, "w1", *(f"decnet-t-{number:08x}" for number in range(5)))
    monkeypatch.setattr(project_cleanup, "MOST", 3)
    ran = nested.reconcile()
    assert (ran.code != 0, len(list((nested["w1"].home / "projects").glob("decnet-t-0000*")))) == (True, 2)
    assert "2 projects of topologies not removed yet" in [each.message for each in ran.outcome.troubles]
    held_by(nested, "w1", "decnet-t-00000009")
    monkeypatch.setattr(project_cleanup, "WORKER_SECONDS", 0.0)
    assert nested.reconcile().code != 0
    monkeypatch.undo()
    assert nested.reconcile().code == 0
    assert not list((nested["w1"].home / "projects").glob("decnet-t-0000*"))
    topology = nested.desired.topologies["dc1"]
    assert set(nested.records("w1").projects) == {topology.project}


def test_a_worker_cannot_fill_the_records_with_projects(nested: FakeFleet) -> None:
    before = set(nested.records("w1").projects)
    for number in range(3):
        held_by(nested, "w1", f"decnet-t-{number:08x}")
        assert nested.run(lambda ctx: status(ctx)).code == 0
        shutil.rmtree(nested["w1"].home / "projects" / f"decnet-t-{number:08x}")
    assert nested.run(lambda ctx: status(ctx)).code == 0
    assert set(nested.records("w1").projects) == before


def test_a_deployed_topology_is_not_deleted(nested: FakeFleet) -> None:
    before = files(nested)
    ran = nested.run(lambda ctx: delete(ctx, "dc1"))
    assert ran.code == 2 and ran.error is not None and ran.error.hint == "decnet topology teardown dc1"
    assert files(nested) == before


def test_a_pending_topology_is_deleted_and_not_torn_down(empty: FakeFleet) -> None:
    empty.generate("dc1", depth=1)
    assert empty.topology_teardown("dc1").code == 2
    assert empty.run(lambda ctx: delete(ctx, "dc1")).code == 0


def test_a_mutation_touches_only_what_it_names(nested: FakeFleet) -> None:
    before = {c["Name"]: c["Id"] for c in nested["w1"].engine.containers.values()}
    ran = nested.topology_mutate("dc1", *ADD, version=1)
    assert ran.code == 0 and [step.label for step in ran.outcome.plan.steps] == ["dc1/nas"]
    after = {c["Name"]: c["Id"] for c in nested["w1"].engine.containers.values()}
    assert before.items() < after.items()
    (row,) = nested.topology("dc1").mutations
    assert (row.state, row.version, nested.desired.topologies["dc1"].version) == ("applied", 2, 2)
    assert nested.topology("dc1").applied_version == 2 and nested.is_converged()


def test_a_mutation_for_another_version_is_refused(nested: FakeFleet) -> None:
    before = files(nested)
    ran = nested.topology_mutate("dc1", *ADD, version=2)
    assert ran.code == 2 and ran.error is not None
    assert ran.error.message == "dc1 has version 1, not 2: it was changed meanwhile"
    assert files(nested) == before


@pytest.mark.parametrize(
    "words",
    [
        ("remove_decky", "name=dmz-1"),
        ("remove_decky", "name=nobody"),
        ("add_lan", "name=dmz"),
        ("add_planet", "name=x"),
        ("name=x",),
        ("add_lan", "name=lab", "name=lib"),
    ],
)
def test_operations_that_do_not_fit_change_nothing(nested: FakeFleet, words: tuple[str, ...]) -> None:
    before = files(nested)
    ran = nested.topology_mutate("dc1", *words)
    assert ran.code == 2 and ran.error is not None
    assert files(nested) == before


def test_a_mutation_that_fails_leaves_the_old_topology_in_force(nested: FakeFleet) -> None:
    topology, containers = nested.desired.topologies["dc1"], of(nested)
    nested["w1"].breaks("nas", "device or resource busy")
    ran = nested.topology_mutate("dc1", *ADD)
    assert ran.code == 4
    assert (nested.desired.topologies["dc1"], of(nested)) == (topology, containers)
    (row,) = nested.topology("dc1").mutations
    assert row.state == "failed" and "device or resource busy" in row.reason
    assert nested.topology("dc1").status == "active" and nested.is_converged()
    assert TopologyTable(nested.home).former() == {}
    before = files(nested)
    assert nested.reconcile().code == 0
    assert files(nested) == before


def test_a_mutation_waits_for_its_worker_and_ends_once(nested: FakeFleet) -> None:
    nested["w1"].is_reachable = False
    assert nested.topology_mutate("dc1", "update_decky", "name=dmz-1", "hostname=web1").code == 5
    assert [row.state for row in nested.topology("dc1").mutations] == ["applying"]
    second = nested.topology_mutate("dc1", "update_decky", "name=dmz-1", "hostname=web2")
    assert second.code == 2 and second.error is not None and "is not finished" in second.error.message
    nested["w1"].is_reachable = True
    assert nested.reconcile().code == 0
    assert [row.state for row in nested.topology("dc1").mutations] == ["applied"]
    assert nested.is_converged()


def test_a_topology_that_is_not_deployed_is_changed_at_once(empty: FakeFleet) -> None:
    empty.generate("dc1", depth=1)
    ran = empty.topology_mutate("dc1", "add_lan", "name=lab")
    assert ran.code == 0 and ran.outcome.lines == ("dc1: version 2 is stored; it is not deployed",)
    assert [row.state for row in empty.topology("dc1").mutations] == ["applied"]
    assert empty.topology("dc1").status == "pending"


def test_a_dry_run_of_a_mutation_records_nothing(nested: FakeFleet) -> None:
    before = files(nested)
    ran = nested.topology_mutate("dc1", *ADD, dry_run=True)
    assert (ran.code, [step.label for step in ran.outcome.plan.steps]) == (0, ["dc1/nas"])
    assert files(nested) == before


def test_a_drained_worker_gives_its_topologies_to_another_as_a_whole(nested: FakeFleet) -> None:
    nested.topology_mutate("dc1", *ADD)
    before = {name: decky.home for name, decky in nested.desired.labelled_deckies()}
    ran = nested.drain("w1")
    assert ran.code == 0 and not of(nested)
    topology = nested.desired.topologies["dc1"]
    assert (topology.worker, nested.topology("dc1").status) == ("w2", "active")
    assert {name: decky.home for name, decky in nested.desired.labelled_deckies()} == before
    assert nested.is_converged()
    assert not (nested["w1"].home / "projects" / topology.project).exists()


def test_drain_with_remove_tears_its_topologies_down(nested: FakeFleet) -> None:
    assert nested.drain("w1", remove=True).code == 0
    assert nested.topology("dc1").status == "torn_down" and not of(nested)


def test_a_worker_with_topologies_is_not_removed_and_by_force_quarantines_their_addresses(
    nested: FakeFleet,
) -> None:
    refused = nested.remove("w1")
    assert refused.code == 2 and refused.error is not None
    assert "dc1/dmz-1" in refused.error.message
    ran = nested.remove("w1", force=True)
    assert ran.code == 0 and ran.outcome.document["quarantined"] == ["192.0.2.100"]
    assert nested.topology("dc1").status == "torn_down"
    # The removed worker's decky still answers on the LAN, which is reported.
    assert nested.topology_deploy("dc1").code == 4
    (decky,) = (decky for _, _, decky in nested.desired.every_decky())
    assert (decky.worker, decky.ip) == ("w2", "192.0.2.101")


def test_teardown_of_everything_takes_topologies_too(nested: FakeFleet) -> None:
    nested.deploy(FOUR)
    assert nested.teardown().code == 0
    assert not of(nested) and not of(nested, "w2")
    assert nested.topology("dc1").status == "torn_down" and nested.desired.lans == {}


def test_a_state_file_without_its_topologies_does_not_take_them_down(nested: FakeFleet) -> None:
    document: dict[str, Any] = json.loads(nested.home.state.read_text())
    document.pop("topologies")
    document["projects"] = {}
    nested.home.state.write_text(json.dumps(document))
    before = of(nested)
    assert nested.reconcile().code == 1
    assert of(nested) == before


@pytest.mark.parametrize("verb", ["teardown", "mutate"])
def test_verbs_of_the_fleet_do_not_change_a_decky_of_a_topology(nested: FakeFleet, verb: str) -> None:
    nested.deploy(FOUR)
    before = files(nested)
    for name in ("dc1/dmz-1", "dmz-1", "dc1/*"):
        ran = getattr(nested, verb)(name)
        assert ran.code == 2 and ran.error is not None and "belongs to a topology" in ran.error.message
    assert files(nested) == before


def test_due_mutations_are_those_of_the_fleet(nested: FakeFleet) -> None:
    from decnet.commands.mutate import MutateOptions, mutate

    assert nested.run(lambda ctx: mutate(ctx, MutateOptions(due=True))).code == 0
    assert nested.is_converged() and nested.topology("dc1").mutations == ()


def test_show_history_and_filters_name_topology_and_decky(nested: FakeFleet) -> None:
    for name in ("dc1/dmz-1", "dmz-1"):
        ran = nested.run(lambda ctx, name=name: show_decky(ctx, name))
        assert ran.code == 0 and ran.outcome.document["name"] == "dc1/dmz-1"
        assert ran.outcome.document["topology"] == "dc1" and ran.outcome.document["status"] == "running"
    rows = nested.run(lambda ctx: history(ctx, ["dc1/*"])).outcome.items
    assert [(row["decky"], row["operation"]) for row in rows] == [("dc1/dmz-1", "create")]
    wanted = nested.run(lambda ctx: event_filter(ctx, EventFilter(deckies=("dc1/dmz-1",))))
    assert wanted.code == 0
    assert nested.run(lambda ctx: event_filter(ctx, EventFilter(deckies=("dc2/*",)))).code == 2


def test_show_prints_desired_recorded_and_observed(nested: FakeFleet) -> None:
    nested.topology_mutate("dc1", *ADD)
    ran = nested.run(lambda ctx: show(ctx, "dc1"))
    assert ran.code == 0
    document = ran.outcome.document
    assert [each["name"] for each in document["desired"]["deckies"]] == ["dmz-1", "nas"]
    assert document["recorded"]["deckies"] == {"dmz-1": "running", "nas": "running"}
    assert {name: each["status"] for name, each in document["observed"]["deckies"].items()} == {
        "dmz-1": "running", "nas": "running",
    }  # fmt: skip
    nested["w1"].is_reachable = False
    ran = nested.run(lambda ctx: show(ctx, "dc1"))
    assert ran.code == 5 and "its worker is unreachable" in ran.outcome.lines[1]


def test_list_and_mutations_contact_no_worker(nested: FakeFleet) -> None:
    nested.topology_mutate("dc1", *ADD)
    nested["w1"].is_reachable = False
    assert nested.run(listed).outcome.rows == (("dc1", "active", "2", "w1", "1", "2", ""),)
    (row,) = nested.run(lambda ctx: mutations(ctx, "dc1")).outcome.items
    assert (row["state"], row["operations"][0]["op"]) == ("applied", "add_decky")


def test_what_is_exported_is_imported_as_the_same_content(empty: FakeFleet, tmp_path: Path) -> None:
    empty.generate("dc1", depth=3)
    file = tmp_path / "dc1.toml"
    assert empty.run(lambda ctx: export(ctx, "dc1", file)).code == 0
    assert empty.run(lambda ctx: export(ctx, "dc1", file)).code == 2
    again = empty.run(lambda ctx: import_file(ctx, file, "dc2"))
    assert again.code == 2 and again.error is not None and "SUBNET_RESERVED" in again.error.message
    assert empty.run(lambda ctx: validate(ctx, str(file))).code == 0
    design = empty.desired.topologies["dc1"].design
    empty.run(lambda ctx: delete(ctx, "dc1"))
    assert empty.run(lambda ctx: import_file(ctx, file)).code == 0
    assert empty.desired.topologies["dc1"].design == design


def test_a_file_or_a_topology_is_validated_with_every_problem(empty: FakeFleet, tmp_path: Path) -> None:
    empty.generate("dc1", depth=2)
    ran = empty.run(lambda ctx: validate(ctx, "dc1"))
    assert ran.code == 0 and ran.outcome.document["valid"] is True
    assert empty.run(lambda ctx: validate(ctx, "dc2")).code == 2
    file = tmp_path / "x.toml"
    file.write_text('[lan.dmz]\ndmz = true\n[lan.lab]\nsubnet = "172.17.0.0/24"\n[decky.a]\nlans = ["dmz"]\n')
    ran = empty.run(lambda ctx: validate(ctx, str(file)))
    assert ran.code == 2 and ran.error is not None and f"{file}:" in ran.error.message


def test_pictures_and_differences_of_a_topology(nested: FakeFleet) -> None:
    assert "dmz-1" in nested.run(lambda ctx: graph(ctx, "dc1", "text")).outcome.text
    assert nested.run(lambda ctx: graph(ctx, "dc1", "svg")).outcome.text.startswith("<svg")
    assert nested.run(lambda ctx: walk(ctx, "dc1")).code == 0
    assert nested.run(lambda ctx: walk(ctx, "dc1", "nobody")).code == 2
    assert nested.run(lambda ctx: diff(ctx, "dc1", "applied")).code == 0
    nested.generate("dc2", depth=2, seed=3)
    ran = nested.run(lambda ctx: diff(ctx, "dc1", "dc2"))
    assert ran.code == 3 and any(line.startswith("+ LAN") for line in ran.outcome.lines)


def test_a_worker_that_never_takes_its_description_degrades_the_topology(nested: FakeFleet) -> None:
    """The agent accepts each push, and reports another hash."""
    project = nested.desired.topologies["dc1"].project
    slice_file = nested["w1"].home / "projects" / project / "slice.json"

    def spoil() -> None:
        if slice_file.exists():
            content = json.loads(slice_file.read_text())
            slice_file.write_text(json.dumps({**content, "plan_hash": "0" * 64}))

    def rearm() -> None:
        spoil()
        nested["w1"].on("status", rearm)

    nested["w1"].on("status", rearm)
    seen = []
    for _ in range(6):
        nested.reconcile()
        seen.append((nested.topology("dc1").status, nested.topology("dc1").resync_tries))
    assert seen[3][0] == "active" and seen[-1][0] == "degraded"
    assert "does not take its description" in nested.topology("dc1").moves[-1].reason


def test_removing_by_force_needs_no_worker(nested: FakeFleet) -> None:
    nested["w1"].is_reachable = False
    assert nested.run(lambda ctx: remove(ctx, "w1", Credentials(), force=True)).code == 0
    assert nested.topology("dc1").status == "torn_down"


def test_a_detached_deploy_is_active_once_it_was_observed(empty: FakeFleet) -> None:
    empty.generate("dc1", depth=1)
    empty["w1"].job_polls = 2
    assert empty.topology_deploy("dc1", on="w1", detach=True).code == 0
    assert empty.topology("dc1").status == "deploying"
    empty["w1"].finish_jobs()
    assert empty.reconcile().code == 0
    assert empty.topology("dc1").status == "active" and empty.is_converged()


def test_an_answer_of_no_changes_nothing(nested: FakeFleet) -> None:
    before = files(nested)
    asks = PassOptions(confirm=True)
    options = TopologyMutateOptions(read(ADD, None), run=asks)
    for verb in (
        lambda ctx: topology_mutate(ctx, "dc1", options),
        lambda ctx: topology_teardown(ctx, "dc1", asks),
    ):
        ran = nested.run(verb, confirm=lambda question: False)
        assert ran.code == 0 and ran.outcome.declined
    assert files(nested) == before


def test_doctor_names_a_topology_that_is_not_what_it_should_be(nested: FakeFleet) -> None:
    def about() -> list[str]:
        found = operator_findings(nested.context())[0]
        return [each.finding for each in found if each.what == "topologies"]

    assert about() == []
    nested["w1"].crash(sorted(of(nested))[-1])
    nested.run(status)
    assert about()[0].startswith("dc1 is degraded: 0 of 1 decky running")


def test_a_lost_state_directory_is_recovered_with_its_topologies(nested: FakeFleet) -> None:
    nested.topology_mutate("dc1", *ADD)
    nested.deploy(FOUR)
    before, containers = nested.desired, of(nested)
    nested.lose_home()
    assert nested.recover("w1", "w2").code == 0
    after, known = nested.desired, before.topologies["dc1"]
    # The parameters of the generator are not part of what a worker is sent.
    assert after.topologies == {"dc1": known.model_copy(update={"origin": None})}
    assert after.projects == before.projects
    assert nested.topology("dc1").status == "active"
    assert nested.reconcile().code == 0 and of(nested) == containers and nested.is_converged()


def test_a_detached_pass_heals_fleet_and_topology_of_one_worker(nested: FakeFleet) -> None:
    nested.deploy(FOUR)
    for name in of(nested):
        nested["w1"].crash(name)
    ran = nested.reconcile(detach=True)
    assert (ran.code, [each.message for each in ran.outcome.troubles]) == (0, [])
    assert nested.reconcile().code == 0 and nested.is_converged()
    assert not [row for row in nested.records("w1").lifecycle if row.status == "failed"]


def test_a_slice_with_a_decky_on_no_network_is_not_recovered(nested: FakeFleet) -> None:
    project = nested.desired.topologies["dc1"].project
    spoil_slice(nested, project, lambda decky: decky.update(attachments=[]))
    nested.lose_home()
    ran = nested.recover("w1", "w2")
    assert ran.error is not None and "its slice cannot be read" in ran.error.message
    assert not nested.home.state.exists()


def test_the_deckies_of_a_worker_are_its_own_whatever_its_slice_says(nested: FakeFleet) -> None:
    """After `worker rename`, the slices of its projects are sent one after the other."""
    nested.deploy(FOUR)
    project = nested.desired.topologies["dc1"].project
    spoil_slice(nested, project, lambda decky: decky.update(worker="w9"))
    nested.lose_home()
    assert nested.recover("w1", "w2").code == 0
    (worker,) = {decky.worker for decky in nested.desired.projects[project].deckies.values()}
    assert worker in nested.desired.lans and nested.reconcile().code == 0


def spoil_slice(fleet: FakeFleet, project: str, spoil: Any) -> None:
    """Change a decky in the slice that w1 holds of a project."""
    path = fleet["w1"].home / "projects" / project / "slice.json"
    known = json.loads(path.read_text())
    spoil(next(iter(known["slice"]["deckies"].values()))["decky"])
    path.write_text(json.dumps({**known, "plan_hash": digest(known["slice"])}))


@pytest.fixture
def deep(empty: FakeFleet) -> FakeFleet:
    """dc1 on w1: three LANs, one behind the other."""
    assert empty.generate("dc1", depth=3, branching=1).code == 0
    assert empty.topology_deploy("dc1", on="w1").code == 0
    return empty


def networks(fleet: FakeFleet, worker: str = "w1") -> set[str]:
    return {
        each["Name"] for each in fleet[worker].engine.networks.values() if each["Name"].startswith("decnet")
    }


def test_inner_lans_are_networks_that_a_teardown_removes(deep: FakeFleet) -> None:
    project = deep.desired.projects[deep.desired.topologies["dc1"].project]
    assert networks(deep) == {"decnet_lan", *project.networks} and len(project.networks) == 2
    assert deep.topology_teardown("dc1").code == 0
    assert networks(deep) == set() and deep.topology("dc1").status == "torn_down"


def test_a_removed_lan_is_a_removed_network(deep: FakeFleet) -> None:
    assert (
        deep.topology_mutate("dc1", "add_lan", "name=lab", "attach_decky", "name=gate-01", "lan=lab").code
        == 0
    )
    assert any(name.endswith("-lab") for name in networks(deep))
    assert deep.topology_mutate("dc1", "remove_lan", "name=lab").code == 0
    assert not any(name.endswith("-lab") for name in networks(deep))
    assert deep.is_converged()


def test_two_topologies_of_one_seed_are_next_to_each_other(deep: FakeFleet) -> None:
    assert deep.generate("dc2", depth=3, branching=1).code == 0
    assert deep.topology_deploy("dc2", on="w1").code == 0
    assert len(networks(deep)) == 5 and deep.is_converged()
    before = {
        name: decky.attachments for name, decky in deep.desired.labelled_deckies() if name.startswith("dc2")
    }
    assert deep.topology_teardown("dc1").code == 0
    assert len(networks(deep)) == 3 and deep.is_converged()
    after = {name: decky.attachments for name, decky in deep.desired.labelled_deckies()}
    assert after == before


def test_a_worker_that_lost_everything_gets_the_same_again(deep: FakeFleet) -> None:
    before = deep.desired
    worker = deep["w1"]
    for name in list(worker.containers):
        worker.engine.containers.pop(worker.engine.named(name)["Id"])
    worker.engine.networks = {
        k: v for k, v in worker.engine.networks.items() if not v["Name"].startswith("decnet")
    }
    shutil.rmtree(worker.home / "projects")
    assert deep.reconcile().code == 0
    assert deep.desired == before and deep.is_converged()
    assert len(networks(deep)) == 3 and deep.topology("dc1").status == "active"


def test_a_decky_of_an_inner_lan_moves_to_another_worker_with_its_topology(deep: FakeFleet) -> None:
    inner = {name: d.attachments for name, d in deep.desired.labelled_deckies() if d.lan is None}
    assert inner and deep.drain("w1").code == 0
    assert {n: d.attachments for n, d in deep.desired.labelled_deckies() if d.lan is None} == inner
    assert networks(deep) == set() and len(networks(deep, "w2")) == 3 and deep.is_converged()


def test_a_renamed_worker_keeps_its_topologies(nested: FakeFleet) -> None:
    assert nested.run(lambda ctx: rename(ctx, "w1", "edge")).code == 0
    assert nested.desired.topologies["dc1"].worker == "edge"
    containers = of(nested)
    # Its description has the worker's name.
    assert nested.reconcile().outcome.summary == "1 re-synced, 1 kept"
    before = files(nested)
    assert nested.reconcile().code == 0
    assert (files(nested), of(nested)) == (before, containers)


def test_a_worker_without_its_topologies_can_be_removed(deep: FakeFleet) -> None:
    assert deep.topology_teardown("dc1").code == 0
    assert deep.remove("w1").code == 0
    assert networks(deep) == set() and deep.topology("dc1").status == "torn_down"


def test_a_name_that_a_decky_of_the_fleet_has_too_is_refused_or_said_with_a_slash(nested: FakeFleet) -> None:
    assert nested.deploy(FOUR.replace("decky.web]\ncount = 4", "decky.dmz-1]")).code == 0
    ran = nested.run(lambda ctx: show_decky(ctx, "dmz-1"))
    assert ran.code == 2 and ran.error is not None
    assert ran.error.hint == "choose one: dmz-1, dc1/dmz-1".replace("dmz-1,", "/dmz-1 (of the fleet),")
    for name, shown in (("/dmz-1", "dmz-1"), ("dc1/dmz-1", "dc1/dmz-1")):
        ran = nested.run(lambda ctx, name=name: show_decky(ctx, name))
        assert (ran.code, ran.outcome.document["name"]) == (0, shown)
    assert nested.teardown("/dmz-1").code == 0
    assert [name for name, _ in nested.desired.labelled_deckies()] == ["dc1/dmz-1"]


def test_a_topology_whose_new_worker_cannot_have_its_images_is_not_active(
    nested: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", "/nonexistent/docker.sock")
    nested["w2"].engine.images = {}
    ran = nested.drain("w1")
    assert ran.code == 1 and not of(nested) and not of(nested, "w2")
    assert nested.topology("dc1").status == "degraded"
    assert nested.topology("dc1").moves[-1].reason.startswith("0 of 1 decky running; dmz-1: its images")


def test_no_topology_makes_a_new_fleet_where_the_state_file_is_lost(empty: FakeFleet) -> None:
    for path in (empty.home.state, last_copy(empty.home.state)):
        path.unlink(missing_ok=True)
    assert empty.generate("dc1").code == 1
    assert not empty.home.state.exists()


def test_operations_come_from_a_file_too(nested: FakeFleet, tmp_path: Path) -> None:
    file = tmp_path / "change.toml"
    file.write_text(
        '[[operation]]\nop = "add_decky"\nname = "nas"\nhome = "dmz"\narchetype = "file-server"\n'
    )
    options = TopologyMutateOptions(read((), file), 1)
    assert nested.run(lambda ctx: topology_mutate(ctx, "dc1", options)).code == 0
    assert nested.topology("dc1").applied_version == 2
    file.write_text('[[operation]]\nop = "add_decki"\n')
    with pytest.raises(SpecError, match=r"change\.toml:1: .*add_decki"):
        read((), file)
    for words, path in (((), None), (ADD, file)):
        with pytest.raises(UsageError):
            read(words, path)


@pytest.mark.parametrize("verb", ["teardown", "mutate", "show"])
def test_a_topology_in_place_of_a_decky_is_named_with_its_own_command(nested: FakeFleet, verb: str) -> None:
    run = getattr(nested, verb, lambda name: nested.run(lambda ctx: show_decky(ctx, name)))
    ran = run("dc1")
    assert ran.code == 2 and ran.error is not None
    assert (ran.error.message, ran.error.hint) == ("dc1 is a topology", f"decnet topology {verb} dc1")
