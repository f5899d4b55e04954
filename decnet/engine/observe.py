"""Request the status of all workers at once; a worker that does not answer becomes a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from decnet.engine.agent_version import StatusReply, ask_status
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.errors import DockerDown, WorkerFailure
from decnet.model.actual import NotSeen, Observation, Seen, Status
from decnet.model.journal import Cursor
from decnet.model.record import WorkerRecords
from decnet.model.worker import Worker
from decnet.plan.ingest_status import ingest_status
from decnet.store.last_seen import LastSeen, note_seen

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

MAX_RECORDS = 20_000
MAX_SECONDS = 20.0
"""How many records of a journal one pull reads, and for how long; the next one reads the rest."""


async def observe(
    ctx: Context,
    connections: Connections,
    snap: Snapshot,
    workers: Iterable[Worker] | None = None,
    *,
    facts: bool = False,
    may_replace_agents: bool = False,
    close_after: bool = False,
    sessions: bool = False,
) -> Snapshot:
    """The snapshot with what these workers (default: all) reported. Only the time of contact is written to
    disk.

    `facts` also asks for the facts of the machines. `may_replace_agents` is for a caller that holds the lock:
    an agent whose answers are no longer understood is replaced first. `close_after` is for a caller that asks
    nothing more: each connection is closed after its answer, so that a large fleet does not keep all of them
    open. `sessions` also asks who is at work on a decky.
    """
    chosen = list(snap.workers.values() if workers is None else workers)

    async def pull(client: AgentClient) -> Seen:
        try:
            answer = await ask_status(
                ctx,
                connections,
                client,
                _cursor(snap, client.worker),
                may_replace_agents=may_replace_agents,
                sessions=sessions,
            )
            return await _pull(ctx, client, answer, facts, sessions)
        finally:
            if close_after:
                await client.close()

    answers = await connections.call_all(chosen, pull)
    observed = {name: _observation(name, answer) for name, answer in answers.items()}
    statuses = {name: status for name, each in observed.items() if (status := each.status) is not None}
    _note_contact(ctx, {snap.workers[name].worker_id: observed[name].skew for name in statuses})
    learned = {
        name: _absorbed(ctx, name, snap.recorded[name], status, observed[name])
        for name, status in statuses.items()
    }
    return snap.with_observed(observed).with_records(learned)


def _note_contact(ctx: Context, skews: Mapping[str, float]) -> None:
    """Store that these workers, by id, were in contact now, and how far their clocks are off, in seconds."""
    if skews:
        note_seen(ctx.home, {each: LastSeen(at=ctx.now(), skew=skew) for each, skew in skews.items()})


def _cursor(snap: Snapshot, name: str) -> Cursor | None:
    return snap.recorded[name].cursor if name in snap.recorded else None


async def _pull(ctx: Context, client: AgentClient, answer: StatusReply, facts: bool, sessions: bool) -> Seen:
    status = await with_whole_journal(ctx, client, answer.status, sessions)
    machine = await client.facts() if facts and status.docker == "up" else None
    return Seen(
        worker=client.worker,
        status=status,
        facts=machine,
        skew=answer.status.hello.clock - (answer.requested + answer.answered) / 2,
        agent_compatibility=answer.compatibility,
    )


async def with_whole_journal(
    ctx: Context, client: AgentClient, first: Status, sessions: bool = False
) -> Status:
    """The last status with the journal's pages of all; each has the `sessions`, if they were asked for. A
    worker that always has more to say is asked for MAX_SECONDS."""
    last, records, damaged = first, list(first.journal.records), list(first.journal.damaged)
    end = ctx.monotonic() + MAX_SECONDS
    while last.journal.more and last.journal.end is not None:
        if len(records) + len(damaged) > MAX_RECORDS or ctx.monotonic() > end:
            break
        last = await client.status(last.journal.end, sessions=sessions)
        records.extend(last.journal.records)
        damaged.extend(last.journal.damaged)
    if last is first:
        return first
    page = last.journal.model_copy(
        # Keep the first page's `first_seq`: retention may since have deleted records that were read.
        update={
            "records": tuple(records),
            "damaged": tuple(damaged),
            "verdict": first.journal.verdict,
            "first_seq": first.journal.first_seq,
        }
    )
    return last.model_copy(update={"journal": page})


def _observation(name: str, answer: Seen | WorkerFailure) -> Observation:
    if isinstance(answer, Seen):
        if answer.status.docker == "up":
            return answer
        why = f"its Docker engine does not answer ({answer.status.docker_error or 'no reason given'})"
        failure = WorkerFailure(name, DockerDown, why, "start it there: systemctl start docker")
        return NotSeen(failure, answer.status, answer.skew)
    return NotSeen(answer)


def _absorbed(
    ctx: Context, name: str, records: WorkerRecords, status: Status, observation: Observation
) -> WorkerRecords:
    facts = observation.facts if isinstance(observation, Seen) else None
    learned = ingest_status(records, status, now=ctx.now(), facts=facts)
    for note in (*learned.notes, *filter(None, [status.trouble])):
        ctx.warn(note, name)
    return learned.records
