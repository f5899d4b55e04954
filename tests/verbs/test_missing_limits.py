"""A worker whose kernel cannot give a limit runs deckies without it; an engine's error is shown once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fakefleet import FakeFleet
from fakefleet.fleet import Ran
from fakefleet.machine import FakeWorker

from decnet.commands.status import status
from decnet.commands.worker import check
from decnet.console.progress import event_line
from decnet.console.show import show

from .conftest import FOUR

NO_QUOTA = {"CpuCfsQuota": False, "CpuCfsPeriod": False}
MISSING = [
    ({"CpuCfsQuota": False}, {"cpus"}, "no CFS quota"),
    ({"CpuCfsPeriod": False}, {"cpus"}, "no CFS quota"),
    ({"PidsLimit": False}, {"pids_limit"}, "number of processes"),
    ({"MemoryLimit": False}, {"mem_limit"}, "does not limit the memory"),
    (
        {**NO_QUOTA, "PidsLimit": False, "MemoryLimit": False},
        {"cpus", "pids_limit", "mem_limit"},
        "no CFS quota",
    ),
]


def boot(machine: FakeWorker, about: dict[str, bool]) -> None:
    """The machine starts with a kernel of which Docker reports this."""
    machine.engine.about = about
    machine.socket.unlink()
    machine.socket.touch()


def composed(fleet: FakeFleet, worker: str) -> list[dict[str, Any]]:
    """The services that Compose was given there."""
    file = fleet[worker].home / "projects" / "decnet" / "compose.json"
    return list(json.loads(file.read_text())["services"].values())


@pytest.mark.parametrize(("about", "left_out", "message"), MISSING)
def test_a_limit_that_the_kernel_cannot_give_is_left_out_and_reported(
    empty: FakeFleet, about: dict[str, bool], left_out: set[str], message: str
) -> None:
    boot(empty["w1"], about)
    assert empty.deploy(FOUR).code == 0
    limits = {"cpus", "pids_limit", "mem_limit"}
    assert [limits & set(service) for service in composed(empty, "w1")] == [limits - left_out] * 4
    assert [limits & set(service) for service in composed(empty, "w2")] == [limits] * 4
    findings = empty.run(lambda ctx: check(ctx, None)).outcome
    assert [row[0] for row in findings.rows if message in row[2]] == ["w1"]
    shown = empty.run(status).outcome
    assert (shown.exit_code, [note for note in shown.deckies.notes if message in note][0][:4]) == (0, "w1: ")


def test_a_kernel_that_gets_the_limit_changes_no_container(empty: FakeFleet) -> None:
    boot(empty["w1"], NO_QUOTA)
    assert empty.deploy(FOUR).code == 0
    before = {each["Id"] for each in empty["w1"].engine.containers.values()}
    boot(empty["w1"], {})
    assert empty.reconcile(dry_run=True, check=True).code == 0
    assert {each["Id"] for each in empty["w1"].engine.containers.values()} == before


def refused(fleet: FakeFleet) -> Ran:
    for number in range(1, 5):
        fleet["w1"].breaks(f"web-0{number}", "failed to create shim\nOCI error: \x1b[2J no start\nerror 128")
    return fleet.deploy(FOUR)


def test_an_engines_error_is_shown_once_on_lines_of_its_own(
    empty: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = refused(empty)
    capsys.readouterr()
    show(ran.outcome, "table")
    shown = capsys.readouterr().out
    progress = "\n".join(event_line(event) for event in ran.events)
    lines = shown.splitlines()
    start = "web-01, web-03 on w1: create failed: ERROR: for web-01  Cannot start service web-01: failed to"
    first = next(number for number, line in enumerate(lines) if line.startswith(start))
    assert lines[first + 1 : first + 3] == ["    | OCI error: \\x1b[2J no start", "    | error 128"]
    assert len([line for line in lines if line.startswith("    | error 128")]) == 1
    assert (shown + progress).count("for web-01  Cannot start") == 1
    assert r"\x0a" not in shown + progress


def test_an_error_of_an_older_agent_is_shown_on_lines_too(capsys: pytest.CaptureFixture[str]) -> None:
    from decnet.engine.job import split_error

    assert split_error("one\\x0atwo\\x0athree") == ("one", ("two", "three"))
