"""Walking through the places of a verb: killed there and run again, nothing is lost, nothing done twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from theatre import Said, Stage, eventually

EVERY = int(os.environ.get("FAULTS_EVERY", "1"))
"""Walk through every place, or through each so-manieth only."""
FIRST = int(os.environ.get("FAULTS_FROM", "1"))
"""The place that the walk begins with."""

MOST = 2000
ENDS = {"kill": (0, -9), "int": (0, 130), "term": (0, 130), "enospc": (0, 1), "eio": (0, 1)}
"""How a command may end that meets this fault: the last place may come when all is done."""

OPEN = ("pending", "running")

FLEET = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.109"] }

[decky.web]
services = ["http"]
"""


@dataclass(frozen=True)
class Verb:
    """A command, and the containers that exist when it is done. `before` causes the damage that it
    repairs."""

    argv: tuple[str, ...]
    containers: frozenset[str]
    before: Callable[[], object] | None = None


WITH_HTTP = frozenset({"web", "web-http"})
WITH_SSH = frozenset({"web", "web-ssh"})
NOTHING: frozenset[str] = frozenset()
TEARDOWN = Verb(("teardown", "web", "--yes"), NOTHING)


def walk(stage: Stage, *turns: Verb, agent: str = "", fault: str = "kill", until: int = MOST) -> int:
    """Make each verb in turn fail at place 1, 2, 3... of the command, or of the agent in that role, and
    run it again, until none reaches such a place any more, or to place `until`. How often one failed."""
    failures = 0
    # A disk that refuses what may fail (who holds the lock, who was seen last) is no end of the walk.
    least = 5 if fault == "kill" else max(len(_listed(stage, verb, agent)) for verb in turns)
    for number in range(FIRST, until, EVERY):
        reached = [broken(stage, number, verb, agent=agent, fault=fault) for verb in turns]
        failures += sum(reached)
        if number > least and not any(reached):
            return failures
    assert until < MOST, f"still broken at place {MOST}"
    return failures


def broken(stage: Stage, number: int, verb: Verb, *, agent: str = "", fault: str = "kill") -> bool:
    """Make the verb fail at a place, run it again, and check; whether it failed there."""
    if verb.before is not None:
        verb.before()
    said = armed(stage, f"{fault}:{number}", verb.argv, agent=agent)
    where = f"{fault} at place {number} of {verb.argv[0]} {agent}: {said}"
    assert "Traceback" not in said.err, where
    assert said.code in ENDS[fault] or agent, where
    finish(stage, verb.argv, where)
    check(stage, verb, where)
    return said.code != 0


def forget_repairs(stage: Stage) -> None:
    """As if an hour had passed: repairs of a decky that a walk damages again and again are limited."""
    folder = "/var/lib/decnet/records"
    for name in stage.on(stage.place, "ls", folder).out.split():
        stage.on(stage.place, "sed", "-i", "-E", r's/"heals": *\{[^}]*\}/"heals": {}/', f"{folder}/{name}")


def armed(stage: Stage, fault: str, argv: tuple[str, ...], *, agent: str = "") -> Said:
    """Run the command with a fault in itself, or in the agent of the role `agent`."""
    setting = f"DECNET_AGENT_FAULT={fault}:{agent}" if agent else f"DECNET_FAULT={fault}"
    return stage.on(stage.place, "env", setting, "decnet", *argv)


def finish(stage: Stage, argv: tuple[str, ...], where: str) -> None:
    """Run the command until it is done: at once, or when what was killed no longer holds it up."""

    tries: list[Said] = []

    def done() -> bool:
        tries.append(stage.decnet(*argv, code=None))
        assert "Traceback" not in tries[-1].err, (where, tries)
        assert tries[-1].code in (0, 4, 5), (where, tries)
        return tries[-1].code == 0

    try:
        eventually(done, 90)
    except AssertionError as error:
        history = stage.decnet("history", "--limit", "20", code=None).out
        raise AssertionError(f"{where}: not done after {len(tries)} tries: {tries[:6]}\n{history}") from error


def check(stage: Stage, verb: Verb, where: str) -> None:
    """What the verb was for is so, once; no row is open; and the same again changes nothing."""
    assert set(stage.containers()) == verb.containers, where
    rows = stage.decnet("history", "--limit", "10000", "-o", "json").json
    assert [row for row in rows if row["status"] in OPEN] == [], where
    home, there = stage.fingerprint_of_home().splitlines(), stage.containers()
    stage.decnet(*verb.argv)
    assert stage.containers() == there, where
    changed = sorted(set(stage.fingerprint_of_home().splitlines()) ^ set(home))
    assert changed == [], (changed, where)
    assert drafts(stage, "decnet") == [], where
    # An agent that had nothing to write since leaves the last one: the next write takes it away.
    assert len(drafts(stage, "decnet-agent")) <= 1, where


def drafts(stage: Stage, home: str) -> list[str]:
    """The temporary files of writers that were killed."""
    return stage.on(stage.place, "find", f"/var/lib/{home}", "-name", "*.tmp").out.splitlines()


def places_of(stage: Stage, verb: Verb, role: str = "job") -> tuple[list[str], list[str]]:
    """The names of the command's places, and of the agent's in a role, in order. Runs the verb."""
    ours, agents = stage.folder / "places", stage.folder / "places-of-the-agent"
    settings = (f"DECNET_FAULT=list:{ours}", f"DECNET_AGENT_FAULT=list:{agents}")
    if verb.before is not None:
        verb.before()
    assert stage.on(stage.place, "env", *settings, "decnet", *verb.argv).code == 0
    rows = [line.split(maxsplit=2) for file in (ours, agents) for line in _lines(file)]
    return [name for _, each, name in rows if each == "-"], [name for _, each, name in rows if each == role]


def _listed(stage: Stage, verb: Verb, agent: str) -> list[str]:
    command, of_agent = places_of(stage, verb, agent)
    return of_agent if agent else command


def _lines(file: Path) -> list[str]:
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines
