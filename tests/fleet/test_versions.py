"""Agents of another version: an older one gives way, a newer one is left, a broken one is taken back."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest
from three_workers import NAMES, WORKERS, Company, Said

import decnet

pytestmark = pytest.mark.lab
SOURCES = Path(decnet.__file__).parent


def tomorrow(folder: Path, name: str, version: int, broken: bool = False) -> str:
    """A decnet of that agent's version; where it is broken, its agent does not even start. Its PYTHONPATH."""
    top = folder / name
    shutil.copytree(SOURCES, top / "decnet", ignore=shutil.ignore_patterns("__pycache__", "lab"))
    limits = top / "decnet" / "wire" / "limits.py"
    limits.write_text(re.sub(r"(?m)^AGENT_VERSION = .*$", f"AGENT_VERSION = {version}", limits.read_text()))
    if broken:
        program = top / "decnet" / "agent" / "program.py"
        program.write_text(program.read_text() + '\n\nraise SystemExit("this agent was built badly")\n')
    return str(top)


def by(company: Company, sources: str, *argv: str, code: int | None = 0) -> Said:
    """A command of another decnet than ours, with the same home."""
    said = company.on("operator", "env", f"PYTHONPATH={sources}", "decnet", *argv)
    assert code is None or said.code == code, f"decnet {argv}: {said}"
    return said


def agents(company: Company) -> dict[str, str]:
    """The agent that each worker's command starts, by its hash."""
    found = {}
    for worker in WORKERS:
        path = company.agent(worker) / "agents" / (company.agent(worker) / "current").readlink().name
        found[worker] = hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.stem == found[worker]
    return found


def test_a_command_that_changes_workers_replaces_an_older_agent_and_keeps_a_newer(
    fleet: Company, tmp_path: Path
) -> None:
    ours, containers = agents(fleet), fleet.containers()
    newer = tomorrow(tmp_path, "newer", 1000)
    said = by(fleet, newer, "status", "-o", "json")
    assert agents(fleet) == ours, "a command that only looks replaced an agent"
    assert "older" in said.out
    said = by(fleet, newer, "reconcile")
    theirs = agents(fleet)
    assert len({*ours.values(), *theirs.values()}) == 2
    assert (said.out + said.err).count("is replaced by") == len(WORKERS)
    quiet = by(fleet, newer, "reconcile", "--quiet")
    assert (quiet.out, quiet.err) == ("", "")
    left = fleet.decnet("reconcile")
    assert left.err.count("it is left as it is") == len(WORKERS)
    fleet.decnet("worker", "upgrade")
    assert agents(fleet) == theirs
    fleet.decnet("worker", "upgrade", "--force")
    assert agents(fleet) == ours
    assert fleet.containers() == containers
    assert fleet.decnet("reconcile", "--check").err == ""


def test_an_agent_that_does_not_start_is_reverted_and_the_old_one_continues(
    fleet: Company, tmp_path: Path
) -> None:
    ours, containers = agents(fleet), fleet.containers()
    broken = tomorrow(tmp_path, "broken", 1001, broken=True)
    said = by(fleet, broken, "reconcile")
    assert (said.out + said.err).count("could not be replaced and stays in use") == len(WORKERS)
    assert agents(fleet) == ours
    victim = NAMES[0]
    worker = next(name for name, placed in fleet.by_worker().items() if victim in placed)
    fleet.on(worker, "docker", "rm", "-f", victim)
    by(fleet, broken, "reconcile")
    fleet.decnet("reconcile", "--check")
    assert fleet.containers().keys() == containers.keys()


def test_a_foreign_agent_is_refused(fleet: Company) -> None:
    ours = agents(fleet)
    folder = fleet.agent("w2")
    content = (folder / "agents" / f"{ours['w2']}.pyz").read_bytes() + b"# somebody else was here\n"
    strange = hashlib.sha256(content).hexdigest()
    (folder / "agents" / f"{strange}.pyz").write_bytes(content)
    fleet.on("w2", "ln", "-sfn", f"agents/{strange}.pyz", "/var/lib/decnet-agent/current")
    assert fleet.worker_states() == {"w1": "up", "w2": "REFUSED", "w3": "up"}
    fleet.decnet("reconcile", code=6)
    fleet.decnet("worker", "upgrade", code=6)
    fleet.decnet("worker", "upgrade", "--on", "w2", "--force")
    assert agents(fleet) == ours
    fleet.decnet("reconcile", "--check")
