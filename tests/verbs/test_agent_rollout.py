"""`worker upgrade --rollout`: a new agent reaches one worker first."""

from __future__ import annotations

import hashlib

import pytest
from agent.agent_desk import another_version
from fakefleet import FakeFleet
from fakefleet.fleet import Ran, todays_agent

from decnet.commands.rollouts.rollback import rollback
from decnet.commands.rollouts.wait import wait
from decnet.commands.upgrade import upgrade_by_rollout
from decnet.engine.options import PassOptions
from decnet.model.rollout import Policy
from decnet.wire import AGENT_VERSION

from .conftest import WITH_SSH, WORKERS

POLICY = Policy(waves=("w1", "2", "100%"), soak=60.0)


@pytest.fixture
def fleet(three: FakeFleet) -> FakeFleet:
    """Three workers with an agent of the version before, which this decnet has installed."""
    content = another_version(three["w1"].program.read_bytes(), AGENT_VERSION - 1)
    older = three.home.root / "agents" / f"{hashlib.sha256(content).hexdigest()}.pyz"
    older.write_bytes(content)
    for name in WORKERS:
        three[name].install(older, ())
    return three


def upgraded(fleet: FakeFleet, policy: Policy = POLICY) -> Ran:
    return fleet.run(lambda ctx: upgrade_by_rollout(ctx, PassOptions(rollout=policy)))


def current(fleet: FakeFleet) -> list[str]:
    """The workers with today's agent."""
    return [name for name in WORKERS if fleet[name].program.resolve().name == todays_agent().name]


def test_a_new_agent_reaches_the_workers_one_after_the_other(fleet: FakeFleet) -> None:
    ran = upgraded(fleet)
    assert ran.code == 0, (ran.error, ran.messages)
    assert current(fleet) == ["w1"]
    assert fleet.reconcile().code == 0
    assert current(fleet) == ["w1"]
    ended = fleet.run(lambda ctx: wait(ctx, None, interval=30.0))
    assert (ended.code, fleet.rollout.state.status) == (0, "done")
    assert current(fleet) == list(WORKERS)


def test_no_other_verb_replaces_an_agent_that_was_not_released(fleet: FakeFleet) -> None:
    upgraded(fleet)
    assert fleet.mutate("two", services=["http", "ftp"]).code == 0
    assert fleet.deploy(WITH_SSH).code == 0
    assert "w3" not in current(fleet)


def test_a_worker_that_was_not_reached_waits_for_its_wave_as_well(fleet: FakeFleet) -> None:
    fleet["w3"].shut()
    upgraded(fleet)
    fleet["w3"].let_in()
    fleet.reconcile()
    assert current(fleet) == ["w1"]
    assert set(fleet.units()) == set(WORKERS)


def test_nothing_is_opened_if_every_agent_is_current(fleet: FakeFleet) -> None:
    fleet.reconcile()
    ran = upgraded(fleet)
    assert (ran.code, ran.messages) == (0, ["every worker has this version's agent"])
    assert list((fleet.home.root / "rollouts").glob("*")) == []


def test_an_agent_is_never_taken_back(fleet: FakeFleet) -> None:
    refused = upgraded(fleet, POLICY.model_copy(update={"on_failure": "rollback"}))
    assert (refused.code, current(fleet)) == (2, [])
    upgraded(fleet)
    ran = fleet.run(lambda ctx: rollback(ctx))
    assert (ran.code, str(ran.error)) == (2, "an agent cannot be taken back: the former one is not kept")
    assert fleet.rollout.is_open


def test_a_worker_with_a_newer_agent_is_no_part_of_it(fleet: FakeFleet) -> None:
    content = another_version(todays_agent().read_bytes(), AGENT_VERSION + 1)
    newer = fleet.home.root / "agents" / f"{hashlib.sha256(content).hexdigest()}.pyz"
    newer.write_bytes(content)
    fleet["w1"].install(newer, ())
    ran = upgraded(fleet, Policy(waves=("100%",), soak=0.0))
    assert ran.code == 0, ran.messages
    assert sorted(fleet.units()) == ["w2", "w3"]
