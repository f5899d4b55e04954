"""A job reports success, and the worker's status denies it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakefleet import FakeFleet

from decnet.model.record import LifecycleRow

from .conftest import FOUR


def last_row(fleet: FakeFleet, worker: str) -> LifecycleRow:
    return fleet.records(worker).lifecycle[-1]


def denied(fleet: FakeFleet, act: Callable[[], None]) -> None:
    """Let something happen between the end of w1's next job and the status that reports it."""

    def happen() -> None:
        fleet["w1"].ask("status")
        act()

    fleet["w1"].on("apply", lambda: fleet["w1"].on("status", happen))


def test_success_that_the_next_status_denies_is_a_failure(fleet: FakeFleet) -> None:
    denied(fleet, lambda: fleet["w1"].crash("web-01-ssh", 3))
    ran = fleet.mutate("web-01", services=["http", "ssh"])
    reason = "its job reports success, but web-01-ssh is exited, exit status 3"
    assert (ran.code, [(each.decky, each.error) for each in ran.outcome.outcomes]) == (
        4,
        [("web-01", reason)],
    )
    row = last_row(fleet, "w1")
    assert (row.status, row.error) == ("failed", reason)


def test_a_container_that_was_reported_as_removed_and_is_there_is_a_failure(fleet: FakeFleet) -> None:
    kept = fleet["w1"].engine.named("web-01")
    assert kept is not None
    denied(fleet, lambda: fleet["w1"].engine.containers.__setitem__(kept["Id"], kept))
    ran = fleet.teardown("web-01")
    assert (ran.code, [each.error for each in ran.outcome.outcomes]) == (
        4,
        ["its job reports success, but web-01 still exists"],
    )


@pytest.mark.parametrize("bucket", ["heal", "revive", "change"])
def test_repairs_that_succeed_in_vain_every_time_end_with_an_error(fleet: FakeFleet, bucket: str) -> None:
    """What the worker reports is well after each job, and broken at the next command."""
    codes = []
    for _ in range(5):
        machine = fleet["w1"]
        if bucket == "heal":
            machine.crash("web-01-http")
        elif bucket == "revive":
            for name in ("web-01-http", "web-01"):
                machine.engine.answer("DELETE", f"/containers/{name}?force=true", b"")
        else:
            found = machine.engine.named("web-01-http")
            assert found is not None
            found["Labels"]["decnet.fingerprint"] = "0" * 64
        ran = fleet.reconcile()
        codes.append(ran.code)
    assert codes == [0, 0, 0, 4, 4]
    assert ran.outcome.plan.skipped[0].reason.startswith(
        "its jobs report success, and it is not so later: tried "
    )


def test_repairs_of_a_decky_that_left_the_fleet_do_not_delay_those_of_its_successor(fleet: FakeFleet) -> None:
    for _ in range(3):
        fleet["w1"].crash("web-01-http")
        assert fleet.reconcile().code == 0
    # The end of the job is recorded by the next command, as after Ctrl-C.
    assert fleet.teardown("web-01", detach=True).code == 0
    assert fleet.reconcile().code == 0
    assert fleet.deploy(FOUR).code == 0
    fleet["w1"].crash("web-01-http")
    assert fleet.reconcile().code == 0
