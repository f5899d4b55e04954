"""All that one pass knows: desired, recorded, actual, and the workers they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from decnet.engine.context import Context
from decnet.engine.links import Links
from decnet.engine.observe import observe
from decnet.engine.workers import enrolled_again, known_workers
from decnet.images import ImageNames, wanted
from decnet.model.actual import NotSeen, Observation, Seen, Status
from decnet.model.fleet import Fleet
from decnet.model.record import WorkerRecords
from decnet.model.spec import LOCAL
from decnet.model.worker import Worker
from decnet.plan.absorb import absorb
from decnet.plan.compose import Contents, fleet_contents
from decnet.store.desired import check_known, load_fleet, new_fleet
from decnet.store.records import Records
from decnet.store.seen import LastSeen, note_seen


@dataclass(frozen=True)
class Situation:
    """One moment of the fleet, every mapping keyed by the worker's name."""

    desired: Fleet
    workers: dict[str, Worker]
    images: ImageNames
    recorded: dict[str, WorkerRecords] = field(default_factory=dict)
    observed: dict[str, Observation] = field(default_factory=dict)

    def with_desired(self, desired: Fleet) -> Situation:
        return replace(self, desired=desired)

    def with_worker(self, ctx: Context, worker: Worker) -> Situation:
        """The situation with one more worker, its records as stored."""
        return replace(
            self,
            workers=dict(sorted({**self.workers, worker.name: worker}.items())),
            recorded={**self.recorded, worker.name: Records(ctx.home).load(worker.worker_id)},
        )

    def contents(self, ctx: Context) -> dict[str, Contents]:
        """Per worker and decky, what each container has to be."""
        return fleet_contents(self.desired, ctx.catalog, self.images)


def load(ctx: Context) -> Situation:
    """Desired and recorded as stored. A home that was never used gives an empty fleet, not yet saved. Raises
    SpecError for one that names what the catalog does not have."""
    desired = load_fleet(ctx.home) or new_fleet()
    check_known(ctx.home, desired, ctx.catalog)
    workers = known_workers(ctx.home)
    found = Records(ctx.home).load_many(worker.worker_id for worker in workers.values())
    recorded = {name: found[worker.worker_id] for name, worker in workers.items()}
    return Situation(desired, workers, wanted(), recorded)


async def look(
    ctx: Context,
    links: Links,
    situation: Situation,
    workers: Iterable[Worker],
    *,
    facts: bool = False,
    replaces: bool = False,
    once: bool = False,
) -> Situation:
    """The situation after asking these workers; what they said is absorbed, in memory only. When they
    were seen is noted on disk.

    `replaces`: an older agent gives way to ours first, and `local` is given a lost identity again.
    `once`: nothing more will be asked of them.
    """
    chosen = list(workers)
    observed = await observe(
        ctx, links, chosen, situation.recorded, facts=facts, replaces=replaces, once=once
    )
    if replaces and await _local_is_back(ctx, links, situation, observed):
        local = [situation.workers[LOCAL]]
        observed |= await observe(ctx, links, local, situation.recorded, facts=facts)
    if heard := _heard_from(ctx, situation, observed):
        note_seen(ctx.home, heard)
    recorded = dict(situation.recorded)
    for name, observation in observed.items():
        status = _status_of(observation)
        if status is not None:
            recorded[name] = _absorbed(ctx, name, recorded[name], status, observation)
    return replace(situation, observed=observed, recorded=recorded)


def _heard_from(
    ctx: Context, situation: Situation, observed: Mapping[str, Observation]
) -> dict[str, LastSeen]:
    """By worker_id, when each worker that answered was seen, whether or not its Docker engine did."""
    return {
        situation.workers[name].worker_id: LastSeen(at=ctx.now(), skew=observation.skew)
        for name, observation in observed.items()
        if _status_of(observation) is not None
    }


async def _local_is_back(
    ctx: Context, links: Links, situation: Situation, observed: Mapping[str, Observation]
) -> bool:
    local = observed.get(LOCAL)
    if not isinstance(local, NotSeen) or local.kind != "refused":
        return False
    return await enrolled_again(ctx, links, situation.workers[LOCAL], situation.desired.fleet_id)


def commit(ctx: Context, situation: Situation) -> bool:
    """Save every worker's records; says whether anything was written."""
    store = Records(ctx.home)
    written = [store.save(records) for records in situation.recorded.values()]
    return any(written)


def _status_of(observation: Observation) -> Status | None:
    return observation.status if isinstance(observation, Seen | NotSeen) else None


def _absorbed(
    ctx: Context, name: str, records: WorkerRecords, status: Status, observation: Observation
) -> WorkerRecords:
    facts = observation.facts if isinstance(observation, Seen) else None
    learned = absorb(records, status, now=ctx.now(), facts=facts)
    for note in learned.notes:
        ctx.warn(note, name)
    return learned.records
