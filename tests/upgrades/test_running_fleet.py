"""A fleet that decnet 0.1.0 has deployed, taken over by the present version."""

from __future__ import annotations

from typing import Any

import pytest
from old import Old
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
    # Its images are of 0.1.0: until a fleet may keep them, the plan is to replace every container.
    assert running.decnet("reconcile", "--check", code=None).code in (0, 3)
    assert (running.containers("w1"), agent(running)) == (containers, used)


def test_it_is_taken_over_and_no_decky_becomes_another_machine(running: Stage, old: Old) -> None:
    before = machines(running.deckies())
    used = agent(running)
    running.decnet("reconcile", "--max-remove", "99")

    assert agent(running) != used
    assert machines(running.deckies()) == before
    assert [each["status"] for each in running.deckies().values()] == ["running"] * 3
    assert running.decnet("reconcile", "--check").err == ""
    assert running.decnet("history", "-o", "json").json != []
    # 0.1.0 leaves the newer agent where it is, and can still look.
    assert by(old, running, "status", "-o", "json").json["deckies"] != []
