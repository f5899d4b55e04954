"""kill -9 at every write, fsync, rename and request of a command, and at every step of the agent."""

from __future__ import annotations

import pytest
from places import EVERY, FLEET, Verb, broken, check, places_of, walk
from theatre import Stage

WITH_HTTP = frozenset({"web", "web-http"})
WITH_SSH = frozenset({"web", "web-ssh"})
NOTHING: frozenset[str] = frozenset()


@pytest.fixture
def deploy(stage: Stage) -> Verb:
    return Verb(("deploy", "-c", stage.spec(FLEET), "--yes", "--reset-services"), WITH_HTTP)


AFTER_DESIRED = 20
"""A place of a teardown at which desired is saved, and nothing else is."""

TEARDOWN = Verb(("teardown", "web", "--yes"), NOTHING)


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
    assert broken(stage, of_agent.index("compose started") + 1, deploy, agent="job")


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
    gone = lambda: stage.on(stage.place, "docker", "rm", "-f", "web", "web-http")  # noqa: E731
    assert walk(stage, Verb(("reconcile",), WITH_HTTP, gone)) > 40 // EVERY


@pytest.mark.slow
@pytest.mark.parametrize("signal", ["int", "term"])
def test_a_command_that_is_interrupted_anywhere_says_so_and_the_next_one_converges(
    stage: Stage, deploy: Verb, signal: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, fault=signal) > 50 // EVERY


@pytest.mark.slow
@pytest.mark.parametrize("error", ["enospc", "eio"])
def test_an_error_of_the_disk_at_any_write_is_said_and_the_next_command_converges(
    stage: Stage, deploy: Verb, error: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, fault=error) > 50 // EVERY


@pytest.mark.slow
@pytest.mark.parametrize("role", ["status", "apply", "job"])
def test_a_workers_disk_that_is_full_at_any_write_is_said_and_the_next_command_converges(
    stage: Stage, deploy: Verb, role: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, agent=role, fault="enospc") > 0


@pytest.mark.slow
@pytest.mark.parametrize("role", ["status", "facts", "probe", "apply", "job"])
def test_an_agent_killed_at_every_place_costs_nothing_that_the_next_command_does_not_mend(
    stage: Stage, deploy: Verb, role: str
) -> None:
    stage.decnet(*deploy.argv)
    assert walk(stage, TEARDOWN, deploy, agent=role) > 0


@pytest.mark.slow
@pytest.mark.parametrize("role", ["hello", "enrol", "teardown"])
def test_an_agent_killed_as_it_comes_or_goes_is_asked_again(stage: Stage, deploy: Verb, role: str) -> None:
    """The first deploy of all enrols; a teardown of all takes the network and the slice away."""

    def forget() -> None:
        stage.decnet("teardown", "--all", "--yes", code=None)
        stage.on(stage.place, "sh", "-c", "rm -rf /var/lib/decnet/* /var/lib/decnet-agent/*")

    first = Verb(deploy.argv, deploy.containers, forget)
    everything = Verb(("teardown", "--all", "--yes"), NOTHING)
    assert walk(stage, first, everything, agent=role) > 0


def test_a_command_waits_for_the_job_that_an_earlier_one_left_running(stage: Stage, deploy: Verb) -> None:
    stage.decnet("teardown", "--all", "--yes", code=None)
    stage.decnet(*deploy.argv, "--detach")
    said = stage.decnet("reconcile")
    assert "waiting for a job that an earlier command has left running (apply)" in said.err
    check(stage, deploy, "after a detached deploy")
