"""kill -9 at every write, request to Docker and answer of the agent, in each of its roles."""

from __future__ import annotations

import pytest
from places import NOTHING, TEARDOWN, Verb, walk
from theatre import Stage


@pytest.mark.slow
@pytest.mark.parametrize("role", ["status", "facts", "probe", "apply", "job"])
def test_an_agent_killed_at_any_place_costs_nothing_that_the_next_command_does_not_heal(
    stage: Stage, deploy: Verb, role: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, agent=role) > 0


@pytest.mark.slow
@pytest.mark.parametrize("role", ["hello", "enrol", "teardown"])
def test_an_agent_killed_as_it_comes_or_goes_is_asked_again(stage: Stage, first: Verb, role: str) -> None:
    """A teardown of all takes the network and the slice away."""
    everything = Verb(("teardown", "--all", "--yes"), NOTHING)
    assert walk(stage, first, everything, agent=role) > 0
