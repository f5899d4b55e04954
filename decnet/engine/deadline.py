"""A pass that has to be over in time: ended in good order, with what is open said."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any, TypeVar

from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, Failed, Interrupted, PartlyFailed
from decnet.model.record import OPEN

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
