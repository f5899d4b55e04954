"""One worker's failure keeps its class and costs that worker only; a fault of this machine is no worker's."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from fakefleet import FakeFleet
from fakefleet.machine import FakeWorker

from decnet.errors import (
    DecnetError,
    DockerDown,
    HostKeyRefused,
    IdentityRefused,
    ImageFailed,
    ProgramMissing,
    StateBroken,
    Unreachable,
    WorkerFailure,
)

from .conftest import FOUR

SIX = FOUR.replace("count = 4", "count = 6")


def unreachable(machine: FakeWorker) -> None:
    machine.is_reachable = False


def wiped(machine: FakeWorker) -> None:
    machine.program.unlink()


def without_docker(machine: FakeWorker) -> None:
    machine.engine.is_up = False


def another_machine(machine: FakeWorker) -> None:
    machine.is_trusted = False


def another_worker(machine: FakeWorker) -> None:
    machine.becomes("id-of-another")


Harm = Callable[[FakeWorker], None]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (wiped, wiped, ProgramMissing),
        (unreachable, wiped, ProgramMissing),
        (wiped, without_docker, ProgramMissing),
        (unreachable, unreachable, Unreachable),
        (unreachable, without_docker, DockerDown),
        (wiped, another_machine, HostKeyRefused),
        (another_worker, unreachable, IdentityRefused),
    ],
)
def test_a_deploy_that_no_worker_can_take_ends_with_the_error_of_the_worst_worker(
    empty: FakeFleet, first: Harm, second: Harm, kind: type[DecnetError]
) -> None:
    first(empty["w1"])
    second(empty["w2"])
    ran = empty.deploy(FOUR)
    assert (type(ran.error), ran.code) == (kind, kind.exit_code)
    assert ran.error is not None and ran.error.worker in ("w1", "w2")
    assert str(ran.error) == f"{ran.error.worker}: {ran.error.message}"
    assert empty.desired.deckies == {}


def test_where_every_worker_is_lost_at_the_probe_nothing_is_deployed(empty: FakeFleet) -> None:
    for machine in empty.workers.values():
        machine.lose("probe")
    ran = empty.deploy(FOUR)
    assert (type(ran.error), ran.code, empty.desired.deckies) == (Unreachable, 5, {})
    assert empty.deploy(FOUR).code == 0
    assert empty.is_converged()


def test_a_new_address_that_has_to_be_on_a_worker_lost_at_the_probe_is_not_claimed(fleet: FakeFleet) -> None:
    fleet["w1"].lose("probe", times=2)
    ran = fleet.deploy(f'{FOUR}[decky.hq]\nservices = ["http"]\nworker = "w1"\n')
    assert (type(ran.error), ran.code, "hq" in fleet.desired.deckies) == (Unreachable, 5, False)


def test_a_record_that_cannot_be_written_ends_the_command_and_is_not_a_workers_failure(
    fleet: FakeFleet,
) -> None:
    """The other worker's job is followed to its end before that."""
    record = fleet.home.records("id-w1")

    def broken() -> None:
        record.unlink()
        record.mkdir()
        (record / "lost+found").touch()

    fleet["w1"].on("apply", broken)
    fleet["w2"].job_polls = 3
    ran = fleet.deploy(SIX)
    assert (type(ran.error), ran.code) == (StateBroken, 1)
    assert ran.error is not None and (ran.error.worker, str(record) in ran.error.message) == (None, True)
    assert [event for event in ran.events if isinstance(event, WorkerFailure)] == []
    assert fleet.records("w2").of().deckies["web-06"].status == "running"
    shutil.rmtree(record)
    assert fleet.reconcile().code == 0
    assert fleet.is_converged()


def test_images_that_this_machine_cannot_build_are_not_a_failure_to_reach_a_worker(
    fleet: FakeFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{fleet.folder}/no.sock")
    fleet["w1"].engine.images.clear()
    fleet["w1"].engine.save()
    ran = fleet.deploy(SIX)
    assert (ran.error, ran.code) == (None, 1)
    [failure] = ran.outcome.troubles
    assert (failure.worker, failure.kind) == ("w1", ImageFailed)
    assert failure.message.startswith("its images could not be made here: ")
    assert fleet.records("w2").of().deckies["web-06"].status == "running"
