"""Topologies of several LANs through whole verbs: their networks on the worker, their place beside the fleet,
and what a lost state directory or an old agent makes of them."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakefleet import FakeFleet
from fakefleet.agent import module

from decnet.engine.progress import StepDone
from decnet.wire import AGENT_VERSION, TOPOLOGIES_VERSION


@pytest.fixture
def deep(fleet: FakeFleet) -> Iterator[FakeFleet]:
    """The fleet's four deckies, and dc1 of three levels on w1."""
    assert fleet.generate("dc1", depth=3, branching=1).code == 0
    assert fleet.topology_deploy("dc1", on="w1").code == 0
    yield fleet


def networks(fleet: FakeFleet, worker: str = "w1") -> set[str]:
    """The inner networks that the engine has."""
    found = {each["Name"] for each in fleet[worker].engine.networks.values()}
    return {name for name in found if name.startswith("decnet-t-")}


def planned(fleet: FakeFleet) -> set[str]:
    return {name for project in fleet.desired.projects.values() for name in project.networks}


def another_version(agent: bytes, version: int) -> bytes:
    """That agent's file with another version."""
    parcel = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(agent)) as old, zipfile.ZipFile(parcel, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "decnet/wire/limits.py":
                content = re.sub(rb"(?m)^AGENT_VERSION = .*$", b"AGENT_VERSION = %d" % version, content)
            new.writestr(zipfile.ZipInfo(name), content)
    return parcel.getvalue()


def test_the_worker_has_the_networks_that_were_planned(deep: FakeFleet) -> None:
    assert networks(deep) == planned(deep) and len(networks(deep)) == 2
    assert deep.reconcile().code == 0 and deep.is_converged()
    assert deep.topology("dc1").status == "active"


def test_two_topologies_of_one_worker_are_sent_in_one_pass_and_the_next_has_nothing_to_do(
    deep: FakeFleet,
) -> None:
    """A worker has one job at a time: its slices follow each other, and each row of each is recorded."""
    assert deep.generate("dc2", depth=2, seed=2).code == 0
    assert deep.topology_deploy("dc2", on="w1").code == 0
    for worker in ("w1", "w2"):
        for known in (deep[worker].home / "projects").iterdir():
            (known / "slice.json").unlink()
    # Each lost slice is sent again, three of them to one worker.
    assert deep.reconcile().code == 0
    generations = {name: each.generation for name, each in deep.records("w1").projects.items()}
    assert deep.reconcile().code == 0 and deep.is_converged()
    after = {name: each.generation for name, each in deep.records("w1").projects.items()}
    assert (after, len(after)) == (generations, 3)


def test_a_slice_is_sent_beside_the_steps_of_another_project(deep: FakeFleet) -> None:
    [project] = [name for name in deep.desired.projects if name != "decnet"]
    (deep["w1"].home / "projects" / project / "slice.json").unlink()
    deep["w1"].crash("web-01-http")
    assert deep.reconcile().code == 0
    before = deep.records("w1").of(project).generation
    assert deep.reconcile().code == 0 and deep.is_converged()
    assert deep.records("w1").of(project).generation == before


def test_a_torn_down_topology_takes_its_networks_along(deep: FakeFleet) -> None:
    assert deep.topology_teardown("dc1").code == 0
    assert networks(deep) == set()
    assert deep.topology("dc1").status == "torn_down"
    assert deep.reconcile().code == 0 and deep.is_converged()


def test_a_lost_home_is_recovered_with_its_topologies(deep: FakeFleet) -> None:
    before, containers = deep.desired, dict(deep["w1"].containers)
    deep.lose_home()
    assert deep.recover("w1", "w2").code == 0
    found = deep.desired
    assert found.projects.keys() == before.projects.keys()
    for name, project in before.projects.items():
        assert found.projects[name].networks == project.networks
        assert {key: decky.attachments for key, decky in found.projects[name].deckies.items()} == {
            key: decky.attachments for key, decky in project.deckies.items()
        }
    topology = before.topologies["dc1"].model_copy(update={"origin": None})
    assert found.topologies == {"dc1": topology}
    assert deep.reconcile().code == 0 and deep.is_converged()
    assert (dict(deep["w1"].containers), deep.topology("dc1").status) == (containers, "active")


def test_an_agent_that_is_too_old_and_stays_gets_no_topology(
    fleet: FakeFleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older agent is replaced first; one that cannot be replaced is named, and gets nothing."""
    version = TOPOLOGIES_VERSION - 1
    content = another_version(fleet["w1"].program.read_bytes(), version)
    older = fleet.home.root / "agents" / f"{hashlib.sha256(content).hexdigest()}.pyz"
    older.write_bytes(content)
    fleet["w1"].install(older, ())
    monkeypatch.setattr(module("upgrade"), "_hello_of", lambda place: {})
    assert fleet.generate("dc1", depth=2).code == 0
    before = dict(fleet["w1"].containers)
    ran = fleet.topology_deploy("dc1", on="w1")
    assert ran.code == 4
    wanted = f"its agent has version {version} and cannot run topologies; this decnet has {AGENT_VERSION}"
    assert any(wanted in each for each in ran.messages), ran.messages
    assert (dict(fleet["w1"].containers), networks(fleet)) == (before, set())
    monkeypatch.undo()
    assert fleet.reconcile().code == 0
    assert networks(fleet) == planned(fleet) != set()


def test_a_worker_whose_agent_is_not_root_gets_no_topology(fleet: FakeFleet) -> None:
    fleet["w1"].is_root = False
    assert fleet.generate("dc1", depth=2).code == 0
    before = dict(fleet["w1"].containers)
    ran = fleet.topology_deploy("dc1", on="w1")
    assert ran.code == 4
    ends = [each for each in ran.events if isinstance(each, StepDone)]
    assert ends and all("the agent is not root here" in each.error for each in ends)
    assert (dict(fleet["w1"].containers), networks(fleet)) == (before, set())
    fleet["w1"].is_root = True
    assert fleet.topology_deploy("dc1", on="w1").code == 0
    assert networks(fleet) == planned(fleet)
