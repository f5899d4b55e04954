"""A damaged file of an agent is healed as a missing one is: by the next reconcile, or by enrolling again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fakefleet import FakeFleet


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


DAMAGE: dict[str, Callable[[Path], object]] = {
    "torn": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "zeroes": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "another value": lambda path: path.write_bytes(b"[[]]"),
    "a folder": a_folder,
    "missing": Path.unlink,
}
PROGRAM = ("agents", "current", "decnet-agent")


def files(fleet: FakeFleet) -> list[Path]:
    root = fleet["w1"].home
    found = (path for path in root.rglob("*") if path.is_file())
    return sorted(path for path in found if path.relative_to(root).parts[0] not in PROGRAM)


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_damaged_file_of_an_agent_is_healed_as_a_missing_one(fleet: FakeFleet, damage: str) -> None:
    before = fleet["w1"].containers
    fleet["w1"].ask("events")
    (fleet["w1"].home / "positions.json").write_text("{}")
    tried = [path for path in files(fleet) if path.name != "identity.json"]
    assert {"slice.json", "compose.json", "journal.jsonl", "spool.json", "positions.json"} <= {
        path.name for path in tried
    }
    for path in tried:
        if path.is_file():
            DAMAGE[damage](path)
        fleet["w1"].ask("events")
        ran = fleet.reconcile()
        assert ran.code == 0, (path, ran.error, ran.messages)
        assert (fleet.reconcile(check=True).code, fleet["w1"].containers) == (0, before), path
    assert fleet.mutate("web-01", services=["ssh"]).code == 0
    assert fleet.is_converged()


@pytest.mark.parametrize("folder", ["projects", "jobs", "events"])
def test_a_file_in_place_of_an_agents_folder_is_set_aside(fleet: FakeFleet, folder: str) -> None:
    place = fleet["w1"].home / folder
    shutil.rmtree(place, ignore_errors=True)
    place.write_text("someone's notes")
    fleet["w1"].ask("events")
    assert fleet.reconcile().code == 0
    assert fleet.mutate("web-01", services=["ssh"]).code == 0
    assert fleet.is_converged()
    assert [each.read_text() for each in fleet["w1"].home.glob(folder + ".damaged-*")] == ["someone's notes"]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_worker_whose_identity_is_damaged_says_how_it_is_enrolled_again(
    fleet: FakeFleet, damage: str
) -> None:
    before = fleet["w1"].containers
    DAMAGE[damage](fleet["w1"].home / "identity.json")
    ran = fleet.reconcile()
    assert ran.code == 6 and "this worker is not enrolled" in str(ran.outcome)
    known = fleet.records("w1").worker_id
    asked = {"worker_id": known, "fleet_id": fleet.desired.fleet_id, "adopt": damage == "torn"}
    fleet["w1"].ask("enrol", asked)
    assert fleet.reconcile().code == 0
    assert (fleet.reconcile(check=True).code, fleet["w1"].containers) == (0, before)
