"""A pass that changed something leaves a line in the audit log, also where it does not come to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from decnet.engine.deadline import why_ended
from decnet.errors import DecnetError
from decnet.store.audit import append

if TYPE_CHECKING:
    from decnet.engine.context import Context
    from decnet.engine.outcome import PassOutcome
    from decnet.engine.snapshot import Snapshot
    from decnet.model.plan import Plan


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
