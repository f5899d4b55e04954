"""`decnet topology deploy`: run a topology on a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from decnet.commands.deploy import with_ranges
from decnet.commands.topologies.checks import refuse_invalid
from decnet.commands.topologies.known import known, record_of
from decnet.commands.topologies.placing import check_seen, chosen_worker, place
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Intent, Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import Propose, run_pass
from decnet.engine.snapshot import Snapshot
from decnet.engine.workers import with_local
from decnet.errors import UsageError
from decnet.model.spec import LOCAL, NetworkSpec
from decnet.model.topology import Topology


@dataclass(frozen=True)
class TopologyDeployOptions:
    """`on` is the worker that runs it; None: the present one, else the emptiest. `network` and `ip_start`
    describe the LAN of a worker that has no deckies yet."""

    on: str | None = None
    network: NetworkSpec | None = None
    ip_start: str | None = None
    run: PassOptions = PassOptions()


async def deploy(ctx: Context, name: str, options: TopologyDeployOptions) -> PassOutcome:
    """Run a topology on a worker. Its inner LANs become networks there, its DMZ is the worker's LAN.

    Raises SpecError (exit 2), before anything is changed, for a topology that is not valid there.
    """
    seed = ctx.new_seed()
    shown: set[str] = set()

    def change(stored: Snapshot) -> Propose:
        ctx.catalog.check_readable()
        topology = known(stored.desired, name)
        refuse_leaving(ctx, topology)

        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            if _needs_local(snap, options.on):
                snap = await with_local(ctx, connections, snap, adopt=options.run.adopt_agent)
            worker = chosen_worker(snap, topology, options.on)
            check_seen(snap, worker)
            refuse_invalid(ctx, snap, topology, worker, shown)
            snap, desired = await place(
                ctx,
                connections,
                snap,
                topology,
                worker,
                Random(seed),
                network=options.network,
                ip_start=options.ip_start,
            )
            proposal = with_ranges(snap, desired, dry_run=options.run.dry_run)
            return replace(proposal, intent=Intent(name))

        return propose

    return await run_pass(ctx, "topology deploy", change, replace(options.run, facts=True))


def refuse_leaving(ctx: Context, topology: Topology) -> None:
    """Raises UsageError for a topology that is being torn down: what is left of it must go first."""
    if record_of(ctx, topology).status == "tearing_down":
        raise UsageError(
            f"{topology.name} is being torn down, and its worker has not reported that nothing is left",
            hint="decnet reconcile finishes that",
        )


def _needs_local(snap: Snapshot, on: str | None) -> bool:
    """Whether this machine becomes a worker now: it is named, or there is no other worker."""
    return LOCAL not in snap.workers and (on == LOCAL or not snap.workers)
