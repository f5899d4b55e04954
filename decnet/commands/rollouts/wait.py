"""`decnet rollout wait`: passes, one after the other, until the open rollout has ended or halted."""

from __future__ import annotations

from dataclasses import replace

from decnet.commands.reconcile import reconcile
from decnet.commands.rollouts.known import chosen
from decnet.commands.rollouts.show import sheet
from decnet.engine.context import Context
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome, RolloutView, Sheet
from decnet.engine.progress import Finished, RolloutMoved
from decnet.errors import LockHeld
from decnet.model.rollout import Rollout
from decnet.plan.rollout_view import (
    FAILURES,
    counts_of,
    ended_count,
    event_text,
    is_news,
    needs_operator,
    progress,
)
from decnet.store.rollouts import RolloutStore

UNFINISHED = 3


async def wait(
    ctx: Context, rollout_id: str | None, *, timeout: float | None = None, interval: float = 10.0
) -> Sheet:
    """Continue the open rollout by passes every `interval` seconds, for up to `timeout`; None: no limit.

    The exit code is 0 if it is done and no unit failed, 4 if it halted, ended otherwise or units failed, and
    3 if it was not finished in time. An ended rollout is shown at once.
    """
    rollout, remarks = chosen(ctx, rollout_id), dict[str, str]()
    end = None if timeout is None else ctx.monotonic() + timeout
    reported, failing = "", set[str]()
    ctx.traces.repeats = True
    async with ctx.reusing_connections() as kept:
        while rollout.is_open and rollout.state.status != "halted":
            view, failing = await _pass(kept, failing)
            rollout = RolloutStore(ctx.home).load(rollout.id)
            if view is not None and view.rollout.id == rollout.id:
                remarks = {**view.in_flight, **view.waiting}
                _report(ctx, view)
            if not rollout.is_open or rollout.state.status == "halted":
                break
            reported = _report_stop(ctx, rollout, reported)
            left = interval if end is None else min(interval, end - ctx.monotonic())
            if left <= 0:
                return _ended(ctx, rollout, remarks, UNFINISHED)
            await ctx.sleep(left)
    return _ended(ctx, rollout, remarks, exit_code(rollout))


def exit_code(rollout: Rollout) -> int:
    """0 for one that is done without a failure, 4 for every other end and for a halt."""
    counts = counts_of(rollout)
    failed = any(counts[status] for status in FAILURES)
    return 0 if rollout.state.status == "done" and not failed else 4


async def _pass(ctx: Context, failing: set[str]) -> tuple[RolloutView | None, set[str]]:
    """One pass, and the failures of workers in it; those of the pass before are not reported again. None if
    another command held the lock all the time, and makes progress itself."""
    try:
        outcome: PassOutcome = await reconcile(ctx, PassOptions(quiet=True))
    except LockHeld:
        return None, failing
    for failure in outcome.troubles:
        if str(failure) not in failing:
            ctx.emit(failure)
    return outcome.rollout, {str(failure) for failure in outcome.troubles}


def _report(ctx: Context, view: RolloutView) -> None:
    for event in view.events:
        if is_news(event):
            ctx.note(f"{event_text(event)}{f' ({event.reason})' if event.reason else ''}")
    total = len(view.rollout.frozen.units)
    ctx.emit(RolloutMoved(ended_count(view.rollout), total, progress(view.rollout)))


def _report_stop(ctx: Context, rollout: Rollout, reported: str) -> str:
    """What only the operator continues is reported once."""
    hint = needs_operator(rollout)
    if hint and hint != reported:
        ctx.note(f"rollout {rollout.id} waits for you: {hint}")
    return hint


def _ended(ctx: Context, rollout: Rollout, remarks: dict[str, str], code: int) -> Sheet:
    ctx.emit(Finished())
    return replace(sheet(rollout, remarks, ctx.now()), exit_code=code)
