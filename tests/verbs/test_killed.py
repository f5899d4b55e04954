"""kill -9 at every numbered place of every verb, on fake workers: the next command finishes the work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from fakefleet import FakeFleet, in_memory
from fakefleet.aged import age
from fakefleet.killing import Command, Executioner, copied

from decnet.store.atomic import write_whole
from decnet.worker.fleet_keys import FLEET_KEY
from decnet.worker.fleetkey import ensure_key

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


def drained(fleet: FakeFleet) -> None:
    four(fleet)
    assert fleet.drain("w1", remove=True).code == 0
    ensure_key(fleet.home.keys / FLEET_KEY, write_whole)


def of_0_1_0(fleet: FakeFleet) -> None:
    four(fleet)
    age(fleet.home.root)


def lost(fleet: FakeFleet) -> None:
    four(fleet)
    fleet.lose_home()


def described(fleet: FakeFleet) -> None:
    assert fleet.generate("dc1", depth=3, branching=1).code == 0


def nested(fleet: FakeFleet) -> None:
    described(fleet)
    assert fleet.topology_deploy("dc1", "w1").code == 0
    assert fleet.reconcile().code == 0


def nested_and_broken(fleet: FakeFleet) -> None:
    nested(fleet)
    fleet["w1"].breaks("nas", "device or resource busy")


ADD_NAS = ("add_decky", "name=nas", "home=lan-01", "archetype=file-server")


FOUR_SSH = FOUR.replace('"http"', '"http", "ssh"')
WAVES = {"waves": ["1", "100%"], "max_in_flight": "1", "soak": 0.0}
DECKIES = (("w1", "web-01"), ("w1", "web-03"), ("w2", "web-02"), ("w2", "web-04"))
FINISH = Command("finish_rollout")


def opened(fleet: FakeFleet) -> None:
    four(fleet)
    fleet.clock.tick = 0.001
    assert fleet.deploy(FOUR_SSH, policy=WAVES).code == 0


def halted(fleet: FakeFleet) -> None:
    four(fleet)
    fleet.clock.tick = 0.001
    for worker, decky in DECKIES:
        fleet[worker].breaks(decky, "no such image")
    assert fleet.deploy(FOUR_SSH, policy=WAVES).code == 4
    for worker, decky in DECKIES:
        fleet[worker].mends(decky)


def rolling_back(fleet: FakeFleet) -> None:
    halted(fleet)
    assert fleet.order("rollback").code == 0


class Killed(NamedTuple):
    """What there is before, and the command that is killed; undisturbed, it ends with the code `ends`. The
    same again ends with one of the codes `again` (none: it would do more, and is not run again); where that
    does not finish the work, `then` does."""

    before: Callable[[FakeFleet], None]
    command: Command
    again: tuple[int, ...] = (0,)
    then: Command | None = None
    ends: int = 0


GONE_OR_DONE = (0, 2)
"""Nothing is left to be done for the same again: the worker is not enrolled, the home has a fleet."""

CASES: dict[str, Killed] = {
    "first deploy": Killed(lambda fleet: None, Command("deploy", (FOUR,))),
    "deploy more": Killed(four, Command("deploy", (FOUR.replace("count = 4", "count = 5"),))),
    "deploy fewer": Killed(
        four, Command("deploy", (FOUR.replace("count = 4", "count = 3"),), {"max_remove": 4})
    ),
    "move": Killed(two, Command("deploy", (MOVED % "w2",))),
    "migrate": Killed(of_0_1_0, Command("deploy", (FOUR.replace("count = 4", "count = 5"),))),
    "mutate": Killed(four, Command("mutate", ("web-01", "web-02"), {"services": ["ssh"]})),
    "teardown": Killed(four, Command("teardown", ("web-01", "web-02"))),
    "teardown --all": Killed(four, Command("teardown")),
    "reconcile": Killed(broken, Command("reconcile")),
    "drain": Killed(four, Command("drain", ("w1",))),
    "drain --remove": Killed(four, Command("drain", ("w1",), {"remove": True})),
    "worker remove": Killed(drained, Command("remove", ("w1",)), GONE_OR_DONE),
    "worker remove --wipe": Killed(
        # A worker that was wiped before the kill refuses logins: the hint shows what remains to be done.
        drained,
        Command("remove", ("w1",), {"wipe": True}),
        (*GONE_OR_DONE, 5),
        Command("remove", ("w1",), {"force": True}),
    ),
    "topology deploy": Killed(described, Command("topology_deploy", ("dc1", "w1"))),
    "topology mutate": Killed(
        nested, Command("topology_mutate", ("dc1", *ADD_NAS)), GONE_OR_DONE, Command("reconcile")
    ),
    "topology mutate that fails": Killed(
        nested_and_broken, Command("topology_mutate", ("dc1", *ADD_NAS)), (), Command("reconcile"), 4
    ),
    "topology teardown": Killed(nested, Command("topology_teardown", ("dc1",))),
    "topology moves": Killed(nested, Command("drain", ("w1",))),
    "deploy in waves": Killed(four, Command("deploy", (FOUR_SSH,), {"policy": WAVES}), GONE_OR_DONE, FINISH),
    "move in waves": Killed(two, Command("deploy", (MOVED % "w2",), {"policy": WAVES}), GONE_OR_DONE, FINISH),
    "deploy with dead men": Killed(
        four,
        Command("deploy", (FOUR_SSH,), {"policy": {**WAVES, "confirm_within": 60.0}}),
        (0, 2, 4),
        Command("settle_rollout"),
    ),
    "rollout goes on": Killed(opened, Command("reconcile"), (0,), FINISH),
    "rollout superseded": Killed(
        opened, Command("deploy", (FOUR.replace("http", "ftp"),), {"supersede": True})
    ),
    "rollout cancel": Killed(opened, Command("order", ("cancel",)), GONE_OR_DONE, Command("reconcile")),
    "rollout rollback": Killed(halted, Command("order", ("rollback",)), GONE_OR_DONE, FINISH),
    "rollout is taken back": Killed(rolling_back, Command("reconcile"), (0, 4), FINISH, 4),
    "teardown --all in a rollout": Killed(opened, Command("teardown")),
    "worker recover": Killed(lost, Command("recover", ("w1", "w2")), GONE_OR_DONE, Command("reconcile")),
}


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
    CASES[request.getfixturevalue("case")].before(fleet)
    for worker in fleet.workers.values():
        worker.job_polls = 2
    fleet.close()
    yield folder
    shutil.rmtree(folder)


def walk(executioner: Executioner, base: Path, case: Killed, every: int) -> int:
    """Kill the command at each such place, then run it again; at how many places it was killed."""
    for number in range(1, MOST, every):
        folder = copied(base)
        try:
            ended = executioner.run(folder, case.command, f"kill:{number}")
            assert ended.code in (case.ends, -9), (number, ended)
            check(executioner, folder, case, f"after a kill at place {number}")
        finally:
            shutil.rmtree(folder)
        if ended.code == case.ends:
            return number // every
    raise AssertionError(f"still killed at place {MOST}")


def check(executioner: Executioner, folder: Path, case: Killed, where: str) -> None:
    """The same again finishes it: desired, recorded and the containers are one, and no operation is open.
    Once more changes nothing."""
    repeat(executioner, folder, case, where)
    before = looked_at(folder, where)
    repeat(executioner, folder, case, where)
    assert looked_at(folder, where) == before, where


def repeat(executioner: Executioner, folder: Path, case: Killed, where: str) -> None:
    if case.again:
        ended = executioner.run(folder, case.command)
        assert ended.code in case.again, (where, ended)
    if case.then is not None:
        ended = executioner.run(folder, case.then)
        assert ended.code in (*GONE_OR_DONE, case.ends), (where, ended)


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
    assert walk(executioner, base, CASES[case], max(EVERY, SAMPLE)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_verb_killed_at_every_place_is_finished_by_the_next(
    executioner: Executioner, base: Path, case: str
) -> None:
    assert walk(executioner, base, CASES[case], EVERY) > 8 // EVERY
