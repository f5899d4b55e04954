"""How a pass ends: in time, and with an entry in the audit log if it changed something."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, Failed, Interrupted, PartlyFailed
from decnet.model.record import OPEN
from decnet.store.audit import append

if TYPE_CHECKING:
    from decnet.engine.outcome import PassOutcome
    from decnet.engine.snapshot import Snapshot
    from decnet.model.plan import Plan

Result = TypeVar("Result")

MOST_NAMED = 10

_limit: ContextVar[asyncio.Timeout | None] = ContextVar("limit", default=None)


async def within(ctx: Context, seconds: float | None, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work. Raises PartlyFailed, naming what is open, where it takes longer.

    What a worker has accepted goes on there: ending a pass is what a crash of it would be.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            _limit.set(limit)
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
    raise PartlyFailed(
        f"the pass did not finish within {seconds:g} s and was stopped; {_open(ctx)}",
        hint="jobs that a worker accepted continue there; the next decnet reconcile records their results",
    )


class Ended:
    """How the pass inside ended; it has to be set there."""

    outcome: PassOutcome


@contextmanager
def audited(ctx: Context, snap: Snapshot, plan: Plan) -> Iterator[Ended]:
    """Write down how the pass inside ends, if it has anything to do."""
    changes = snap.desired != snap.stored or not plan.is_empty
    ended = Ended()
    try:
        yield ended
    except BaseException as error:
        why, exit_code = why_ended(error)
        # What ended the pass has to be reported, not that it could not be written down.
        with suppress(DecnetError):
            _note(ctx, changes, f"ended early: {why}", exit_code)
        raise
    _note(ctx, changes, ended.outcome.summary, ended.outcome.exit_code)


def _note(ctx: Context, changes: bool, outcome: str, exit_code: int) -> None:
    if changes:
        append(
            ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome, exit_code=exit_code
        )


def why_ended(error: BaseException) -> tuple[str, int]:
    """In words and as an exit code, what ends the pass in which this was raised."""
    if isinstance(error, DecnetError):
        return str(error), error.exit_code
    if not isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        return type(error).__name__, Failed.exit_code
    limit = _limit.get()
    if limit is not None and limit.expired():
        return "its deadline passed", PartlyFailed.exit_code
    return "interrupted", Interrupted.exit_code


def _open(ctx: Context) -> str:
    """Which operations are begun and not known to have ended."""
    records = ctx.records
    names = [
        f"{row.decky} on {name}"
        for name, worker in known_workers(ctx.home).items()
        for row in records.load(worker.worker_id).lifecycle
        if row.status in OPEN
    ]
    if not names:
        return "no operation is open"
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return "open: " + ", ".join([*names[:MOST_NAMED], *more])
