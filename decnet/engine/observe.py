"""Ask every worker what is so, all at once; who does not answer becomes a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from decnet.engine.agents import Heard, hear
from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.errors import DecnetError, DockerDown, TrustRefused, Unreachable
from decnet.model.actual import NotSeen, Observation, Seen, Status
from decnet.model.journal import Cursor
from decnet.model.record import WorkerRecords
from decnet.model.worker import Worker

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

MOST_RECORDS = 20_000
MOST_SECONDS = 20.0
"""How much of a journal one pull reads, and for how long; what is left is read by the next one."""


async def observe(
    ctx: Context,
    links: Links,
    workers: Iterable[Worker],
    records: Mapping[str, WorkerRecords],
    *,
    facts: bool = False,
    replaces: bool = False,
    once: bool = False,
) -> dict[str, Observation]:
    """What each worker reports now, by name; `facts` asks for the machine's facts too.

    `replaces` is for who holds the lock and may change workers: older agents give way to ours. `once` is
    for who asks nothing more: a connection ends with its answer, and not a thousand are open at once.
    """

    def cursor(name: str) -> Cursor | None:
        return records[name].cursor if name in records else None

    chosen = list(workers)
    by_session = {worker.name: worker for worker in chosen}

    async def pull(client: AgentClient) -> Seen:
        try:
            heard = await hear(ctx, links, client, cursor(client.worker), replaces=replaces)
            return await _pull(ctx, client, heard, facts)
        finally:
            if once:
                await client.close()

    answers = await links.each(by_session.values(), pull)
    return {name: _observation(name, answer) for name, answer in answers.items()}


async def _pull(ctx: Context, client: AgentClient, heard: Heard, facts: bool) -> Seen:
    status = await _with_whole_journal(ctx, client, heard.status)
    machine = await client.facts() if facts and status.docker == "up" else None
    return Seen(
        worker=client.worker,
        status=status,
        facts=machine,
        skew=status.hello.clock - (heard.asked + heard.answered) / 2,
        rtt=heard.answered - heard.asked,
        agent=heard.standing,
    )


async def _with_whole_journal(ctx: Context, client: AgentClient, first: Status) -> Status:
    """The status with the journal's further pages joined to its first one."""
    last, records, damaged = first, list(first.journal.records), list(first.journal.damaged)
    end = ctx.monotonic() + MOST_SECONDS
    while last.journal.more and last.journal.end is not None:
        if len(records) + len(damaged) > MOST_RECORDS or ctx.monotonic() > end:
            break
        last = await client.status(last.journal.end)
        records.extend(last.journal.records)
        damaged.extend(last.journal.damaged)
    page = last.journal.model_copy(
        # Where the journal began when it was asked for: retention may have dropped what was read since.
        update={
            "records": tuple(records),
            "damaged": tuple(damaged),
            "verdict": first.journal.verdict,
            "first_seq": first.journal.first_seq,
        }
    )
    return last.model_copy(update={"journal": page})


def _observation(name: str, answer: Seen | DecnetError) -> Observation:
    if isinstance(answer, Seen):
        if answer.status.docker == "up":
            return answer
        return NotSeen(
            worker=name,
            kind="docker-down",
            error=f"its Docker engine does not answer ({answer.status.docker_error or 'no reason given'})",
            hint="start it there: systemctl start docker",
            status=answer.status,
            skew=answer.skew,
        )
    return NotSeen(
        worker=name,
        kind=_kind(answer),
        error=answer.message,
        hint=answer.hint,
        exit_code=answer.exit_code,
    )


def _kind(error: DecnetError) -> Literal["unreachable", "docker-down", "refused", "failed"]:
    if isinstance(error, TrustRefused):
        return "refused"
    if isinstance(error, DockerDown):
        return "docker-down"
    return "unreachable" if isinstance(error, Unreachable) else "failed"
