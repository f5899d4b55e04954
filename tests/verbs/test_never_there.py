"""A decky that was never there is not one that was torn down."""

from __future__ import annotations

from typing import Any

import pytest
from fakefleet import FakeFleet

from decnet.commands.doctor import doctor
from decnet.commands.history import history
from decnet.commands.show import show
from decnet.commands.status import status
from decnet.console.show import show as print_outcome

from .conftest import FOUR


def seen(fleet: FakeFleet, decky: str) -> Any:
    return next(each for each in fleet.run(status).outcome.deckies.items if each["name"] == decky)


def test_a_decky_whose_first_deploy_failed_has_failed(empty: FakeFleet) -> None:
    empty["w1"].breaks("web-01", "device or resource busy")
    assert empty.deploy(FOUR).code == 4
    ran = empty.run(status)
    assert (ran.code, seen(empty, "web-01")["status"], seen(empty, "web-01")["drift"]) == (
        4,
        "failed",
        "create",
    )
    shown = empty.run(lambda ctx: show(ctx, "web-01")).outcome
    assert shown.lines[0] == "web-01 on w1: failed (observed now), drift: create"
    past = empty.run(lambda ctx: _now(history(ctx, ["web-01"]))).outcome
    assert [item["status"] for item in past.items] == ["failed"]


def test_a_decky_that_was_never_sent_has_failed(empty: FakeFleet) -> None:
    empty["w1"].lose("apply")
    assert empty.deploy(FOUR).code != 0
    assert seen(empty, "web-01")["status"] == "failed"


def test_a_decky_whose_containers_another_program_removed_is_torn_down(fleet: FakeFleet) -> None:
    fleet["w1"].engine.containers.clear()
    assert seen(fleet, "web-01")["status"] == "torn_down"


def test_doctor_finds_deckies_that_are_missing(fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_DOCKER_SOCKET", "/nowhere/docker.sock")
    whole = fleet.run(doctor).outcome
    assert not [item for item in whole.items if "not running" in item["finding"]]
    fleet["w1"].engine.containers.clear()
    found = [item for item in fleet.run(doctor).outcome.items if "not running" in item["finding"]]
    assert [(item["name"], item["state"], item["finding"]) for item in found] == [
        ("w1", "wrong", "2 of 2 deckies not running, or not with all services: web-01, web-03")
    ]


def test_drift_names_the_command_that_repairs_it(
    fleet: FakeFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    for harm, last in ((False, "running"), (True, "hint: decnet reconcile repairs the drift")):
        if harm:
            fleet["w1"].engine.containers.clear()
        print_outcome(fleet.run(status).outcome, "table")
        assert last in capsys.readouterr().out.splitlines()[-1]


async def _now(value: Any) -> Any:
    return value
