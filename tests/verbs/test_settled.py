"""Which commands may be repeated without working everything out again: those that would do nothing at any
time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakefleet import FakeFleet
from fakefleet.session import FakeSession

from decnet.commands.deploy import DeployOptions, deploy
from decnet.commands.mutate import MutateOptions, mutate
from decnet.commands.reconcile import reconcile
from decnet.commands.status import status
from decnet.engine.asked import Asked
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.model.fleetfile import parse
from decnet.worker.given import Given, call_key

from .conftest import FOUR

VERBS: dict[str, Any] = {
    "status": status,
    "deploy": lambda ctx: deploy(ctx, parse(FOUR, "fleet.toml"), DeployOptions()),
    "reconcile": lambda ctx: reconcile(ctx, PassOptions()),
    "reconcile --check": lambda ctx: reconcile(ctx, PassOptions(check=True)),
}


def asked_by(fleet: FakeFleet, verb: Callable[[Context], Any]) -> Asked | None:
    """What a command rested on, if it may be repeated."""
    asked = Asked()
    ran = fleet.run(verb, asked=asked)
    return asked if ran.outcome.settled is asked and asked.is_repeatable else None


@pytest.mark.parametrize("verb", VERBS)
def test_a_command_without_anything_to_do_may_be_repeated(fleet: FakeFleet, verb: str) -> None:
    asked = asked_by(fleet, VERBS[verb])
    assert asked is not None
    verbs = {name: {call[0] for call in calls.values()} for name, calls in asked.calls.items()}
    expected = {"status", "facts"} if verb == "deploy" else {"status"}
    assert verbs == {"w1": expected, "w2": expected}
    assert asked.workers["w1"]["place"]["key"] == "fleet_ed25519"


def test_two_looks_at_the_same_fleet_rest_on_the_same(fleet: FakeFleet) -> None:
    first, second = asked_by(fleet, status), asked_by(fleet, status)
    assert first is not None and second is not None and first.calls == second.calls


HARMS: dict[str, Callable[[FakeFleet], Any]] = {
    "a container has ended": lambda fleet: fleet["w1"].crash("web-01-http"),
    "a worker is silent": lambda fleet: fleet["w1"].lose("status", times=9),
    "its clock is ahead": lambda fleet: setattr(fleet["w1"], "now", lambda: fleet.clock.now() + 4.0),
    "a foreign job runs": lambda fleet: fleet["w1"].begin_foreign_job(50),
    "a decky is away": lambda fleet: fleet.run(
        lambda ctx: mutate(ctx, MutateOptions(("web-02",), role="linux-server", run=PassOptions()))
    ),
    "a topology is deployed": lambda fleet: (fleet.generate("lab"), fleet.topology_deploy("lab", "w1")),
    "a rollout is open": lambda fleet: fleet.deploy(
        FOUR.replace('["http"]', '["http", "ssh"]'), policy={"waves": ("1", "100%"), "soak": 60.0}
    ),
}


@pytest.mark.parametrize("verb", ["status", "reconcile"])
@pytest.mark.parametrize("harm", HARMS)
def test_one_that_time_or_the_next_pass_changes_may_not(fleet: FakeFleet, harm: str, verb: str) -> None:
    HARMS[harm](fleet)
    assert asked_by(fleet, VERBS[verb]) is None


def test_what_a_worker_has_just_answered_is_not_asked_for_again(fleet: FakeFleet) -> None:
    """Its clock counts by the time of that answer, and what it rests on can be asked again."""
    first = asked_by(fleet, status)
    assert first is not None
    worker_id = first.workers["w1"]["worker_id"]
    [(verb, args, _)] = first.calls["w1"].values()
    began = fleet.clock.now()
    answer = asyncio.run(FakeSession(fleet["w1"], "w1").call(verb, dict(args), limit=1))
    fleet["w1"].lose("status", times=99)
    again = Asked()
    again.given = {worker_id: Given({call_key(verb, args): (answer, began, began)}, 0.25)}
    fleet.clock.advance(60)
    ran = fleet.run(status, asked=again)
    assert ran.code == 0 and ran.outcome.settled is again
    assert (again.calls, again.workers["w1"]["round_trip"]) == (first.calls, 0.25)


def test_an_earlier_failure_does_not_matter(fleet: FakeFleet) -> None:
    fleet["w1"].breaks("web-05", "no such image")
    assert fleet.deploy(FOUR.replace("count = 4", "count = 5")).code == 4
    assert fleet.deploy(FOUR).code == 0
    assert any(row.status == "failed" for row in fleet.records("w1").lifecycle)
    assert asked_by(fleet, VERBS["reconcile"]) is not None


def test_a_deploy_that_chooses_at_random_may_not(fleet: FakeFleet) -> None:
    again = DeployOptions(reset_services=True)
    assert asked_by(fleet, lambda ctx: deploy(ctx, parse(FOUR, "fleet.toml"), again)) is None


def test_one_that_does_something_may_not(empty: FakeFleet) -> None:
    assert asked_by(empty, VERBS["deploy"]) is None


def test_what_was_read_counts_by_its_content(tmp_path: Path) -> None:
    asked = Asked()
    asked.read(tmp_path / "a", b"1")
    asked.read(tmp_path / "b", b"2")
    assert len(set(asked.files.values())) == 2
