"""Rollouts in the report of a pass: for an operator who looks on, and for cron."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from fakefleet import FakeFleet, in_memory

from decnet.commands.status import status
from decnet.console.documents import document, lines
from decnet.console.progress import Lines
from decnet.console.show import show
from decnet.engine.outcome import PassOutcome
from decnet.engine.progress import RolloutPlanned

TWO = """
[network]
addresses = { use = ["192.0.2.100-192.0.2.130"] }
[decky.one]
services = ["http"]
worker = "w1"
[decky.two]
services = ["http"]
worker = "w2"
"""
WITH_SSH = TWO.replace('["http"]', '["http", "ssh"]')
POLICY = {"waves": ("w1", "100%"), "soak": 600.0}


@pytest.fixture
def fleet() -> Iterator[FakeFleet]:
    folder = in_memory()
    fleet = FakeFleet(folder)
    fleet.clock.tick = 0.001
    assert fleet.deploy(TWO).code == 0
    yield fleet
    fleet.close()
    shutil.rmtree(folder)


def printed(outcome: PassOutcome, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    show(outcome, "table")
    return capsys.readouterr().out.splitlines()


def test_a_dry_run_shows_every_number_with_its_base(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = fleet.deploy(WITH_SSH, policy=POLICY, dry_run=True)
    lines = printed(ran.outcome, capsys)
    assert lines[lines.index("rollout: 2 units in 2 waves") :] == [
        "rollout: 2 units in 2 waves",
        "  wave 1: w1 (w1: 1 unit)",
        "  wave 2: w2 (100% of 2 units: 2)",
        "  in flight at once: 25% of 2 units: 1",
        "  failures accepted: 0 of 2 units",
        "  ends 20m after its beginning at the earliest",
    ]
    assert document(ran.outcome)["rollout_preview"]["in_flight"] == {
        "units": 1,
        "base": "25% of 2 units: 1",
    }
    assert json.dumps(document(ran.outcome))


def test_the_same_is_shown_before_the_question(fleet: FakeFleet, capsys: pytest.CaptureFixture[str]) -> None:
    ran = fleet.deploy(WITH_SSH, policy=POLICY, confirm=True)
    (planned,) = [event for event in ran.events if isinstance(event, RolloutPlanned)]
    Lines()(planned)
    assert "  wave 1: w1 (w1: 1 unit)" in capsys.readouterr().err


def test_a_deploy_shows_what_moved_and_what_continues_it(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(fleet.deploy(WITH_SSH, policy=POLICY).outcome, capsys)
    assert lines[1:] == [
        f"rollout {fleet.rollout.id}: running, wave 1 of 2, 0 of 2 units passed, 1 in flight, 1 waiting",
        "  w1: waiting -> sent (released)",
        "  w1: sent -> checking (its job succeeded)",
        "  w1: checking -> soaking (healthy)",
        "  hint: decnet rollout wait, or each decnet reconcile, continues it",
    ]


def test_cron_reports_a_halt_once_and_fails_while_it_lasts(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.deploy(WITH_SSH, policy=POLICY)
    assert printed(fleet.reconcile(quiet=True).outcome, capsys) == []
    fleet["w1"].crash("one-ssh")
    fleet["w1"].breaks("one", "no such image")
    codes, reports = [], []
    for _ in range(8):
        fleet.clock.advance(200)
        ran = fleet.reconcile(quiet=True)
        codes.append(ran.code)
        reports.append("\n".join(printed(ran.outcome, capsys)))
    assert fleet.rollout.state.status == "halted"
    assert codes[-1] == 4
    assert sum("rollout: running -> halted" in each for each in reports) == 1
    assert not any(f"rollout {fleet.rollout.id}" in each for each in reports[-2:])


def test_a_unit_that_waits_for_its_worker_has_a_line_and_later_waves_have_none(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet["w1"].shut()
    fleet.deploy(WITH_SSH, policy=POLICY)
    lines = printed(fleet.reconcile().outcome, capsys)
    waits = [line.strip() for line in lines if " waits: " in line]
    assert len(waits) == 1 and waits[0].startswith("w1 waits: offline: w1: ")


def test_a_check_names_what_it_would_release(fleet: FakeFleet, capsys: pytest.CaptureFixture[str]) -> None:
    fleet.deploy(WITH_SSH, policy={**POLICY, "soak": 0.0})
    ran = fleet.reconcile(check=True)
    assert ran.code == 3
    assert "  w2: could be released now" in printed(ran.outcome, capsys)
    assert fleet.units() == {"w1": "passed", "w2": "waiting"}


def test_a_check_does_not_report_what_has_not_happened(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.deploy(WITH_SSH, policy=POLICY)
    fleet.clock.advance(700)
    found = printed(fleet.reconcile(check=True).outcome, capsys)
    (line,) = [each for each in found if f"rollout {fleet.rollout.id}" in each]
    assert line.startswith("after a pass, rollout ")
    assert fleet.units() == {"w1": "soaking", "w2": "waiting"}


def test_only_a_pass_that_asks_who_is_logged_in_names_what_could_be_released(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.deploy(WITH_SSH, policy={**POLICY, "soak": 0.0})
    ran = fleet.mutate("one", dry_run=True)
    assert ran.code == 0
    assert not [line for line in printed(ran.outcome, capsys) if "could be released" in line]


def test_a_script_finds_the_open_rollout_in_the_status(fleet: FakeFleet) -> None:
    fleet.deploy(WITH_SSH, policy=POLICY)
    outcome = fleet.run(lambda ctx: status(ctx)).outcome
    (row,) = [each for each in lines(outcome) if each["kind"] == "rollout"]
    assert row == {"kind": "rollout", **document(outcome)["rollout"]}
    assert (row["id"], row["releases"], row["wave"]) == (fleet.rollout.id, "fleet", 1)


def test_a_script_reads_the_rollout_of_a_pass(fleet: FakeFleet) -> None:
    found = document(fleet.deploy(WITH_SSH, policy=POLICY).outcome)["rollout"]
    assert (found["status"], found["wave"], found["in_flight"]) == ("running", 1, 1)
    assert [move["after"] for move in found["moves"] if move["kind"] == "unit"] == [
        "sent",
        "checking",
        "soaking",
    ]
    assert found["waiting_for"] == {"w2": "wave: it is in wave 2; wave 1 has not passed"}
