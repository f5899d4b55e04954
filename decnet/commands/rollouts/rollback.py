"""`decnet rollout rollback`: takes a change back on every unit that has it."""

from __future__ import annotations

from decnet.commands.rollouts.known import open_one
from decnet.commands.rollouts.orders import ask, outcome, split
from decnet.commands.rollouts.wait import wait
from decnet.engine.context import Context
from decnet.engine.outcome import Sheet, TextOutcome
from decnet.engine.rollout_orders import give_order
from decnet.errors import UsageError
from decnet.model.counted import counted
from decnet.plan.rollout import Order
from decnet.plan.rollout_view import named

TAKEN_BACK = 4


async def rollback(
    ctx: Context, *, timeout: float | None = None, interval: float = 10.0, detach: bool = False
) -> Sheet | TextOutcome:
    """Take the change of the open rollout back, after asking; then wait for it as `wait` does, unless
    `detach`. It never ends with exit code 0: 4 once the change is taken back or could not be, 3 if it was not
    finished in time. Raises UsageError for a rollout of the agent."""
    rollout = open_one(ctx)
    if rollout.frozen.kind == "agent":
        raise UsageError(
            "an agent cannot be taken back: the former one is not kept",
            hint="decnet rollout cancel ends the rollout: then each pass replaces the older agents",
        )
    having, _ = split(rollout)
    names = named(sorted(having)) or "no unit"
    if rollout.state.status != "reverting":
        ask(ctx, f"Take rollout {rollout.id} back on {counted(len(having), 'unit')} ({names})?")
        rollout = await give_order(ctx, Order("rollback", by=ctx.user))
    if detach:
        return outcome(rollout, exit_code=TAKEN_BACK)
    return await wait(ctx, rollout.id, timeout=timeout, interval=interval)
