"""`decnet reconcile`: desired as stored, then the same walk. Cron's verb."""

from __future__ import annotations

from dataclasses import replace

from decnet.commands.walk import WalkOptions, walk
from decnet.engine.context import Context
from decnet.engine.outcome import PassOutcome
from decnet.engine.situation import load, look
from decnet.plan.select import select


async def reconcile(ctx: Context, options: WalkOptions, *, on: str | None = None) -> PassOutcome:
    """Make actual and recorded agree with desired on the selected workers, and say what was done."""
    with ctx.lock(looks=options.looks):
        situation = load(ctx)
        async with ctx.links(situation.desired.fleet_id) as links:
            situation = await look(
                ctx, links, situation, select(situation.workers, on).values(), replaces=options.replaces
            )
            options = replace(options, narrowed=on is not None)
            return await walk(ctx, links, situation, situation.desired, "reconcile", options)
