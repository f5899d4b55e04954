"""A disk that refuses a write, at every one of a command and of the agent."""

from __future__ import annotations

import pytest
from places import EVERY, TEARDOWN, Verb, walk
from theatre import Stage


@pytest.mark.slow
@pytest.mark.parametrize("error", ["enospc", "eio"])
def test_a_disk_error_at_any_write_is_reported_and_the_next_command_converges(
    stage: Stage, deploy: Verb, error: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, fault=error) > 50 // EVERY


@pytest.mark.slow
@pytest.mark.parametrize("role", ["status", "apply", "job"])
def test_a_workers_full_disk_at_any_write_is_reported_and_the_next_command_converges(
    stage: Stage, deploy: Verb, role: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, agent=role, fault="enospc") > 0
