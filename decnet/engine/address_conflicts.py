"""Examines hosts that answer for a decky's address, before anything is decided about the decky."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.errors import WorkerFailure
from decnet.model.actual import ConflictVerdict, Seen
from decnet.plan.address_conflicts import verdict_of

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

EXAMINE_SECONDS = 10.0
"""How long a host must answer for a running decky's address."""

MAX_EXAMINED = 256
"""Conflicts of one worker that are examined; a host that has more of them spoofs."""

Verdicts = dict[tuple[str, str, str], ConflictVerdict]


async def examine_conflicts(ctx: Context, connections: Connections, snap: Snapshot) -> Snapshot:
    """The snapshot with a verdict on each address conflict that a worker reports. Takes EXAMINE_SECONDS if
    one concerns a running decky. A worker that cannot examine its conflicts keeps them without a verdict."""
    with_conflicts = {
        name: seen
        for name, seen in snap.observed.items()
        if isinstance(seen, Seen) and any(each.address for each in seen.status.conflicts)
    }
    if not with_conflicts:
        return snap

    # A decky that is down has nothing to give way with: only whether it may start has to be known.
    running = {name for name, seen in with_conflicts.items() if _concerns_running(seen)}

    async def examine(client: AgentClient) -> Verdicts:
        seconds = EXAMINE_SECONDS if client.worker in running else 1.0
        return await _verdicts(client, with_conflicts[client.worker], seconds)

    if running:
        where = ", ".join(sorted(running))
        ctx.note(f"another host answers for addresses of deckies on {where}; examining that takes 10 s")
    answers = await connections.call_all([snap.workers[name] for name in with_conflicts], examine)
    found = {name: each for name, each in answers.items() if not isinstance(each, WorkerFailure)}
    return snap.with_observed(
        {name: with_conflicts[name]._replace(verdicts=verdicts) for name, verdicts in found.items()}
    )


def _concerns_running(seen: Seen) -> bool:
    running = {(each.project, each.decky) for each in seen.status.containers if each.state == "running"}
    return any((each.project, each.decky) in running for each in seen.status.conflicts)


async def _verdicts(client: AgentClient, seen: Seen, seconds: float) -> Verdicts:
    conflicts = [each for each in seen.status.conflicts if each.address][:MAX_EXAMINED]
    probed = await client.examine({each.address: each.mac for each in conflicts}, seconds=seconds)
    return {
        (each.project, each.decky, each.mac): verdict_of(each, probed.steady, probed.answers)
        for each in conflicts
    }
