"""Which workers may receive new deckies: not those that were drained."""

from __future__ import annotations

from collections.abc import Sequence

from decnet.engine.snapshot import Snapshot
from decnet.errors import DecnetError, SpecError
from decnet.model.actual import NotSeen
from decnet.model.worker import Worker
from decnet.plan.draft import Draft
from decnet.plan.select import select


def open_workers(snap: Snapshot, on: str | None) -> dict[str, Worker]:
    """The workers of the selector `on` (all for None) that may receive new deckies."""
    return {name: worker for name, worker in select(snap.workers, on).items() if not worker.drained}


def refuse_drained(snap: Snapshot, drafts: Sequence[Draft]) -> None:
    """Raises SpecError for a decky that names a drained worker and is not on it."""
    for draft in drafts:
        worker = snap.workers.get(draft.worker or "")
        is_there = draft.kept is not None and draft.kept.worker == draft.worker
        if worker is not None and worker.drained and not is_there:
            raise SpecError(
                f"{draft.name}: {worker.name} is drained and receives no deckies",
                place=draft.at("worker"),
                hint=f"choose another worker; or decnet worker undrain {worker.name}",
            )


def no_worker(snap: Snapshot) -> DecnetError:
    """The error of a command that no worker has room for a decky of: that of the worst worker."""
    unseen = [each for each in snap.observed.values() if isinstance(each, NotSeen)]
    drained = sorted(name for name, worker in snap.workers.items() if worker.drained)
    if unseen:
        order = ("refused", "failed", "docker-down", "unreachable")
        return min(unseen, key=lambda each: order.index(each.state)).failure.error
    if drained:
        are = "is" if len(drained) == 1 else "are"
        return SpecError(
            f"no worker may receive a decky: {', '.join(drained)} {are} drained",
            hint="decnet worker undrain NAME; or decnet worker add NAME USER@HOST",
        )
    return SpecError("no worker has room for a decky", hint="decnet worker list")
