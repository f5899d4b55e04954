"""What a pull teaches: rows are closed once, by the right record, whatever a worker says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType

import pytest

from decnet.model.actual import HeldProject, Job, Status
from decnet.model.journal import Cursor, JournalPage, JournalRecord
from decnet.model.record import LifecycleRow, WorkerRecords
from decnet.model.worker import Hello
from decnet.plan.ingest_status import (
    JOB_OVERDUE_SECONDS,
    KEPT_ROWS,
    MAX_CLOCK_AHEAD_SECONDS,
    MAX_NOTES,
    ingest_status,
)
from decnet.wire import PROJECT, chained, longest_job

NOW = 1_700_000_000.0
ZERO = "0" * 64
HELD = {PROJECT: HeldProject(generation=1, plan_hash="p")}
HELLO = Hello(protocol=1, agent="a", worker_id="w", fleet_id="f", engine_id="e", boot_id="b", clock=NOW)


def row(
    decky: str, status: str = "running", *, request: str = "r1", created: float = NOW - 60, **more: object
) -> LifecycleRow:
    known = {
        "id": f"{decky}-{request}-{created}",
        "decky": decky,
        "operation": "create",
        "request_id": request,
        "status": status,
        "created": created,
    }
    return LifecycleRow.model_validate({**known, **more})


def record(seq: int, decky: str, status: str = "succeeded", **more: object) -> JournalRecord:
    known = {
        "seq": seq,
        "at": NOW - 1,
        "decky": decky,
        "operation": "create",
        "status": status,
        "error": "",
        "request_id": "r1",
    }
    return JournalRecord.model_validate(chained({**known, **more}, ZERO))


def linked(records: Sequence[JournalRecord]) -> tuple[JournalRecord, ...]:
    """The records as in one journal."""
    rows, before = [], ZERO
    for each in records:
        rows.append(JournalRecord.model_validate(chained(each.model_dump(exclude={"project"}), before)))
        before = rows[-1].hash
    return tuple(rows)


def pulled(
    *records: JournalRecord, verdict: str = "ok", more: bool = False, jobs: tuple[Job, ...] = ()
) -> Status:
    page = JournalPage.model_validate(
        {
            "journal_id": "j",
            "first_seq": records[0].seq if records else 1,
            "last_seq": records[-1].seq if records else 0,
            "verdict": verdict,
            "records": linked(records),
            "more": more,
        }
    )
    return Status(hello=HELLO, docker="up", projects=HELD, containers=(), jobs=jobs, journal=page)


def known(*rows: LifecycleRow, cursor: Cursor | None = None) -> WorkerRecords:
    return WorkerRecords(worker_id="w", lifecycle=rows, cursor=cursor)


def running_job(request: str = "r1") -> Job:
    return Job(job_id="x", request_id=request, state="running", operation="create")


def test_a_journal_record_closes_the_newest_open_row_of_its_decky() -> None:
    older, newer = row("web", request="r0", created=NOW - 90), row("web", created=NOW - 30)
    learned = ingest_status(known(older, newer), pulled(record(1, "web"), jobs=(running_job("r0"),)), now=NOW)
    assert [each.status for each in learned.records.lifecycle] == ["running", "succeeded"]


def test_a_record_closes_the_row_of_its_own_request_only() -> None:
    older, newer = row("web", request="r0", created=NOW - 90), row("web", created=NOW - 30)
    late = record(1, "web", "failed", request_id="r0", at=NOW - 50)
    learned = ingest_status(known(older, newer), pulled(late, jobs=(running_job("r1"),)), now=NOW)
    assert [each.status for each in learned.records.lifecycle] == ["failed", "running"]


def test_an_old_record_that_is_read_again_ends_nothing() -> None:
    ended, open_now = row("web", "succeeded", request="r0", ended=NOW - 50), row("web")
    cursor = Cursor(journal_id="other", seq=9, hash=ZERO)
    again = pulled(record(1, "web", request_id="r0"), verdict="reset", jobs=(running_job(),))
    learned = ingest_status(known(ended, open_now, cursor=cursor), again, now=NOW)
    assert learned.records.lifecycle == (ended, open_now)


def test_lost_rows_are_made_again_from_the_journal_and_what_is_older_is_a_gap() -> None:
    odd = record(9, "web", operation="dance")
    page = pulled(record(7, "web"), record(8, "db", "failed", error="no", at=NOW + 900), odd, verdict="gap")
    learned = ingest_status(known(), page, now=NOW)
    rows = [(r.decky, r.status, r.ended, r.ended_by_worker, r.error) for r in learned.records.lifecycle]
    assert rows == [("web", "succeeded", NOW - 1, True, ""), ("db", "failed", NOW, False, "no")]
    assert learned.notes == ("its journal begins with record 7",)
    assert ingest_status(learned.records, pulled(), now=NOW).records.lifecycle == learned.records.lifecycle


def test_a_duplicate_is_dropped_and_the_rest_continues() -> None:
    first = record(1, "web")
    learned = ingest_status(known(row("web"), row("db")), pulled(first, first, record(2, "db")), now=NOW)
    assert [each.status for each in learned.records.lifecycle] == ["succeeded", "succeeded"]


MALFORMED: tuple[object, ...] = (
    None, [], "x", {}, {"seq": 2}, {"seq": -1, "hash": ZERO}, {"seq": 2, "hash": "nonsense"},
    {**record(2, "db").model_dump(), "status": "perhaps"}, {**record(2, "db").model_dump(), "more": 1},
    {**record(2, "db").model_dump(), "decky": "x" * 10_000}, {**record(2, "db").model_dump(), "decky": 7},
)  # fmt: skip


@pytest.mark.parametrize("odd", MALFORMED)
def test_a_malformed_record_is_reported_and_dropped_and_the_rest_continues(odd: object) -> None:
    page = {**page_of(), "records": [record(1, "web").model_dump(), odd, record(3, "db").model_dump()]}
    status = pulled().model_copy(update={"journal": JournalPage.model_validate(page)})
    learned = ingest_status(known(row("web"), row("db")), status, now=NOW)
    assert [each.status for each in learned.records.lifecycle] == ["succeeded", "succeeded"]
    assert learned.records.cursor == Cursor(journal_id="j", seq=3, hash=record(3, "db").hash)
    assert learned.notes == ("1 of its journal records are malformed and were dropped",)


def test_a_page_of_nothing_but_malformed_records_does_not_keep_rows_open() -> None:
    page = JournalPage.model_validate({**page_of(), "records": [None, {}], "more": True})
    status = pulled().model_copy(update={"journal": page})
    learned = ingest_status(known(row("web")), status, now=NOW)
    assert [each.status for each in learned.records.lifecycle] == ["lost"]


def page_of() -> dict[str, object]:
    return pulled().journal.model_dump(exclude={"records", "damaged"})


@pytest.mark.parametrize("at", ["yesterday", None, [], True, {}])
def test_a_time_that_cannot_be_read_is_replaced_by_our_own_and_marked(at: object) -> None:
    page = {**page_of(), "records": [{**record(1, "web").model_dump(), "at": at}]}
    status = pulled().model_copy(update={"journal": JournalPage.model_validate(page)})
    ended = ingest_status(known(row("web")), status, now=NOW).records.lifecycle[0]
    assert (ended.status, ended.ended, ended.ended_by_worker) == ("succeeded", NOW, False)


def test_a_time_before_the_epoch_is_replaced_also_by_a_clock_that_was_never_set() -> None:
    ended = ingest_status(known(row("web", created=5.0)), pulled(record(1, "web", at=-7.0)), now=9.0)
    last = ended.records.lifecycle[0]
    assert (last.status, last.ended, last.ended_by_worker) == ("succeeded", 9.0, False)


def test_an_error_is_cut_at_its_bound() -> None:
    page = {**page_of(), "records": [{**record(1, "web", "failed").model_dump(), "error": "x" * 90_000}]}
    status = pulled().model_copy(update={"journal": JournalPage.model_validate(page)})
    assert len(ingest_status(known(row("web")), status, now=NOW).records.lifecycle[0].error) == 2000


def test_a_row_that_was_sent_by_a_killed_command_runs_once_its_job_is_seen() -> None:
    learned = ingest_status(known(row("web", "pending")), pulled(jobs=(running_job(),)), now=NOW)
    (seen,) = learned.records.lifecycle
    assert (seen.status, seen.started) == ("running", NOW)


def test_a_report_of_a_job_that_runs_forever_is_ignored() -> None:
    old = row("web", created=NOW - longest_job(1) - JOB_OVERDUE_SECONDS - 1)
    learned = ingest_status(known(old), pulled(jobs=(running_job(),)), now=NOW)
    assert learned.records.lifecycle[0].status == "lost"


def test_a_row_from_a_clock_that_was_ahead_does_not_stay_open_until_then() -> None:
    ahead = row("web", created=NOW + 30 * 86_400.0)
    learned = ingest_status(known(ahead), pulled(jobs=(running_job(),)), now=NOW)
    [lost] = learned.records.lifecycle
    assert (lost.status, lost.error) == (
        "lost",
        "it was sent under a clock that was ahead, and its job still runs",
    )
    soon = row("web", created=NOW + 3.0)
    kept = ingest_status(known(soon), pulled(jobs=(running_job(),)), now=NOW).records.lifecycle[0]
    assert kept.status != "lost"


def test_many_records_that_match_nothing_are_reported_in_a_few_lines() -> None:
    cursor = Cursor(journal_id="j", seq=0, hash=ZERO)
    found = ingest_status(
        known(cursor=cursor), pulled(*(record(n, "x") for n in range(1, 1001))), now=NOW
    ).notes
    assert len(found) == MAX_NOTES + 1
    assert found[-1] == f"{1000 - MAX_NOTES} more journal records match no open operation"


def test_a_row_that_has_ended_never_changes_again() -> None:
    ended = row("web", "failed", error="no space", ended=NOW - 50)
    learned = ingest_status(known(ended), pulled(record(1, "web")), now=NOW)
    assert learned.records.lifecycle == (ended,)


def test_the_cursor_moves_in_the_same_value_as_the_rows_it_explains() -> None:
    learned = ingest_status(known(row("web")), pulled(record(7, "web")), now=NOW)
    assert learned.records.cursor == Cursor(journal_id="j", seq=7, hash=record(7, "web").hash)


def test_a_row_whose_job_is_gone_is_lost_at_once() -> None:
    learned = ingest_status(known(row("web")), pulled(), now=NOW)
    assert [(each.status, each.ended) for each in learned.records.lifecycle] == [("lost", NOW)]


def test_a_row_whose_job_runs_stays_open() -> None:
    learned = ingest_status(known(row("web")), pulled(jobs=(running_job(),)), now=NOW)
    assert learned.records.lifecycle == known(row("web")).lifecycle


def test_nothing_is_lost_while_pages_of_the_journal_are_still_to_come() -> None:
    learned = ingest_status(known(row("web"), row("db")), pulled(record(1, "web"), more=True), now=NOW)
    assert [each.status for each in learned.records.lifecycle] == ["succeeded", "running"]


@pytest.mark.parametrize("at", [NOW + MAX_CLOCK_AHEAD_SECONDS + 1, NOW + 86400, NOW - 86400, 0.0])
def test_a_time_that_cannot_be_is_replaced_by_our_own_and_marked(at: float) -> None:
    learned = ingest_status(known(row("web")), pulled(record(1, "web", at=at)), now=NOW)
    ended = learned.records.lifecycle[0]
    assert (ended.ended, ended.ended_by_worker) == (NOW, False)


def test_what_a_dead_man_did_ends_no_operation_and_is_not_reported() -> None:
    cursor = Cursor(journal_id="j", seq=0, hash=ZERO)
    actions = [
        record(seq, "web", operation=name) for seq, name in ((1, "arm"), (2, "confirm"), (3, "revert"))
    ]
    result = ingest_status(known(row("web"), cursor=cursor), pulled(*actions, jobs=(running_job(),)), now=NOW)
    assert (result.notes, [each.status for each in result.records.lifecycle]) == ((), ["running"])
    assert len(result.ended) == 3


def test_a_record_that_matches_no_row_is_reported_and_dropped() -> None:
    cursor = Cursor(journal_id="j", seq=0, hash=ZERO)
    learned = ingest_status(known(cursor=cursor), pulled(record(1, "gh\x1b[31most")), now=NOW)
    assert learned.records.lifecycle == ()
    assert learned.notes == ("journal record 1 for gh\\x1b[31most matches no open operation",)


@pytest.mark.parametrize(
    ("verdict", "word"), [("gap", "lacks"), ("reset", "journal is new"), ("rewound", "rewound")]
)
def test_a_verdict_that_is_not_ok_is_reported(verdict: str, word: str) -> None:
    cursor = Cursor(journal_id="j", seq=3, hash=ZERO)
    (note,) = ingest_status(known(cursor=cursor), pulled(verdict=verdict), now=NOW).notes
    assert word in note


def test_closed_rows_are_trimmed_and_open_ones_kept() -> None:
    closed = tuple(
        row("old", "succeeded", request=f"o{n}", created=NOW - 9000 + n) for n in range(KEPT_ROWS + 20)
    )
    first = row("web", request="r9")
    learned = ingest_status(known(first, *closed), pulled(jobs=(running_job("r9"),)), now=NOW)
    assert len(learned.records.lifecycle) == KEPT_ROWS
    assert learned.records.lifecycle[0] == first


def test_the_rows_of_the_newest_request_are_never_trimmed() -> None:
    """Otherwise the ends of a job with very many steps would be dropped before they are reported."""
    old = row("old", "succeeded", request="r0", created=NOW - 9000)
    many = tuple(row(f"web-{n}", "succeeded", ended=NOW) for n in range(KEPT_ROWS + 200))
    assert ingest_status(known(old, *many), pulled(), now=NOW).records.lifecycle == many


def test_a_journal_that_promises_ever_more_does_not_keep_an_old_row_open() -> None:
    cursor = Cursor(journal_id="j", seq=0, hash=ZERO)
    young, old = row("web", request="r9"), row("old", created=NOW - longest_job(1) - JOB_OVERDUE_SECONDS)
    learned = ingest_status(known(old, young, cursor=cursor), pulled(record(1, "x"), more=True), now=NOW)
    assert [each.status for each in learned.records.lifecycle] == ["lost", "running"]


def test_a_pull_that_brings_nothing_changes_nothing() -> None:
    learned = ingest_status(known(row("web", "succeeded", ended=NOW - 5)), pulled(), now=NOW)
    again = ingest_status(learned.records, pulled(), now=NOW + 100)
    assert again.records == learned.records


def test_no_record_of_a_page_goes_through_all_rows() -> None:
    """A page may have thousands of records, and the worker may lie: their keys are compared once each."""
    names = [f"web-{number}" for number in range(40)]
    status = pulled(*linked([record(number, name) for number, name in enumerate(names, 1)]))
    keys = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal keys
        keys += event == "call" and frame.f_code.co_qualname == "JournalRecord.key"

    sys.setprofile(count)
    try:
        ended = ingest_status(known(*map(row, names)), status, now=NOW)
    finally:
        sys.setprofile(None)
    assert {each.status for each in ended.records.lifecycle} == {"succeeded"}
    assert keys == len(names)
