"""Any interleaving of operations, pulls, crashes, losses and restored copies: the operator ends with what the
journal says, or in an explicit gap, reset or rewound."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from nearby import SHARED_MEMORY, WORKER, Engine, Nearby

from decnet.agent import docker, journal, limits, status
from decnet.engine.apply import commit
from decnet.engine.observe import observe
from decnet.engine.snapshot import Snapshot
from decnet.images import wanted
from decnet.model.fleet import Fleet
from decnet.model.record import OPEN, LifecycleRow, WorkerRecords
from decnet.model.worker import Worker
from decnet.store.records import Records

DECKIES = ("web", "db", "mail")


class NearbyLinks:
    """Connections to the one agent of this process."""

    def __init__(self, place: Nearby) -> None:
        self._place = place

    async def call_all(
        self, workers: Iterable[Worker], call: Callable[[Any], Awaitable[Any]]
    ) -> dict[str, Any]:
        return {worker.name: await call(self._place.client) for worker in workers}

    def is_new(self, sentence: str) -> bool:
        return True


class Following(RuleBasedStateMachine):
    """`ended` is how each request's operation ended, in the words that its row must have: `lost` where no
    record of it was ever durable. `owed`: something was lost, which must still be reported to the
    operator."""

    @initialize()
    def begin(self) -> None:
        folder = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
        self.place = Nearby(Path(tempfile.mkdtemp(prefix="decnet-journal-", dir=folder)))
        self.engine = Engine()
        self.patch = pytest.MonkeyPatch()
        real = journal.page
        self.patch.setattr(docker, "get", self.engine.get)
        self.patch.setattr(limits, "JOURNAL_BYTES", 3000)
        self.patch.setattr(journal, "page", lambda cursor: real(cursor, 3))
        self.patch.setattr(status, "recent_jobs", self.jobs)
        self.running: dict[str, str] = {}
        self.ended: dict[str, str] = {}
        self.number = 0
        self.terminal: dict[str, LifecycleRow] = {}
        self.snapshot: Path | None = None
        self.older: bytes | None = None
        self.quiet = True

    def teardown(self) -> None:
        if hasattr(self, "patch"):
            self.patch.undo()
            self.place.close()

    def jobs(self) -> list[dict[str, Any]]:
        return [
            {"job_id": r, "request_id": r, "state": "running", "operation": "apply", "done": 0, "total": 1,
             "current": "", "started": 1.0, "error": ""}
            for r in self.running
        ]  # fmt: skip

    # The worker.

    @rule(data=st.data(), status=st.sampled_from(["pending", "running"]))
    def operation_begins(self, data: st.DataObject, status: str) -> None:
        self.number += 1
        request, decky = f"r{self.number}", data.draw(st.sampled_from(DECKIES))
        row = LifecycleRow(
            id=request, decky=decky, operation="create", request_id=request, status=status,  # type: ignore[arg-type]
            created=self.place.ctx.now(),
        )  # fmt: skip
        store = Records(self.place.home)
        records = store.load(WORKER)
        store.save(records.model_copy(update={"lifecycle": (*records.lifecycle, row)}))
        self.running[request] = decky

    @precondition(lambda self: self.running)
    @rule(data=st.data(), error=st.sampled_from([None, "it broke"]))
    def operation_ends(self, data: st.DataObject, error: str | None) -> None:
        request = data.draw(st.sampled_from(sorted(self.running)))
        journal.append(self.running.pop(request), "create", error, request)
        self.ended[request] = "failed" if error else "succeeded"
        if request not in {row.request_id for row in self.load().lifecycle}:
            self.quiet = False

    @precondition(lambda self: self.running)
    @rule(data=st.data(), torn=st.booleans())
    def job_is_killed(self, data: st.DataObject, torn: bool) -> None:
        """Before it has written its end, or in the middle of that."""
        request = data.draw(st.sampled_from(sorted(self.running)))
        decky = self.running.pop(request)
        if torn:
            journal.append(decky, "create", None, request)
            file = self.place.agent_home / "journal.jsonl"
            os.truncate(file, file.stat().st_size - data.draw(st.integers(1, 20)))
        self.ended[request] = "lost"

    @rule()
    def journal_is_lost(self) -> None:
        (self.place.agent_home / "journal.jsonl").unlink(missing_ok=True)
        self.quiet = False

    @rule()
    def take_snapshot(self) -> None:
        self.snapshot = self.place.copy("snapshot")

    @precondition(lambda self: self.snapshot is not None)
    @rule()
    def worker_is_restored(self) -> None:
        assert self.snapshot is not None
        self.place.restore(self.snapshot)
        self.running.clear()
        # A copy from exactly where the reading had ended agrees with it: what came after is lost with the
        # machine, and its rows say so.
        for request in range(1, self.number + 1):
            if not journal.ends_of(f"r{request}"):
                self.ended[f"r{request}"] = "lost"
        self.quiet = False

    # The operator.

    @property
    def path(self) -> Path:
        return self.place.home.records(WORKER)

    def load(self) -> WorkerRecords:
        return Records(self.place.home).load(WORKER)

    @rule()
    def cursor_is_lost(self) -> None:
        store = Records(self.place.home)
        store.save(store.load(WORKER).model_copy(update={"cursor": None}))
        self.quiet = False

    @rule()
    def records_are_lost(self) -> None:
        self.path.unlink(missing_ok=True)
        self.terminal = {}
        self.quiet = False

    @rule()
    def keep_a_copy_of_the_records(self) -> None:
        self.older = self.path.read_bytes() if self.path.exists() else None

    @precondition(lambda self: self.older is not None)
    @rule()
    def records_are_restored_from_the_copy(self) -> None:
        assert self.older is not None
        self.path.write_bytes(self.older)
        self.terminal = {row.request_id: row for row in self.load().lifecycle if row.status not in OPEN}
        self.quiet = False

    def looked(self) -> Snapshot:
        worker = Worker(name="w1", worker_id=WORKER, host="192.0.2.1")
        fleet = Fleet(fleet_id="fleet-1")
        # As `load` does it: every pass reads the records again, through the command's own store.
        known = {"w1": self.place.ctx.records.load(WORKER)}
        start = Snapshot(fleet, fleet, {"w1": worker}, wanted(), self.place.ctx.catalog, known)
        return asyncio.run(observe(self.place.ctx, NearbyLinks(self.place), start))  # type: ignore[arg-type]

    @rule()
    def pull_and_crash(self) -> None:
        self.looked()
        self.place.heard()

    @rule()
    def pull(self) -> None:
        before = self.load()
        commit(self.place.ctx, self.looked())
        said, records = self.place.heard(), self.load()
        for row in records.lifecycle:
            self.check(row, said, knew=before.cursor is not None)
        assert records.cursor is not None
        page = journal.read()
        if page.readable:
            assert (records.cursor.journal_id, records.cursor.seq) == (page.journal_id, page.last)
        if self.quiet and before.cursor is not None:
            assert said == []
        self.quiet = True

    def check(self, row: LifecycleRow, said: list[str], *, knew: bool) -> None:
        assert (row.status in OPEN) == (row.request_id in self.running), row
        if row.status in OPEN or row.request_id in self.terminal:
            return
        self.terminal[row.request_id] = row
        if self.ended[row.request_id] != "lost":
            assert row.status in (self.ended[row.request_id], "lost")
        if row.status == "lost" and self.ended[row.request_id] != "lost" and knew:
            assert said, f"the record of {row.request_id} was lost without a word"

    # What must hold.

    @invariant()
    def a_row_that_has_ended_never_changes_again(self) -> None:
        if hasattr(self, "place"):
            rows = {row.request_id: row for row in self.load().lifecycle}
            assert {r: rows.get(r) for r in self.terminal} == self.terminal


SETTINGS = settings(
    max_examples=40, stateful_step_count=30, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


def test_the_operator_ends_with_the_state_of_the_journal_or_a_report_of_losses() -> None:
    run_state_machine_as_test(Following, settings=SETTINGS)


@pytest.mark.slow
def test_the_journal_is_followed_through_thousands_of_interleavings() -> None:
    run_state_machine_as_test(Following, settings=settings(SETTINGS, max_examples=3000))
