"""The slice that a worker holds compared with the one sent: being behind differs from going back."""

from __future__ import annotations

import pytest

from decnet.model.actual import HeldProject, Status
from decnet.model.journal import JournalPage
from decnet.model.plan import SliceDrift
from decnet.model.record import Applied, WorkerRecords
from decnet.model.worker import Hello
from decnet.plan.ingest_status import ingest_status
from decnet.plan.slice_drift import slice_drift
from decnet.wire import PROJECT

NOW = 1_700_000_000.0
HELLO = Hello(protocol=1, agent="a", worker_id="w", fleet_id="f", engine_id="e", boot_id="b", clock=NOW)


def status_of(generation: int, plan_hash: str | None) -> Status:
    page = JournalPage(journal_id="j", first_seq=1, last_seq=0, verdict="ok", records=(), more=False)
    held = {PROJECT: HeldProject(generation=generation, plan_hash=plan_hash)}
    return Status(hello=HELLO, docker="up", projects=held, containers=(), jobs=(), journal=page)


def known(generation: int, applied: tuple[int, str | None] | None) -> WorkerRecords:
    last = Applied(generation=applied[0], plan_hash=applied[1]) if applied else None
    return WorkerRecords(worker_id="w").with_project(PROJECT, generation=generation, applied=last)


def found(records: WorkerRecords, status: Status, wanted: str | None) -> SliceDrift | None:
    return slice_drift(records.of(), status.held(PROJECT), wanted)


@pytest.mark.parametrize(
    ("records", "status", "wanted", "word"),
    [
        (known(5, (5, "p")), status_of(5, "p"), "p", None),
        (known(5, None), status_of(5, "p"), "p", None),
        (known(5, (5, "p")), status_of(5, "p"), None, None),
        (known(6, (5, "p")), status_of(5, "p"), "q", "behind"),
        (known(0, None), status_of(0, None), "q", "behind"),
        (known(5, (5, "p")), status_of(3, "o"), "p", "rewound"),
        (known(5, (5, "p")), status_of(3, "p"), "p", "rewound"),
        (known(5, (5, "p")), status_of(0, None), "p", "lost"),
        (known(5, (5, "p")), status_of(5, "x"), "p", "replaced"),
        (known(5, (5, "p")), status_of(7, "y"), "p", "ahead"),
    ],
)
def test_a_difference_has_one_name(
    records: WorkerRecords, status: Status, wanted: str | None, word: str | None
) -> None:
    drift = found(records, status, wanted)
    assert (drift.word if drift else None) == word


@pytest.mark.parametrize("status", [status_of(3, "o"), status_of(5, "x"), status_of(0, None)])
def test_a_rolled_back_worker_is_distinguished_until_it_is_synced_again(status: Status) -> None:
    records = known(5, (5, "p"))
    before = found(records, status, "p")
    for _ in range(3):
        records = ingest_status(records, status, now=NOW).records
    assert found(records, status, "p") == before
    records = records.with_project(PROJECT, generation=6)
    in_sync = status_of(6, "p")
    assert found(ingest_status(records, in_sync, now=NOW).records, in_sync, "p") is None


def test_lost_records_continue_from_the_workers_generation() -> None:
    records = ingest_status(known(0, None), status_of(7, "p"), now=NOW).records
    assert (records.of().generation, records.of().applied) == (7, Applied(generation=7, plan_hash="p"))


def test_a_restored_state_directory_does_not_continue_by_itself() -> None:
    read_before = ingest_status(known(3, (3, "p")), status_of(3, "p"), now=NOW).records
    records = ingest_status(read_before, status_of(7, "y"), now=NOW).records
    assert records.of().generation == 3


def test_a_false_generation_is_reported_only_while_it_is_there() -> None:
    false, lost = status_of(10**15, "p"), status_of(0, None)
    records = ingest_status(known(5, (5, "p")), status_of(5, "p"), now=NOW).records
    records = ingest_status(records, false, now=NOW).records
    assert found(records, false, "p") is not None
    records = ingest_status(records, lost, now=NOW).records
    drift = found(records, lost, "p")
    assert drift is not None and drift.word == "lost"
    records = records.with_project(PROJECT, generation=6)
    again = status_of(6, "p")
    assert found(ingest_status(records, again, now=NOW).records, again, "p") is None


def test_records_that_hold_a_false_generation_recover() -> None:
    """Version 0.1.0 recorded it."""
    records = ingest_status(known(6, (10**15, "x")), status_of(6, "p"), now=NOW).records
    assert found(records, status_of(6, "p"), "p") is None
