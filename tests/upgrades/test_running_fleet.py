"""A fleet that decnet 0.1.0 has deployed, taken over by the present version."""

from __future__ import annotations

from typing import Any

import pytest
from old_version import Old
from theatre import Said, Stage

pytestmark = pytest.mark.lab
WORKERS = ("w1", "w2")
SEEN_FROM_OUTSIDE = ("name", "worker", "ip", "mac", "hostname", "os", "services")


def agents(stage: Stage) -> list[str]:
    return [stage.on(worker, "readlink", "/var/lib/decnet-agent/current").out for worker in WORKERS]


def machines(deckies: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What an attacker could identify the deckies by."""
    return [{key: each[key] for key in SEEN_FROM_OUTSIDE} for each in deckies.values()]


def by(old: Old, stage: Stage, *argv: str) -> Said:
    return stage.on("operator", str(old.command), *argv)


def test_it_is_looked_at_and_nothing_is_changed(running: Stage, old: Old) -> None:
    before = by(old, running, "status", "-o", "json").json
    containers, used = running.containers(*WORKERS), agents(running)

    status = running.decnet("status", "-o", "json").json
    assert [each["status"] for each in status["deckies"]] == ["running"] * 6
    assert machines(running.deckies()) == machines({each["name"]: each for each in before["deckies"]})
    assert {each["worker"] for each in status["deckies"]} == set(WORKERS)
    # Its description is of an older form, which the worker is given again; its images may stay.
    checked = running.decnet("reconcile", "--check", code=3)
    assert "upgrade pending: 6 deckies" in checked.out
    assert (running.containers(*WORKERS), agents(running)) == (containers, used)


def test_it_is_taken_over_and_no_container_is_recreated(running: Stage, old: Old) -> None:
    containers, used = running.containers(*WORKERS), agents(running)
    running.decnet("reconcile")
    assert not set(agents(running)) & set(used)
    assert running.containers(*WORKERS) == containers
    quiet = running.decnet("reconcile")
    assert (quiet.err, running.containers(*WORKERS)) == ("", containers)
    assert running.decnet("reconcile", "--check").out.count("upgrade pending: 6 deckies") == 1


def test_the_old_version_refuses_what_it_no_longer_understands(running: Stage, old: Old) -> None:
    running.decnet("reconcile")
    home, containers = running.fingerprint_of_home(), running.containers(*WORKERS)
    said = by(old, running, "reconcile")
    assert said.code not in (0, 130) and "Traceback" not in said.err and said.err, said
    assert (running.fingerprint_of_home(), running.containers(*WORKERS)) == (home, containers)


def test_its_images_are_replaced_on_request_and_no_decky_becomes_another_machine(running: Stage) -> None:
    before, containers = machines(running.deckies()), running.containers(*WORKERS)
    running.decnet("image", "upgrade", "--yes")
    after = running.containers(*WORKERS)
    assert (after.keys(), set(after.values()) & set(containers.values())) == (containers.keys(), set())
    assert machines(running.deckies()) == before
    assert [each["status"] for each in running.deckies().values()] == ["running"] * 6
    assert running.decnet("reconcile", "--check").err == ""
