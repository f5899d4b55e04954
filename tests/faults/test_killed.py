"""kill -9 at every write, fsync, rename and request of a command."""

from __future__ import annotations

import pytest
from places import EVERY, TEARDOWN, WITH_HTTP, WITH_SSH, Verb, broken, check, forget_repairs, places_of, walk
from theatre import Stage

AFTER_DESIRED = 20
"""A place of a teardown at which desired is saved, and nothing else is."""


def test_a_sample_of_places_at_which_a_deploy_its_job_and_a_teardown_are_killed(
    stage: Stage, deploy: Verb
) -> None:
    stage.decnet(*deploy.argv)
    stage.decnet(*TEARDOWN.argv)
    places, of_agent = places_of(stage, deploy)
    assert broken(stage, AFTER_DESIRED, TEARDOWN)
    sent = places.index("request sent", places.index("apply to be sent")) + 1
    assert broken(stage, sent, deploy)
    stage.decnet(*TEARDOWN.argv)
    assert broken(stage, of_agent.index("POST /containers/create answered") + 1, deploy, agent="job")


@pytest.mark.slow
def test_deploy_and_teardown_killed_at_every_place_are_finished_by_the_next(
    stage: Stage, deploy: Verb
) -> None:
    assert walk(stage, deploy, TEARDOWN) > 100 // EVERY


@pytest.mark.slow
def test_mutate_killed_at_every_place_is_finished_by_the_next(stage: Stage, deploy: Verb) -> None:
    stage.decnet(*deploy.argv)
    to_ssh = Verb(("mutate", "web", "--services", "ssh"), WITH_SSH)
    to_http = Verb(("mutate", "web", "--services", "http"), WITH_HTTP)
    assert walk(stage, to_ssh, to_http) > 80 // EVERY


@pytest.mark.slow
def test_reconcile_killed_at_every_place_is_finished_by_the_next(stage: Stage, deploy: Verb) -> None:
    stage.decnet(*deploy.argv)

    def damage() -> None:
        forget_repairs(stage)
        stage.on(stage.place, "docker", "rm", "-f", "web", "web-http")

    assert walk(stage, Verb(("reconcile",), WITH_HTTP, damage)) > 40 // EVERY


@pytest.mark.slow
def test_a_first_deploy_killed_while_it_enrols_this_machine_is_finished_by_the_next(
    stage: Stage, first: Verb
) -> None:
    assert walk(stage, first, until=50) > 40 // EVERY


def test_a_command_waits_for_the_job_that_an_earlier_one_left_running(stage: Stage, deploy: Verb) -> None:
    stage.decnet("teardown", "--all", "--yes", code=None)
    assert "deploy: 1 in progress" in stage.decnet(*deploy.argv, "--detach").out
    said = stage.decnet("reconcile")
    assert "waiting for a running job of an earlier command (apply)" in said.err
    check(stage, deploy, "after a detached deploy")
