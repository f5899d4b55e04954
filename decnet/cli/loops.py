"""Commands that repeat a pass with pauses; the lock is held during a pass only."""

from __future__ import annotations

from dataclasses import replace

from decnet.commands.mutate import MutateOptions, mutate, next_due
from decnet.commands.reconcile import reconcile
from decnet.commands.status import status
from decnet.console.prompts import print_error
from decnet.console.show import Format, clear_screen, show
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.pass_end import with_deadline
from decnet.errors import DecnetError, LockHeld, OutputFailed, UsageError

LONGEST_SLEEP = 60.0
"""Seconds after which a sleeping `mutate --watch` reads the state file again."""


async def pause(ctx: Context, jitter: float) -> None:
    """Sleep a random time of up to `jitter` seconds."""
    if jitter:
        await ctx.sleep(ctx.rng.uniform(0, jitter))


async def reconcile_forever(
    ctx: Context,
    options: PassOptions,
    interval: float,
    jitter: float,
    style: Format,
    deadline: float | None = None,
) -> None:
    """A pass every `interval` seconds; a pass that fails is reported, and the next one tries again."""
    ctx.traces.repeats = True
    async with ctx.reusing_connections() as kept:
        while True:
            await pause(kept, jitter)
            try:
                work = reconcile(kept, replace(options, quiet=True))
                _show_changes(await with_deadline(kept, deadline, work), style)
            except (UsageError, OutputFailed):
                raise
            except DecnetError as error:
                _report_error(error, style, quiet=options.quiet)
            await _rest(ctx, interval)


async def status_forever(
    ctx: Context, interval: float, style: Format, *, on: str | None, detailed_exitcode: bool
) -> None:
    """The status every `interval` seconds, on a cleared terminal screen."""
    async with ctx.reusing_connections() as kept:
        while True:
            outcome = await status(kept, on=on, detailed_exitcode=detailed_exitcode)
            clear_screen()
            show(outcome, style)
            await _rest(ctx, interval)


async def mutate_when_due(ctx: Context, options: MutateOptions, style: Format) -> None:
    """Mutate each decky when its interval is over. Ends if no decky has an interval."""
    ctx.traces.repeats = True
    async with ctx.reusing_connections() as kept:
        while True:
            moment = next_due(kept)
            if moment is None:
                raise UsageError(
                    "no decky is ever due",
                    hint="give one a mutate_interval, or deploy with --mutate-interval",
                )
            wait = moment - ctx.now()
            if wait > 0:
                await _rest(ctx, min(wait, LONGEST_SLEEP))
                continue
            try:
                _show_changes(await mutate(kept, options), style)
                if next_due(kept) == moment:
                    # All that are due were put off.
                    await _rest(ctx, LONGEST_SLEEP)
            except (UsageError, OutputFailed):
                raise
            except DecnetError as error:
                _report_error(error, style, quiet=options.run.quiet)
                await _rest(ctx, LONGEST_SLEEP)


async def _rest(ctx: Context, seconds: float) -> None:
    """The time between two passes."""
    ctx.traces.jobs = False
    await ctx.sleep(seconds)


def _report_error(error: DecnetError, style: Format, *, quiet: bool) -> None:
    """With --quiet a held lock is not reported: the next round tries again."""
    if not (quiet and isinstance(error, LockHeld)):
        print_error(error, style)


def _show_changes(outcome: PassOutcome, style: Format) -> None:
    if outcome.plan.steps or outcome.troubles:
        show(outcome, style)
