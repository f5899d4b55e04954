"""`decnet rollout pause|resume|promote|retry|skip|cancel`: what the operator orders of the open rollout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from decnet.commands.rollouts.known import known_units, open_one
from decnet.engine.context import Context
from decnet.engine.outcome import TextOutcome
from decnet.engine.rollout_orders import give_order
from decnet.errors import Declined
from decnet.model.counted import counted
from decnet.model.rollout import RELEASED, Rollout
from decnet.plan.rollout import Order
from decnet.plan.rollout_view import next_step, rollout_item, status_line

if TYPE_CHECKING:
    from decnet.plan.rollout import OrderKind


async def command(ctx: Context, kind: OrderKind, units: Sequence[str] = ()) -> TextOutcome:
    """Give an order on the open rollout, of these units if it is about units. Raises UsageError if none is
    open, for an unknown unit, and if the order cannot be carried out now."""
    chosen = known_units(open_one(ctx), units)
    return outcome(await give_order(ctx, Order(kind, chosen, by=ctx.user)))


async def cancel(ctx: Context) -> TextOutcome:
    """End the open rollout where it is, after asking. Raises Declined if the answer is no."""
    rollout = open_one(ctx)
    having, others = split(rollout)
    ask(ctx, f"End rollout {rollout.id}: {_what_stays(len(having), len(others))}?")
    return outcome(await give_order(ctx, Order("cancel", by=ctx.user)))


def _what_stays(having: int, others: int) -> str:
    total = counted(having + others, "unit")
    if not others or not having:
        return f"{'all' if having else 'none'} of {total} {'keep' if having else 'has'} the change"
    return f"{having} of {total} {'keeps' if having == 1 else 'keep'} the change, {others} without it"


def outcome(rollout: Rollout, *, exit_code: int = 0) -> TextOutcome:
    """The rollout after an order: how it is now, and what comes next."""
    hint = next_step(rollout)
    lines = (status_line(rollout), *([f"hint: {hint}"] if hint else []))
    document = {"name": rollout.id, **rollout_item(rollout), "next": hint}
    return TextOutcome(lines, document, exit_code=exit_code, fold=6)


def split(rollout: Rollout) -> tuple[list[str], list[str]]:
    """The units that have the change, and those that do not."""
    states = rollout.state.units
    having = [unit for unit in rollout.frozen.units if states[unit].status in RELEASED]
    return having, [unit for unit in rollout.frozen.units if unit not in having]


def ask(ctx: Context, question: str) -> None:
    """Raises Declined unless the operator agrees."""
    if not ctx.confirm(question):
        raise Declined("not confirmed: nothing was changed")
