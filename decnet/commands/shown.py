"""Which events a pull prints: those that no pull has printed yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from decnet.commands.events import EventFilter, passes
from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.errors import LockHeld
from decnet.model.event import AttackerEvent
from decnet.plan.select import select
from decnet.store.events import last_places
from decnet.store.printed import load_printed, printing_lock, save_printed, unprinted


@contextmanager
def showing(
    ctx: Context, wanted: EventFilter, on: str | None = None
) -> Iterator[Iterable[tuple[str, AttackerEvent]]]:
    """The stored events of the selected workers that no pull has printed yet, oldest first, each with the
    name of its worker; of these, those that the filter lets through.

    They count as printed when the block ends. If it ends with an error, the next pull prints them again.
    Raises LockHeld while another command prints events.
    """
    with _alone(ctx):
        names = {worker.worker_id: name for name, worker in select(known_workers(ctx.home), on).items()}
        shown, ends = load_printed(ctx.home) or {}, last_places(ctx.home, names)
        found = unprinted(ctx.home, shown, ends)
        yield (
            (names.get(each.worker, each.worker), each.event) for each in found if passes(each.event, wanted)
        )
        if any(shown.get(worker) != end for worker, end in ends.items()):
            save_printed(ctx.home, {**shown, **ends})


@contextmanager
def _alone(ctx: Context) -> Iterator[None]:
    lock = printing_lock(ctx.home, ctx.command, ctx.lock_timeout)
    try:
        lock.acquire()
    except LockHeld as error:
        raise LockHeld(error.message, hint="it prints events now; the next pull prints the rest") from None
    try:
        yield
    finally:
        lock.release()
