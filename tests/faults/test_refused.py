"""A disk that refuses a write, at every one of a command and of the agent."""

from __future__ import annotations

import pytest
from places import EVERY, TEARDOWN, Verb, places_of, walk
from theatre import Stage


@pytest.mark.slow
@pytest.mark.parametrize("error", ["enospc", "eio"])
def test_a_disk_error_at_any_write_is_reported_and_the_next_command_converges(
    stage: Stage, deploy: Verb, error: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, fault=error) > 50 // EVERY


@pytest.mark.slow
def test_a_workers_full_disk_at_any_write_of_a_job_is_reported_and_the_next_command_converges(
    stage: Stage, deploy: Verb
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, agent="job", fault="enospc") > 0


@pytest.mark.slow
@pytest.mark.parametrize("role", ["status", "apply"])
def test_one_write_of_an_agent_that_is_refused_costs_nothing(stage: Stage, deploy: Verb, role: str) -> None:
    """What only reads does without it; a job's files are written again after the agent has made room."""
    stage.decnet(*deploy.argv)
    stage.decnet(*TEARDOWN.argv)
    _, of_agent = places_of(stage, deploy, role)
    assert {"write", "rename"} <= set(of_agent)
    assert walk(stage, TEARDOWN, deploy, agent=role, fault="enospc") == 0
