"""The enrolled workers, and the credentials for new ones. This machine, `local`, is enrolled at first use."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from decnet.engine.observe import observe
from decnet.errors import DecnetError, FleetRefused, WorkerError, WorkerFailure
from decnet.model.actual import NotSeen, Seen, Status
from decnet.model.journal import JournalPage
from decnet.model.record import WorkerRecords
from decnet.model.spec import LOCAL
from decnet.model.worker import Hello, Worker
from decnet.store.atomic import write_whole
from decnet.store.desired import save_fleet
from decnet.store.fleet_table import FleetTable
from decnet.worker.fleet_keys import FLEET_KEY

if TYPE_CHECKING:
    from decnet.engine.connections import Connections
    from decnet.engine.context import Context
    from decnet.engine.decide import Proposal
    from decnet.engine.options import PassOptions
    from decnet.engine.snapshot import Snapshot
    from decnet.store.paths import Home
    from decnet.worker.enrol import FleetSide
    from decnet.worker.fleetkey import FleetKey


def known_workers(home: Home) -> dict[str, Worker]:
    """Every enrolled worker by name, sorted."""
    return FleetTable(home).workers()


def fleet_credentials(home: Home, fleet_id: str) -> FleetSide:
    """What a worker gets at enrolment: the fleet's id, its key and this version's agent. The first use of the
    key creates it. Raises StateBroken."""
    from decnet.worker.agent_package import AgentPackage
    from decnet.worker.enrol import FleetSide
    from decnet.worker.fleetkey import ensure_key

    def key(algorithm: str) -> FleetKey:
        return ensure_key(home.keys / FLEET_KEY, write_whole, algorithm)

    return FleetSide(fleet_id, key, AgentPackage.of(home.agents))


async def with_local(ctx: Context, connections: Connections, snap: Snapshot, *, adopt: bool) -> Snapshot:
    """The snapshot with `local` as it will be enrolled; nothing is written, here or there.

    Raises FleetRefused if the agent of this machine belongs to another fleet and `adopt` is not set.
    """
    fresh = Worker(name=LOCAL, worker_id="")
    client = connections.unenrolled_client(fresh)
    hello = await client.hello()
    _check_fleet(hello, snap.desired.fleet_id, adopt=adopt)
    if hello.fleet_id == snap.desired.fleet_id and hello.worker_id:
        worker = fresh.model_copy(update={"worker_id": hello.worker_id})
        return await _observed(ctx, connections, snap, worker)
    seen = Seen(worker=LOCAL, status=_empty_status(hello), facts=await client.facts())
    return snap.with_worker(fresh, WorkerRecords(worker_id=""), seen)


def needs_enrolment(proposal: Proposal, options: PassOptions) -> bool:
    """Whether `local` is part of the proposal and not enrolled yet. A read-only pass enrols nothing."""
    local = proposal.snap.workers.get(LOCAL)
    return not options.read_only and local is not None and not local.enrolled_at


async def enrol_local(
    ctx: Context, connections: Connections, proposal: Proposal, options: PassOptions
) -> Proposal:
    """The proposal after `local` was enrolled: the agent has an identity and was observed."""
    snap = proposal.snap
    local = snap.workers[LOCAL]
    # Store the fleet's id before any agent has it.
    save_fleet(ctx.home, snap.stored)
    worker = local.model_copy(
        update={"worker_id": local.worker_id or ctx.identifier(), "enrolled_at": ctx.now()}
    )
    if not local.worker_id:
        await connections.unenrolled_client(worker).enrol(
            worker.worker_id, snap.desired.fleet_id, adopt=options.adopt_agent
        )
    FleetTable(ctx.home).put_worker(worker)
    return replace(proposal, snap=await _observed(ctx, connections, snap, worker))


async def restore_local(ctx: Context, connections: Connections, snap: Snapshot, *, facts: bool) -> Snapshot:
    """Give this machine's agent its identity again if it has lost it.

    Only for `local`: a remote machine without an identity is not trusted."""
    refused = snap.observed.get(LOCAL)
    if not isinstance(refused, NotSeen) or refused.state != "refused":
        return snap
    worker = snap.workers[LOCAL]
    client = connections.unenrolled_client(worker)
    try:
        hello = await client.hello()
        if hello.worker_id is not None or hello.fleet_id is not None:
            return snap
        await client.enrol(worker.worker_id, snap.desired.fleet_id)
    except DecnetError:
        return snap
    ctx.warn("its agent had lost its directory and is enrolled again", LOCAL)
    return await observe(ctx, connections, snap, [worker], facts=facts)


async def _observed(ctx: Context, connections: Connections, snap: Snapshot, worker: Worker) -> Snapshot:
    records = ctx.records.load(worker.worker_id)
    unseen = NotSeen(WorkerFailure(worker.name, WorkerError, "was not contacted"))
    snap = snap.with_worker(worker, records, unseen)
    return await observe(ctx, connections, snap, [worker], facts=True)


def _check_fleet(hello: Hello, fleet_id: str, *, adopt: bool) -> None:
    if hello.fleet_id and hello.fleet_id != fleet_id and not adopt:
        raise FleetRefused(
            "the agent on this machine belongs to another fleet",
            hint="use --adopt to take it over, or set DECNET_HOME to the state directory of its fleet",
            worker=LOCAL,
        )


def _empty_status(hello: Hello) -> Status:
    journal = JournalPage(journal_id="", first_seq=0, last_seq=0, verdict="ok", records=(), more=False)
    return Status(hello=hello, docker="up", projects={}, containers=(), jobs=(), journal=journal)
