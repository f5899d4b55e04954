"""One job on one worker: recorded as pending, sent, followed to its end, recorded step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from decnet.engine.bundle import make_bundle
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.progress import JobProgress, JobStarted, StepDone
from decnet.engine.release import described_to_worker, release_request
from decnet.engine.snapshot import Snapshot
from decnet.errors import DecnetError, TrustRefused, Unreachable, WorkerError, WorkerFailure
from decnet.model.actual import Container, Seen, Status
from decnet.model.keys import SliceKey
from decnet.model.plan import Bundle, Step
from decnet.model.record import OPEN, DeckyRow, LifecycleRow, ProjectRecords, WorkerRecords
from decnet.plan.claims import known_claims
from decnet.plan.decky_view import contradiction, observed_row, remaining_row
from decnet.plan.ingest_status import ingest_status
from decnet.plan.retry_policy import is_repair
from decnet.plan.steps import claims_address
from decnet.wire import (
    AGENT_VERSION,
    JOB_SECONDS_AFTER_PROGRESS,
    MAX_ERROR_CHARS,
    PROJECT,
    TOPOLOGIES_VERSION,
    clean,
    job_limit,
)

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

PUSH_SECONDS = 60.0
"""The longest that a job without steps may take, which only stores the slice."""

JOB_EXIT_GRACE_SECONDS = 10.0
"""How long a job may report that it runs after all its steps have ended."""

SILENCE_TIMEOUT_SECONDS = 20.0
"""How long a worker may be silent during its job before it counts as lost."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 2.0
"""Between two answers about a job that runs: the agent waits so long for its end, if it is not too old. Each
answer takes processor time from the containers that start."""

HEALS_KEPT = 20
LOG_LINES, LOG_CHARS = 15, 200
"""Lines, and characters per line, that are shown of a failed container's log."""


@dataclass
class JobEnd:
    """How a worker's job ended, and the worker's records after it (None where it never began)."""

    outcomes: list[StepDone] = field(default_factory=list)
    failure: WorkerFailure | None = None
    detached: bool = False
    records: WorkerRecords | None = None


async def run_job(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    key: SliceKey,
    steps: Sequence[Step],
    *,
    detach: bool,
) -> JobEnd:
    """Send the steps to the worker as one job and follow it; after every commit the job can be resumed.

    A job without steps only updates the worker's copy of desired. A failure of the worker is part of the
    result, with the steps that had ended before it; a failure of this machine is raised.
    """
    follower: _Follower | None = None
    try:
        _check_agent(snap, key)
        follower = _Follower(ctx, connections.client(snap.workers[key.worker]), snap, key, steps)
        return await _run(follower, detach=detach)
    except DecnetError as error:
        failure = WorkerFailure.of(error)
        ctx.emit(failure)
        if follower is None:
            return JobEnd(failure=failure)
        return JobEnd(follower.outcomes, failure, records=follower.records)


def _check_agent(snap: Snapshot, key: SliceKey) -> None:
    """Raises WorkerError if the agent is too old for topologies and could not be replaced."""
    seen = snap.observed.get(key.worker)
    if key.project == PROJECT or not isinstance(seen, Seen) or seen.agent_compatibility != "older":
        return
    version = seen.status.hello.version
    if version < TOPOLOGIES_VERSION:
        raise WorkerError(
            f"its agent has version {version} and cannot run topologies; this decnet has {AGENT_VERSION}",
            hint=f"decnet worker upgrade {key.worker}",
            worker=key.worker,
        )


async def _run(follower: _Follower, *, detach: bool) -> JobEnd:
    follower.write_pending()
    try:
        await follower.send()
    except Unreachable:
        raise
    except DecnetError as error:
        # The agent may have started the job before it died or before its answer was damaged.
        if isinstance(error, TrustRefused) or not await follower.was_started():
            follower.close_refused(error)
            return JobEnd(follower.outcomes, WorkerFailure.of(error), records=follower.records)
    if not detach:
        await follower.follow()
    return JobEnd(follower.outcomes, detached=detach, records=follower.records)


def split_error(error: str) -> tuple[str, tuple[str, ...]]:
    """The first line of an agent's error, and the last of the following lines: the log of the failed
    container. Without control characters."""
    # Agents of version 0.1.0 escape the ends of lines.
    first, *more = error.replace("\\x0a", "\n").splitlines() or [""]
    lines = [clean(line.rstrip(), LOG_CHARS) for line in more if line.strip()]
    return clean(first, LOG_CHARS * 2), tuple(lines[-LOG_LINES:])


class _Follower:
    """The state of one job while it is followed."""

    def __init__(
        self, ctx: Context, client: AgentClient, snap: Snapshot, key: SliceKey, steps: Sequence[Step]
    ) -> None:
        self.ctx = ctx
        self.client = client
        self.snap = snap
        self.key = key
        self.name = key.worker
        self.steps = {step.decky: step for step in steps}
        self.records = snap.recorded[key.worker]
        self.request_id = release_request(snap, key, self.records) or ctx.identifier()
        self.expected = snap.expected.get(key, {})
        self.outcomes: list[StepDone] = []
        self.replaced_rows: dict[str, DeckyRow | None] = {}
        self.all_ended_at: float | None = None

    @property
    def project_records(self) -> ProjectRecords:
        """The records of the job's project."""
        return self.records.of(self.key.project)

    def save(self, records: WorkerRecords) -> None:
        self.records = records
        self.ctx.records.save(records)

    def write_pending(self) -> None:
        now = self.ctx.now()
        rows = [
            LifecycleRow(
                id=self.ctx.identifier(),
                project=step.project,
                decky=step.decky,
                operation=step.operation or "change",
                request_id=self.request_id,
                status="pending",
                reason=step.reason,
                created=now,
            )
            for step in self.steps.values()
        ]
        heals = dict(self.project_records.heals)
        for step in self.steps.values():
            wanted = step.row.containers if step.row else {}
            if is_repair(step.bucket, self.project_records.deckies.get(step.decky), wanted):
                heals[step.decky] = (*heals.get(step.decky, ()), now)[-HEALS_KEPT:]
        records = self.records.model_copy(update={"lifecycle": (*self.records.lifecycle, *rows)})
        self.save(
            records.with_project(
                self.key.project,
                deckies=self._with_provisional_rows(),
                generation=self.project_records.generation + 1,
                heals=heals,
            )
        )

    def _with_provisional_rows(self) -> dict[str, DeckyRow]:
        """The rows, including one for each decky that will be created and the new address of each that will
        change: if this command is killed, its containers still belong to a row."""
        rows = dict(self.project_records.deckies)
        for step in self.steps.values():
            if (row := _provisional_row(step, rows.get(step.decky))) is not None:
                self.replaced_rows[step.decky] = rows.get(step.decky)
                rows[step.decky] = row
        return dict(sorted(rows.items()))

    async def send(self) -> None:
        answer = await self.client.apply(self._bundle())
        now = self.ctx.now()
        self._update_rows({"status": "running", "started": now})
        if self.steps:
            self.ctx.emit(JobStarted(self.name, answer.job_id, len(self.steps)))

    async def was_started(self) -> bool:
        """Whether the worker knows a job of this request. Raises what the client raises."""
        status = await self.client.status(self.records.cursor)
        return any(job.request_id == self.request_id for job in status.jobs)

    def _bundle(self) -> Bundle:
        return make_bundle(
            self.snap,
            self.key,
            list(self.steps.values()),
            request_id=self.request_id,
            generation=self.project_records.generation,
            rollout=described_to_worker(self.snap, self.key, self.project_records),
        )

    def close_refused(self, error: DecnetError) -> None:
        """The worker refused the bundle: record the steps as failed, and undo the rows of what was not
        started."""
        message = error.message[:MAX_ERROR_CHARS]
        rows = {**self.project_records.deckies, **self.replaced_rows}
        kept = {name: row for name, row in rows.items() if row is not None}
        self.records = self.records.with_project(self.key.project, deckies=kept)
        self._update_rows({"status": "failed", "ended": self.ctx.now(), "error": message})
        for step in self.steps.values():
            self._report(step, "failed", error.message)

    def _update_rows(self, update: dict[str, object]) -> None:
        rows = tuple(
            row.model_copy(update=update) if row.request_id == self.request_id and row.status in OPEN else row
            for row in self.records.lifecycle
        )
        self.save(self.records.model_copy(update={"lifecycle": rows}))

    async def follow(self) -> None:
        """Ask until every step has an end. Raises Unreachable when the worker stays silent."""
        clock, pause, ended = self.ctx.monotonic, FIRST_PAUSE_SECONDS, 0
        asked = begun = last_answer = clock()
        deadline = begun + (job_limit(len(self.steps)) if self.steps else PUSH_SECONDS)
        is_last = False
        while True:
            try:
                running = self._ingest(await self.client.status(self.records.cursor, wait=pause))
                answered = last_answer = clock()
            except (Unreachable, WorkerError):
                answered, running = clock(), True
                if answered - last_answer > SILENCE_TIMEOUT_SECONDS:
                    raise
            if not running:
                return
            if is_last:
                break
            await self.ctx.sleep(max(0.0, asked + pause - answered))
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
            asked = clock()
            if len(self.outcomes) > ended:
                ended = len(self.outcomes)
                deadline = max(deadline, asked + JOB_SECONDS_AFTER_PROGRESS)
            # This machine may have been suspended: poll once more after the limit.
            is_last = asked > deadline
        raise WorkerError(
            f"its job did not end within {clock() - begun:.0f} s; it continues in the background",
            hint="decnet status shows its result",
            worker=self.name,
        )

    def _ingest(self, status: Status) -> bool:
        """Ingest one status and record the steps that ended; returns whether the job is still open."""
        learned = ingest_status(self.records, status, now=self.ctx.now())
        job_rows = [row for row in learned.records.lifecycle if row.request_id == self.request_id]
        self._record_ended_steps(learned.records, job_rows, status)
        is_open = any(row.status in OPEN for row in job_rows)
        for job in status.jobs:
            if job.request_id == self.request_id and job.state == "running":
                self.ctx.emit(JobProgress(self.name, job.done, job.total, job.current))
                return is_open or not self._has_lingered()
        return is_open

    def _record_ended_steps(
        self, records: WorkerRecords, job_rows: Sequence[LifecycleRow], status: Status
    ) -> None:
        """Save the records, with the end of each step that ended since the last status, and report these."""
        reported = {outcome.decky for outcome in self.outcomes}
        for row in job_rows:
            if row.status not in OPEN and row.decky not in reported:
                step = self.steps[row.decky]
                if status.docker == "up":
                    records = self._recorded_end(records, step, status.containers)
                    if row.status == "succeeded" and (denial := self._denial(step, status.containers)):
                        error = f"its job reports success, but {denial}"
                        row = row.model_copy(update={"status": "failed", "error": error})
                        records = records.with_lifecycle_row(row)
                self._report(step, row.status, row.error)
        self.save(records)

    def _has_lingered(self) -> bool:
        """Whether a job whose steps have all ended has had enough time to end."""
        if not self.steps:
            return False
        self.all_ended_at = self.all_ended_at or self.ctx.monotonic()
        return self.ctx.monotonic() - self.all_ended_at > JOB_EXIT_GRACE_SECONDS

    def _recorded_end(
        self, records: WorkerRecords, step: Step, containers: Sequence[Container]
    ) -> WorkerRecords:
        """The records after a step's end, according to the containers and not to the step."""
        present = {c.name: c for c in containers if (c.project, c.decky) == (step.project, step.decky)}
        decky = self.snap.desired.decky(step.project, step.decky)
        known = records.of(step.project)
        rows, heals = dict(known.deckies), dict(known.heals)
        if not present:
            rows.pop(step.decky, None)
            heals.pop(step.decky, None)
        elif decky is not None and decky.worker == self.name:
            rows[step.decky] = observed_row(
                step.key, decky, self.expected[step.decky], present, rows.get(step.decky) or step.row
            )
        elif (row := rows.get(step.decky)) is not None:
            rows[step.decky] = remaining_row(step.key, row, present)
        return records.with_project(step.project, deckies=dict(sorted(rows.items())), heals=heals)

    def _denial(self, step: Step, containers: Sequence[Container]) -> str | None:
        """How the containers contradict the success of a step; None if they do not."""
        if step.up or step.start:
            return contradiction(self.expected[step.decky], {each.name: each for each in containers})
        ids = {each.id for each in containers}
        left = sorted(target.name for target in step.remove if target.id in ids)
        return f"{left[0]} still exists" if left else None

    def _report(self, step: Step, status: str, error: str) -> None:
        line, log = split_error(error)
        done = StepDone(
            self.name, step.decky, step.operation or "change", status, line, log, step.project, step.topology
        )
        self.outcomes.append(done)
        self.ctx.emit(done)


def _provisional_row(step: Step, row: DeckyRow | None) -> DeckyRow | None:
    """The row of a decky that a job is about to start; None if the row has its address already."""
    if step.row is None or not (step.up or step.start):
        return None
    if row is None:
        return step.row.model_copy(update={"containers": {}, "status": "unknown"})
    claim = step.row.claim
    if not claims_address(step) or claim is None or claim in known_claims(row):
        return None
    return row.model_copy(update={"sent": (*row.sent, claim)})
