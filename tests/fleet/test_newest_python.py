"""An operator with the newest Python, over SSH, on a fleet that another Python has deployed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from three_workers import NINE, Company, Said, eventually

sys.path.insert(0, str(Path(__file__).parents[1] / "pythons"))

from newest import Newest, newest  # noqa: E402

from decnet.lab.trees import Unavailable  # noqa: E402

pytestmark = pytest.mark.lab
ONE_MORE = (
    NINE
    + """
[decky.late]
services = ["http"]
worker = "w1"
"""
)


@pytest.fixture(scope="module")
def python() -> Newest:
    try:
        return newest()
    except Unavailable as reason:
        pytest.skip(f"NOT RUN with the newest Python: {reason}")


def by(company: Company, python: Newest, *argv: str) -> Said:
    """A command of the operator, by that Python, with warnings as errors."""
    said = company.on("operator", "env", "PYTHONWARNINGS=error", *python.argv("decnet", *argv))
    assert said.code == 0, (argv, said)
    return said


def test_two_pythons_agree_on_agents_images_and_deckies(fleet: Company, python: Newest) -> None:
    containers = fleet.containers()
    agents = {name: (fleet.agent(name) / "current").readlink() for name in ("w1", "w2", "w3")}
    status = by(fleet, python, "status", "-o", "json").json
    assert {each["status"] for each in status["deckies"]} == {"running"}
    dry = by(fleet, python, "deploy", "-c", fleet.spec(NINE), "--dry-run")
    assert "nothing to do" in dry.out, dry
    checked = by(fleet, python, "reconcile", "--check")
    assert (checked.err, fleet.containers()) == ("", containers)
    assert {name: (fleet.agent(name) / "current").readlink() for name in agents} == agents


def test_it_deploys_reads_what_happened_and_tears_down(fleet: Company, python: Newest) -> None:
    fleet.leave_astray()
    by(fleet, python, "deploy", "-c", fleet.spec(ONE_MORE), "--yes")
    status = by(fleet, python, "status", "-o", "json").json
    [late] = [each for each in status["deckies"] if each["name"] == "late"]
    assert late["status"] == "running"
    fleet.attack("curl", "-s", "-m", "10", f"http://{late['ip']}/from-the-newest")
    pulled: list[str] = []

    def is_pulled() -> bool:
        pulled.append(by(fleet, python, "events", "--pull", "-o", "jsonl").out)
        return "from-the-newest" in "".join(pulled)

    eventually(is_pulled)
    by(fleet, python, "teardown", "late", "--yes")
    assert "late" not in fleet.containers("w1")
    assert fleet.decnet("reconcile", "--check").err == ""
