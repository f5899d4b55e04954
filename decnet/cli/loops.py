"""Commands that go on: a pass, a pause, a pass; the lock is held per pass and never between."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from decnet.commands.mutate import MutateOptions, mutate, next_due
from decnet.commands.reconcile import reconcile
from decnet.commands.walk import WalkOptions
from decnet.console.asking import tell_error
from decnet.console.show import Format, show
from decnet.engine.context import Context
from decnet.engine.outcome import PassOutcome
from decnet.errors import DecnetError, UsageError

LONGEST_SLEEP = 60.0
"""Seconds after which a sleeping `mutate --watch` looks at the state file again."""


async def pause(ctx: Context, jitter: float) -> None:
    """Sleep a random time of up to `jitter` seconds."""
    if jitter:
        await asyncio.sleep(ctx.dice.uniform(0, jitter))


async def reconcile_for_ever(
    ctx: Context,
    options: WalkOptions,
    interval: float,
    jitter: float,
    style: Format,
    on: str | None = None,
) -> None:
    """A pass every `interval` seconds; a pass that fails is told, and the next one tries again."""
    while True:
        await pause(ctx, jitter)
        try:
            _shown(await reconcile(ctx, replace(options, quiet=True), on=on), style)
        except UsageError:
            raise
        except DecnetError as error:
            tell_error(error, style)
        await asyncio.sleep(interval)


async def mutate_when_due(ctx: Context, options: MutateOptions, style: Format) -> None:
    """Mutate each decky when its interval is over. Ends where no decky has an interval."""
    while True:
        moment = next_due(ctx)
        if moment is None:
            raise UsageError(
                "no decky is ever due", hint="give one a mutate_interval, or deploy with --mutate-interval"
            )
        wait = moment - ctx.now()
        if wait > 0:
            await asyncio.sleep(min(wait, LONGEST_SLEEP))
            continue
        try:
            _shown(await mutate(ctx, options), style)
        except UsageError:
            raise
        except DecnetError as error:
            tell_error(error, style)
            await asyncio.sleep(LONGEST_SLEEP)


def _shown(outcome: PassOutcome, style: Format) -> None:
    if outcome.plan.steps or outcome.troubles:
        show(outcome, style)
