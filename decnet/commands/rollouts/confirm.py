"""`decnet rollout confirm`: workers that wait for a confirmation keep what they were sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from decnet.commands.rollouts.known import known_units, open_one
from decnet.engine.context import Context
from decnet.engine.outcome import Listing
from decnet.engine.workers import known_workers
from decnet.errors import WorkerFailure, worst
from decnet.model.keys import SliceKey
from decnet.model.rollout import IN_FLIGHT, Rollout
from decnet.store.audit import append
from decnet.store.desired import load_fleet, new_fleet

if TYPE_CHECKING:
    from decnet.worker.client import AgentClient

REMARKS = {
    "confirmed": "keeps what it was sent",
    "none": "does not wait for a confirmation",
    "armed": "still waits for a confirmation",
    "reverted": "has restored its former state already",
    "expired": "was restarted before it was confirmed",
}
"""What the state means that a worker answers with."""


async def confirm(ctx: Context, units: Sequence[str] = ()) -> Listing:
    """Confirm units of the open rollout, by default all in flight, whether or not they are healthy. The exit
    code is 4 if one has restored its former state, and that of a worker that does not answer."""
    rollout = open_one(ctx)
    chosen = known_units(rollout, units) or tuple(
        name for name, state in rollout.state.units.items() if state.status in IN_FLIGHT
    )
    wanted: dict[str, list[SliceKey]] = {}
    for key in (key for name in chosen for key in rollout.frozen.units[name].keys):
        wanted.setdefault(key.worker, []).append(key)
    fleet, workers = load_fleet(ctx.home) or new_fleet(), known_workers(ctx.home)
    async with ctx.connections(fleet.fleet_id) as connections:
        answers = await connections.call_all(
            [workers[name] for name in wanted if name in workers],
            lambda client: _confirmed(client, wanted[client.worker], rollout),
        )
    if done := [name for name, answer in answers.items() if not isinstance(answer, WorkerFailure)]:
        outcome = f"rollout {rollout.id}: {', '.join(sorted(done))} confirmed"
        append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome)
    return _listing(answers)


async def _confirmed(client: AgentClient, keys: Sequence[SliceKey], rollout: Rollout) -> dict[str, str]:
    return {key.project: await client.confirm(key.project, rollout.id) for key in keys}


def _listing(answers: Mapping[str, dict[str, str] | WorkerFailure]) -> Listing:
    items, codes = [], []
    for name, answer in sorted(answers.items()):
        if isinstance(answer, WorkerFailure):
            codes.append(answer.exit_code)
            items.append({"name": name, "project": "", "state": "unknown", "remark": answer.message})
            continue
        for project, state in answer.items():
            codes.append(0 if state in ("confirmed", "none") else 4)
            items.append({"name": name, "project": project, "state": state, "remark": REMARKS[state]})
    return Listing(
        "confirmations",
        ("worker", "state", "remark"),
        tuple((item["name"], item["state"], item["remark"]) for item in items),
        tuple(items),
        exit_code=worst(codes),
        empty="no unit is in flight: there is nothing to confirm",
    )
