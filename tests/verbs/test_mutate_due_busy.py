"""`mutate --due` leaves deckies alone on which an attacker is logged in, or that a rollout is changing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakefleet import FakeFleet, in_memory
from fakefleet.fleet import Ran
from fakefleet.killing import copied

from decnet.cli.loops import LONGEST_SLEEP, mutate_when_due
from decnet.commands.mutate import MutateOptions, mutate, next_due
from decnet.engine.options import PassOptions

HOUR = 3600.0
TEXT = """
mutate_interval = 60
mutate_hours = "always"
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }
[decky.one]
services = ["http"]
side = ["ssh", "ftp", "redis"]
worker = "w1"
[decky.two]
services = ["http"]
side = ["ssh", "ftp", "redis"]
worker = "w2"
"""
PUT_OFF = "one: put off, 192.0.2.66 is logged in to one (http)"


@pytest.fixture(scope="module")
def deployed() -> Iterator[Path]:
    folder = in_memory()
    fleet = FakeFleet(folder)
    assert fleet.deploy(TEXT).code == 0
    assert fleet.mutate("one", "two").code == 0
    fleet.close()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def fleet(deployed: Path) -> Iterator[FakeFleet]:
    """Both deckies are due in 42 to 72 minutes, one after the other."""
    folder = copied(deployed)
    fleet = FakeFleet(folder)
    yield fleet
    fleet.close()
    shutil.rmtree(folder)


def due(fleet: FakeFleet) -> Ran:
    return fleet.run(lambda ctx: mutate(ctx, MutateOptions(due=True, run=PassOptions())))


def changed(fleet: FakeFleet, verb: Ran) -> set[str]:
    return {step.decky for step in verb.outcome.plan.docker_steps}


def all_changed(fleet: FakeFleet, hours: float) -> set[str]:
    """The deckies that change in so much time, with a look every ten minutes."""
    found: set[str] = set()
    for _ in range(int(hours * 6)):
        fleet.clock.advance(HOUR / 6)
        found |= changed(fleet, due(fleet))
    return found


def test_without_visitors_both_change(fleet: FakeFleet) -> None:
    assert all_changed(fleet, 2) == {"one", "two"}


def test_a_decky_with_a_logged_in_attacker_waits_and_stays_due(fleet: FakeFleet) -> None:
    fleet["w1"].visit("one-http", "login")
    assert all_changed(fleet, 1) == {"two"}
    moment = next_due(fleet.context())
    assert moment is not None and moment <= fleet.clock.now()
    fleet.clock.advance(HOUR / 2)
    assert PUT_OFF in due(fleet).messages
    fleet["w1"].leave("one-http")
    assert "one" in all_changed(fleet, 1)


def test_it_waits_no_longer_than_the_busy_deadline_of_the_default_policy(fleet: FakeFleet) -> None:
    (fleet.home.root / "rollouts.toml").write_text('[rollout.default]\nbusy_deadline = "30m"\n')
    fleet["w1"].visit("one-http", "command")
    assert "one" in all_changed(fleet, 2)


def test_a_policy_may_let_it_change_at_once(fleet: FakeFleet) -> None:
    (fleet.home.root / "rollouts.toml").write_text('[rollout.default]\nbusy = "go"\n')
    fleet["w1"].visit("one-http", "login")
    assert "one" in all_changed(fleet, 2)


def test_a_mere_contact_delays_nothing(fleet: FakeFleet) -> None:
    fleet["w1"].visit("one-http")
    assert "one" in all_changed(fleet, 2)


def test_an_ignored_source_delays_nothing(fleet: FakeFleet) -> None:
    fleet.deploy(TEXT + '[[events.ignore]]\nsource = "192.0.2.66"\n')
    fleet["w1"].visit("one-http", "login")
    assert "one" in all_changed(fleet, 2)


def test_a_decky_that_a_rollout_changes_waits_until_that_has_passed(fleet: FakeFleet) -> None:
    fleet.clock.tick = 0.001
    text = TEXT.replace('["http"]', '["http", "mysql"]')
    policy = {"waves": ("w1", "100%"), "soak": 6 * HOUR}
    assert fleet.deploy(text, policy=policy).code == 0
    assert fleet.units()["w1"] in ("checking", "soaking")
    assert all_changed(fleet, 2) == {"two"}
    fleet.clock.advance(HOUR / 2)
    messages = due(fleet).messages
    assert f"one: put off, rollout {fleet.rollout.id} is changing w1" in messages


def test_a_watch_rests_while_all_that_are_due_wait(fleet: FakeFleet) -> None:
    fleet["w1"].visit("one-http", "login")
    fleet["w2"].visit("two-http", "login")
    fleet.clock.advance(HOUR / 2)
    rests: list[float] = []

    class Enough(Exception):
        pass

    async def sleep(seconds: float) -> None:
        rests.append(seconds)
        fleet.clock.advance(seconds)
        if len(rests) == 10:
            raise Enough

    options = MutateOptions(due=True, run=PassOptions(quiet=True))
    with pytest.raises(Enough):
        fleet.run(lambda ctx: mutate_when_due(ctx, options, "table"), sleep=sleep)
    assert rests == [LONGEST_SLEEP] * 10
