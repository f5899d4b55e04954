"""Ingests a worker's status: closes lifecycle rows by its journal, marks lost jobs, advances the cursor."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import cast, get_args

from decnet.model.actual import Status
from decnet.model.journal import Cursor, JournalPage, JournalRecord, Verdict
from decnet.model.record import OPEN, LifecycleRow, Operation, ProjectRecords, WorkerRecords
from decnet.model.worker import Facts
from decnet.plan.slice_drift import newest_applied
from decnet.wire import GENESIS, MAX_ERROR_CHARS, PROJECT, ROLLOUT_OPERATIONS, clean, is_project, longest_job

from .journal_verify import verify_page

KEPT_ROWS = 500
"""How many closed lifecycle rows of one worker are kept; the oldest go first."""

MAX_CLOCK_AHEAD_SECONDS = 5.0
"""How far a worker's clock may be ahead before its times are replaced by ours."""

JOB_OVERDUE_SECONDS = 1200.0
"""How much longer than a job may take an operation may be open before it is marked lost, even if the worker
reports its job as running."""

MAX_NOTES = 5
"""How many dropped records of one status are reported one by one."""


@dataclass(frozen=True)
class IngestedStatus:
    """The records after a status, the new journal records, and notes for the operator."""

    records: WorkerRecords
    ended: tuple[JournalRecord, ...] = ()
    notes: tuple[str, ...] = ()


def ingest_status(
    records: WorkerRecords, status: Status, *, now: float, facts: Facts | None = None
) -> IngestedStatus:
    """The records of one worker after one status. `now` is the operator's clock, seconds since the epoch."""
    page = status.journal
    rows = list(records.lifecycle)
    opened = _OpenRows(rows)
    verified = verify_page(page, records.cursor)
    unmatched = [
        record
        for record in verified.records
        if record.operation not in ROLLOUT_OPERATIONS and not opened.close(record, now)
    ]
    if records.cursor is None and not records.lifecycle:
        # Nothing is known of this worker (any more): its journal is the history.
        rows = [
            row for each in unmatched[-KEPT_ROWS:] if (row := _row_from_record(each, page.journal_id, now))
        ]
    # A page that announces more records but has none must not delay this.
    is_whole = page.end is None or not page.more
    sizes = Counter(row.request_id for row in rows)
    overdue = {row.id for row in rows if abs(now - row.created) >= _patience(sizes[row.request_id])}
    rows = [
        _mark_lost(row, status, now, row.id in overdue) if is_whole or row.id in overdue else row
        for row in rows
    ]
    updated = records.model_copy(
        update={
            "lifecycle": _trim([_mark_running(row, status, now) for row in rows]),
            "cursor": _next_cursor(records.cursor, page, verified.verdict),
            "projects": _all_projects(records, status),
            "facts": _facts(records.facts, facts),
        }
    )
    notes = [*verified.notes, *_unmatched_notes(page, unmatched if records.cursor else [])]
    return IngestedStatus(updated, verified.records, tuple(notes))


def _all_projects(records: WorkerRecords, status: Status) -> dict[str, ProjectRecords]:
    """The records of each project that is recorded here or held by the worker. One that the worker alone has
    ever spoken of lasts as long as it does: otherwise it could add others for ever."""
    held = {name for name in status.projects if is_project(name)}
    ours = {name for name, known in records.projects.items() if known.deckies or known.generation}
    return {name: _project_records(records, name, status) for name in sorted({*ours, *held})}


def _project_records(records: WorkerRecords, name: str, status: Status) -> ProjectRecords:
    known, reported = records.of(name), status.held(name)
    # If nothing was ever read from this worker, the records are lost or new: they continue from the worker's
    # own.
    generation = known.generation if records.cursor else max(known.generation, reported.generation)
    return known.model_copy(
        update={
            "plan_hash": reported.plan_hash,
            "applied": newest_applied(known.applied, reported, generation),
            "generation": generation,
        }
    )


def _facts(known: Facts | None, reported: Facts | None) -> Facts | None:
    """The facts to record: the known ones if only volatile values (free disk, neighbours) changed."""
    if known is None or reported is None:
        return reported or known
    return known if _without_volatile(known) == _without_volatile(reported) else reported


def _without_volatile(facts: Facts) -> Facts:
    return facts.model_copy(update={"disk_free_mib": 0, "neighbours": (), "networks": (), "images": ()})


def _unmatched_notes(page: JournalPage, unmatched: list[JournalRecord]) -> list[str]:
    """Notes about records that match no row. A journal that is read for the first time has operations that
    this operator never followed: the caller leaves those out."""
    notes = [f"journal record {r.seq} for {clean(r.decky, 40)} matches no open operation" for r in unmatched]
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"{len(notes) - MAX_NOTES} more journal records match no open operation"]
    if page.damaged:
        notes.append(f"{len(page.damaged)} of its journal records are malformed and were dropped")
    return notes


class _OpenRows:
    """The open ones of these rows: a worker's page may have thousands of records, and none goes through all
    rows."""

    def __init__(self, rows: list[LifecycleRow]) -> None:
        self._rows = rows
        self._places: dict[tuple[str, str, str, str], list[int]] = {}
        for place, row in enumerate(rows):
            if row.status in OPEN:
                key = (row.project, row.decky, row.operation, row.request_id)
                self._places.setdefault(key, []).append(place)

    def close(self, record: JournalRecord, now: float) -> bool:
        """Close the newest row for the record's decky and operation that its own request has opened: an old
        record that is read again does not end an operation in progress."""
        places = self._places.get(record.key)
        if not places:
            return False
        place = places.pop()
        self._rows[place] = _closed_row(self._rows[place], record, now)
        return True


def _row_from_record(record: JournalRecord, journal_id: str, now: float) -> LifecycleRow | None:
    """The row that a record describes; None if the operation is unknown."""
    if record.operation not in get_args(Operation):
        return None
    at = record.at if record.at is not None and 0 < record.at <= now + MAX_CLOCK_AHEAD_SECONDS else None
    return LifecycleRow(
        id=f"{journal_id}:{record.seq}",
        project=record.project or PROJECT,
        decky=record.decky,
        operation=cast(Operation, record.operation),
        request_id=record.request_id,
        status=record.status,
        reason="read from the worker's journal",
        created=at or now,
        ended=at or now,
        ended_by_worker=at is not None,
        error=record.error[:MAX_ERROR_CHARS],
    )


def _closed_row(row: LifecycleRow, record: JournalRecord, now: float) -> LifecycleRow:
    at = record.at
    earliest = max(0.0, row.created - MAX_CLOCK_AHEAD_SECONDS)
    plausible = at is not None and earliest <= at <= now + MAX_CLOCK_AHEAD_SECONDS
    return row.model_copy(
        update={
            "status": record.status,
            "ended": at if plausible else now,
            "ended_by_worker": plausible,
            "error": record.error[:MAX_ERROR_CHARS],
        }
    )


def _mark_lost(row: LifecycleRow, status: Status, now: float, is_overdue: bool) -> LifecycleRow:
    """A row whose job is gone, or runs longer than any job can, is lost: no row stays open forever."""
    if row.status not in OPEN:
        return row
    if _job_runs(row, status) and not is_overdue:
        return row
    job = next((job for job in status.jobs if job.request_id == row.request_id), None)
    if job is None or job.state == "lost":
        error = "the job that carried it out is gone"
    elif row.created > now:
        error = "it was sent under a clock that was ahead, and its job still runs"
    elif job.state == "running":
        error = f"its job has been running for more than {(now - row.created) / 60:.0f} minutes"
    else:
        error = f"its job ended ({job.state}), and its record is not in the journal"
    return row.model_copy(update={"status": "lost", "ended": now, "error": error})


def _patience(deckies: int) -> float:
    """Seconds that an operation of a job of so many deckies may be open."""
    return longest_job(deckies) + JOB_OVERDUE_SECONDS


def _mark_running(row: LifecycleRow, status: Status, now: float) -> LifecycleRow:
    """A pending row whose job runs: the command that sent it ended before it could record that."""
    if row.status == "pending" and _job_runs(row, status):
        return row.model_copy(update={"status": "running", "started": now})
    return row


def _job_runs(row: LifecycleRow, status: Status) -> bool:
    return any(job.request_id == row.request_id and job.state == "running" for job in status.jobs)


def _next_cursor(cursor: Cursor | None, page: JournalPage, verdict: Verdict) -> Cursor:
    if page.end is not None:
        return page.end
    if cursor is not None and verdict in ("ok", "gap"):
        return cursor
    return Cursor(journal_id=page.journal_id, seq=0, hash=GENESIS)


def _trim(rows: list[LifecycleRow]) -> tuple[LifecycleRow, ...]:
    """Drop the oldest closed rows; keep those of the newest request, which may still be followed."""
    surplus = len(rows) - KEPT_ROWS
    newest = rows[-1].request_id if rows else ""
    kept = []
    for row in rows:
        if surplus > 0 and row.status not in OPEN and row.request_id != newest:
            surplus -= 1
            continue
        kept.append(row)
    return tuple(kept)
