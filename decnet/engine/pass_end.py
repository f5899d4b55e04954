"""Deadline and audit entry of a pass."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from decnet.engine.context import Context
from decnet.engine.drained import newly_drained
from decnet.engine.network_cleanup import will_remove_networks
from decnet.engine.project_cleanup import will_remove_projects
from decnet.engine.workers import known_workers
from decnet.errors import DecnetError, Failed, Interrupted, PartlyFailed
from decnet.model.record import OPEN
from decnet.store.audit import append

if TYPE_CHECKING:
    from decnet.engine.options import PassOptions
    from decnet.engine.outcome import PassOutcome
    from decnet.engine.snapshot import Snapshot
    from decnet.model.plan import Plan

Result = TypeVar("Result")

MAX_NAMED = 10

_limit: ContextVar[asyncio.Timeout | None] = ContextVar("limit", default=None)


async def with_deadline(ctx: Context, seconds: float | None, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of the work. Raises PartlyFailed, which names the open operations, if it takes longer.

    Jobs that a worker accepted continue there: the timeout has the same effect as a crash of the pass.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            _limit.set(limit)
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
    raise PartlyFailed(
        f"the pass did not finish within {seconds:g} s and was stopped; {_open_operations(ctx)}",
        hint="jobs that a worker accepted continue there; the next decnet reconcile records their results",
    )


class AuditedOutcome:
    """The outcome of the pass; the block sets it."""

    outcome: PassOutcome


@contextmanager
def audited(ctx: Context, snap: Snapshot, plan: Plan, options: PassOptions) -> Iterator[AuditedOutcome]:
    """Log how the pass in the block ends, if it has anything to do."""
    changes = snap.desired != snap.stored or not plan.is_empty or will_remove_networks(snap, options)
    changes = changes or bool(newly_drained(ctx, snap)) or will_remove_projects(snap, options)
    audit = AuditedOutcome()
    if changes:
        ctx.traces.changes = ctx.traces.jobs = True
    try:
        yield audit
    except BaseException as error:
        why, exit_code = why_ended(error)
        # Report what ended the pass, not that the audit log cannot be written.
        with suppress(DecnetError):
            _write_entry(ctx, changes, f"ended early: {why}", exit_code)
        raise
    _write_entry(ctx, changes, audit.outcome.summary, audit.outcome.exit_code)


def _write_entry(ctx: Context, changes: bool, outcome: str, exit_code: int) -> None:
    if changes:
        append(
            ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome, exit_code=exit_code
        )


def why_ended(error: BaseException) -> tuple[str, int]:
    """Why a pass ends with this error, in words, and the exit code."""
    if isinstance(error, DecnetError):
        return str(error), error.exit_code
    if not isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        return type(error).__name__, Failed.exit_code
    limit = _limit.get()
    if limit is not None and limit.expired():
        return "its deadline passed", PartlyFailed.exit_code
    return "interrupted", Interrupted.exit_code


def _open_operations(ctx: Context) -> str:
    """The operations that were started and are not known to have ended."""
    records = ctx.records
    names = [
        f"{row.decky} on {name}"
        for name, worker in known_workers(ctx.home).items()
        for row in records.load(worker.worker_id).lifecycle
        if row.status in OPEN
    ]
    if not names:
        return "no operation is open"
    more = [f"{len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else []
    return "open: " + ", ".join([*names[:MAX_NAMED], *more])
