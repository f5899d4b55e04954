"""What is left on the workers of rollouts that were ended by the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.errors import StateBroken, WorkerFailure
from decnet.model.actual import Seen
from decnet.store.rollouts import RolloutStore
from decnet.wire import PROJECT

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient


async def confirm_ended(ctx: Context, connections: Connections, snap: Snapshot) -> None:
    """Disarm the dead men of rollouts that were ended while these waited for a confirmation: what a worker
    has now is what the operator left it with. Those of a rollback may fire: they restore what is desired."""
    armed = {
        name: [each for each in seen.status.rollouts if each.state == "armed"]
        for name, seen in snap.observed.items()
        if isinstance(seen, Seen) and seen.status.rollouts
    }
    known = _left_as_they_are(ctx, {each.id for rows in armed.values() for each in rows})
    # A worker keeps one rollout of a project, but may report anything.
    ended = {
        name: found
        for name, rows in armed.items()
        if (
            found := {
                each.project: each.id for each in rows if each.id in known and each.project in _projects(snap)
            }
        )
    }

    async def confirm(client: AgentClient) -> None:
        for project, rollout in ended[client.worker].items():
            await client.confirm(project, rollout)

    answers = await connections.call_all([snap.workers[name] for name in ended], confirm)
    for name, answer in answers.items():
        if isinstance(answer, WorkerFailure):
            ctx.warn(f"its dead man could not be disarmed: {answer.message}", name)


def _left_as_they_are(ctx: Context, armed: set[str]) -> set[str]:
    """Those of these rollouts that were ended without taking anything back; a damaged one does not count."""
    store, found = RolloutStore(ctx.home), set[str]()
    for each in armed.intersection(store.ids()) if armed else ():
        try:
            status = store.glance(each).state.status
        except StateBroken as error:
            ctx.warn(str(error))
            continue
        if status in ("cancelled", "superseded"):
            found.add(each)
    return found


def _projects(snap: Snapshot) -> set[str]:
    return {PROJECT, *snap.stored.projects, *snap.desired.projects}
