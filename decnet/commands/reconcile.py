"""`decnet reconcile`: desired as stored, then the pass. Cron's verb."""

from __future__ import annotations

from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import keep_desired, run_pass


async def reconcile(ctx: Context, options: PassOptions) -> PassOutcome:
    """Make actual and recorded agree with desired on the selected workers, and report what was done."""
    return await run_pass(ctx, "reconcile", keep_desired(), options)
