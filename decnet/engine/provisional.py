"""This machine as a worker that it is not yet: what a dry run plans with."""

from __future__ import annotations

from dataclasses import replace

from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.situation import Situation
from decnet.engine.workers import check_fleet
from decnet.model.actual import Seen, Status
from decnet.model.journal import JournalPage
from decnet.model.record import WorkerRecords
from decnet.model.spec import LOCAL
from decnet.model.worker import Worker


async def provisional_local(ctx: Context, links: Links, situation: Situation) -> Situation:
    """The situation with `local` added as an empty worker; nothing is written, here or there."""
    worker = Worker(name=LOCAL, worker_id="")
    client = links.stranger(worker)
    hello = await client.hello()
    check_fleet(hello, situation.desired.fleet_id, adopt=False)
    status = Status(
        hello=hello,
        docker="up",
        plan_hash=None,
        generation=0,
        containers=(),
        jobs=(),
        journal=JournalPage(journal_id="", first_seq=0, last_seq=0, verdict="ok", records=(), more=False),
    )
    seen = Seen(worker=LOCAL, status=status, facts=await client.facts())
    return replace(
        situation,
        workers={**situation.workers, LOCAL: worker},
        recorded={**situation.recorded, LOCAL: WorkerRecords(worker_id="")},
        observed={**situation.observed, LOCAL: seen},
    )
