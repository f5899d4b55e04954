"""`decnet reconcile`: desired as stored, then the pass. Cron's verb."""

from __future__ import annotations

from dataclasses import replace

from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import keep_desired, run_pass


async def reconcile(ctx: Context, options: PassOptions) -> PassOutcome:
    """Make actual and recorded agree with desired on the selected workers, move the open rollout by what was
    observed, and report what was done."""
    options = replace(options, advances=not options.record_only)
    return await run_pass(ctx, "reconcile", keep_desired(), options)
