"""A fleet that decnet 0.1.0 has deployed, taken over by the present version."""

from __future__ import annotations

from typing import Any

import pytest
from old_version import Old
from theatre import Said, Stage

pytestmark = pytest.mark.lab
SEEN_FROM_OUTSIDE = ("name", "worker", "ip", "mac", "hostname", "os", "services")


def agent(stage: Stage) -> str:
    return stage.on("w1", "readlink", "/var/lib/decnet-agent/current").out


def machines(deckies: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """What an attacker could tell the deckies by."""
    return [{key: each[key] for key in SEEN_FROM_OUTSIDE} for each in deckies.values()]


def by(old: Old, stage: Stage, *argv: str) -> Said:
    return stage.on("operator", str(old.command), *argv)


def test_it_is_looked_at_and_nothing_is_changed(running: Stage, old: Old) -> None:
    before = by(old, running, "status", "-o", "json").json
    containers, used = running.containers("w1"), agent(running)

    status = running.decnet("status", "-o", "json").json
    assert [each["status"] for each in status["deckies"]] == ["running"] * 3
    assert machines(running.deckies()) == machines({each["name"]: each for each in before["deckies"]})
    # Its description is of an older form, which the worker is given again; its images may stay.
    checked = running.decnet("reconcile", "--check", code=3)
    assert "upgrade pending: 3 deckies" in checked.out
    assert (running.containers("w1"), agent(running)) == (containers, used)


def test_it_is_taken_over_and_no_container_is_recreated(running: Stage, old: Old) -> None:
    containers, used = running.containers("w1"), agent(running)
    running.decnet("reconcile")
    assert agent(running) != used
    assert running.containers("w1") == containers
    quiet = running.decnet("reconcile")
    assert (quiet.err, running.containers("w1")) == ("", containers)
    assert running.decnet("reconcile", "--check").out.count("upgrade pending: 3 deckies") == 1


def test_the_old_version_refuses_what_it_no_longer_understands(running: Stage, old: Old) -> None:
    running.decnet("reconcile")
    home, containers = running.fingerprint_of_home(), running.containers("w1")
    said = by(old, running, "reconcile")
    assert said.code not in (0, 130) and "Traceback" not in said.err and said.err, said
    assert (running.fingerprint_of_home(), running.containers("w1")) == (home, containers)


def test_its_images_are_replaced_on_request_and_no_decky_becomes_another_machine(running: Stage) -> None:
    before, containers = machines(running.deckies()), running.containers("w1")
    running.decnet("image", "upgrade", "--yes")
    after = running.containers("w1")
    assert (after.keys(), set(after.values()) & set(containers.values())) == (containers.keys(), set())
    assert machines(running.deckies()) == before
    assert [each["status"] for each in running.deckies().values()] == ["running"] * 3
    assert running.decnet("reconcile", "--check").err == ""
