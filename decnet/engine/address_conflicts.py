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
    there is one. A worker that cannot examine its conflicts keeps them without a verdict."""
    with_conflicts = {
        name: seen
        for name, seen in snap.observed.items()
        if isinstance(seen, Seen) and any(each.address for each in seen.status.conflicts)
    }
    if not with_conflicts:
        return snap

    async def examine(client: AgentClient) -> Verdicts:
        return await _verdicts(client, with_conflicts[client.worker])

    where = ", ".join(with_conflicts)
    ctx.note(f"another host answers for addresses of deckies on {where}; examining that takes 10 s")
    answers = await connections.call_all([snap.workers[name] for name in with_conflicts], examine)
    found = {name: each for name, each in answers.items() if not isinstance(each, WorkerFailure)}
    return snap.with_observed(
        {name: with_conflicts[name]._replace(verdicts=verdicts) for name, verdicts in found.items()}
    )


async def _verdicts(client: AgentClient, seen: Seen) -> Verdicts:
    conflicts = [each for each in seen.status.conflicts if each.address][:MAX_EXAMINED]
    running = {(each.project, each.decky) for each in seen.status.containers if each.state == "running"}
    # One that is down gives way to nobody; only whether it may start has to be known.
    is_urgent = any((each.project, each.decky) in running for each in conflicts)
    hosts = {each.address: each.mac for each in conflicts}
    probed = await client.examine(hosts, seconds=EXAMINE_SECONDS if is_urgent else 1.0)
    return {
        (each.project, each.decky, each.mac): verdict_of(each, probed.steady, probed.answers)
        for each in conflicts
    }
