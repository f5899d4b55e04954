"""What containers amount to, in one word."""

from __future__ import annotations

import pytest

from decnet.model.actual import Container
from decnet.model.keys import DeckyKey, SliceKey
from decnet.plan.decky_view import desired_row, observed_row, status_of
from decnet.wire import PROJECT

from .world import Machine, World, decky, running

WEB = decky("web", ip=10)
KEY = DeckyKey("w1", PROJECT, "web")


def after(**states: str) -> tuple[World, dict[str, Container]]:
    """A running decky whose containers were put into these states; `gone` removes one."""
    world = running(WEB)
    for short, state in states.items():
        name = "web" if short == "base" else f"web-{short}"
        machine: Machine = world.machine("w1", name)
        if state == "gone":
            del world.engines["w1"][name]
        elif state == "often":
            machine.restarts = 50
        elif state in ("not ready", "starting"):
            machine.ready = "no" if state == "not ready" else state
        elif state == "restarted":
            machine.born += 1
        else:
            machine.state = state
    observed = world.observe()["w1"]
    return world, {each.name: each for each in observed.status.containers}  # type: ignore[union-attr]


CASES = {
    "as it should be": ({}, "running"),
    "all gone": ({"base": "gone", "ssh": "gone", "http": "gone"}, "torn_down"),
    "a service gone": ({"ssh": "gone"}, "degraded"),
    "the base gone": ({"base": "gone"}, "failed"),
    "all stopped": ({"base": "exited", "ssh": "exited", "http": "exited"}, "failed"),
    "a service stopped": ({"http": "exited"}, "degraded"),
    "both services stopped": ({"ssh": "exited", "http": "dead"}, "degraded"),
    "a service in a loop": ({"ssh": "restarting"}, "degraded"),
    "a service that restarts often": ({"ssh": "often"}, "degraded"),
    "the base restarted": ({"base": "restarted"}, "degraded"),
    "the base stopped": ({"base": "exited"}, "failed"),
    "the base not ready": ({"base": "not ready"}, "failed"),
    "a service that does not listen": ({"ssh": "not ready"}, "degraded"),
    "the base starting": ({"base": "starting"}, "degraded"),
    "a service starting": ({"http": "starting"}, "degraded"),
    "a service paused": ({"ssh": "paused"}, "degraded"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_state_has_its_status(name: str) -> None:
    states, expected_status = CASES[name]
    world, actual = after(**states)
    expected = world.expected[SliceKey("w1")]["web"]
    assert status_of(expected, actual) == expected_status


def test_a_record_as_seen_of_what_is_as_it_should_be_is_the_record_that_is_planned() -> None:
    world, actual = after()
    expected = world.expected[SliceKey("w1")]["web"]
    planned = desired_row(KEY, WEB, expected)
    seen = observed_row(KEY, WEB, expected, actual, planned)
    assert seen == planned


def test_a_record_as_seen_keeps_the_address_that_the_old_base_was_made_with() -> None:
    world, actual = after()
    old = world.records["w1"].of().deckies["web"]
    moved = decky("web", ip=99)
    world.desired = world.desired.with_deckies({"web": moved})
    assert observed_row(KEY, moved, world.expected[SliceKey("w1")]["web"], actual, old).ip == "192.0.2.10"
