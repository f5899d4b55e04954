"""kill -9 at every numbered place of every verb, on fake workers: the next command finishes the work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakefleet import FakeFleet, in_memory
from fakefleet.killing import Command, Executioner, copied

from .conftest import FOUR

EVERY = int(os.environ.get("FAULTS_EVERY", "1"))
SAMPLE = 25
MOST = 1000

MOVED = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }

[decky.one]
services = ["http"]
worker = "%s"

[decky.two]
services = ["ssh"]
worker = "w2"
"""


def four(fleet: FakeFleet) -> None:
    assert fleet.deploy(FOUR).code == 0


def two(fleet: FakeFleet) -> None:
    assert fleet.deploy(MOVED % "w1").code == 0


def broken(fleet: FakeFleet) -> None:
    four(fleet)
    fleet["w1"].crash("web-01-http")
    fleet["w2"].crash("web-02")


CASES: dict[str, tuple[Callable[[FakeFleet], None], Command]] = {
    "first deploy": (lambda fleet: None, Command("deploy", (FOUR,))),
    "deploy more": (four, Command("deploy", (FOUR.replace("count = 4", "count = 5"),))),
    "deploy fewer": (four, Command("deploy", (FOUR.replace("count = 4", "count = 3"),), {"max_remove": 4})),
    "move": (two, Command("deploy", (MOVED % "w2",))),
    "mutate": (four, Command("mutate", ("web-01", "web-02"), {"services": ["ssh"]})),
    "teardown": (four, Command("teardown", ("web-01", "web-02"))),
    "teardown --all": (four, Command("teardown")),
    "reconcile": (broken, Command("reconcile")),
    "drain": (four, Command("drain", ("w1",))),
}
"""What there is before, and the command that is killed."""


@pytest.fixture(scope="module")
def executioner() -> Iterator[Executioner]:
    one = Executioner()
    yield one
    one.close()


@pytest.fixture
def base(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A fleet's folder as it is before the command; jobs take two polls."""
    folder = in_memory()
    fleet = FakeFleet(folder)
    CASES[request.getfixturevalue("case")][0](fleet)
    for worker in fleet.workers.values():
        worker.job_polls = 2
    fleet.close()
    yield folder
    shutil.rmtree(folder)


def walk(executioner: Executioner, base: Path, command: Command, every: int) -> int:
    """Kill the command at each such place, then run it again; at how many places it was killed."""
    for number in range(1, MOST, every):
        folder = copied(base, number)
        try:
            ended = executioner.run(folder, command, f"kill:{number}")
            assert ended.code in (0, -9), (number, ended)
            finish(executioner, folder, command, number)
            check(executioner, folder, command, number)
        finally:
            shutil.rmtree(folder)
        if ended.code == 0:
            return number // every
    raise AssertionError(f"still killed at place {MOST}")


def finish(executioner: Executioner, folder: Path, command: Command, number: int) -> None:
    ended = executioner.run(folder, command)
    assert ended.code == 0, f"after a kill at place {number}: {ended}"


def check(executioner: Executioner, folder: Path, command: Command, number: int) -> None:
    """Desired, recorded and the containers are one; no operation is open; and the same again does nothing."""
    where = f"after a kill at place {number}"
    before = looked_at(folder, where)
    ended = executioner.run(folder, command)
    assert ended.code == 0, (where, ended)
    assert looked_at(folder, where) == before, where


def looked_at(folder: Path, where: str) -> dict[str, object]:
    fleet = FakeFleet(folder)
    try:
        picture = fleet.picture()
        assert fleet.is_converged(), (where, picture)
        assert list((folder / "home").rglob("*.tmp")) == [], where
        return picture
    finally:
        fleet.close()


@pytest.mark.parametrize("case", CASES)
def test_a_verb_killed_at_a_sample_of_places_is_finished_by_the_next(
    executioner: Executioner, base: Path, case: str
) -> None:
    assert walk(executioner, base, CASES[case][1], max(EVERY, SAMPLE)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_verb_killed_at_every_place_is_finished_by_the_next(
    executioner: Executioner, base: Path, case: str
) -> None:
    assert walk(executioner, base, CASES[case][1], EVERY) > 20 // EVERY
