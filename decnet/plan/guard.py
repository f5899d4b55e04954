"""The guard against mass removal: a state file emptied by hand does not take the fleet down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping

from decnet.errors import MassRemoval
from decnet.model.fleet import Fleet
from decnet.model.keys import DeckyKey
from decnet.model.plan import Plan, Step
from decnet.model.record import WorkerRecords


def fleet_size(desired: Fleet, recorded: Mapping[str, WorkerRecords], seen: Container[str]) -> int:
    """How many deckies the fleet had before: desired, or recorded of a worker that is `seen` now, each name
    once. What is recorded only on an unobserved worker can neither stay nor leave in this pass."""
    rows = {
        (project, row.name)
        for worker, records in recorded.items()
        if worker in seen
        for project, row in records.rows()
    }
    return len({(project, name) for project, name, _ in desired.every_decky()} | rows)


def excess_strays(
    strays: Iterable[str],
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    *,
    max_remove: int | None = None,
) -> dict[str, int]:
    """The workers that report too many strays to be pruned, each with their number. `strays` names the
    worker of each stray.

    Too many means more than `max_remove`, or than the deckies that the worker has (one is always allowed);
    this suggests a lying worker or lost state. Each worker is judged on its own.
    """
    return {
        worker: count
        for worker, count in sorted(Counter(strays).items())
        if count > (_stray_limit(worker, desired, recorded) if max_remove is None else max_remove)
    }


def _stray_limit(worker: str, desired: Fleet, recorded: Mapping[str, WorkerRecords]) -> int:
    rows = recorded[worker].rows() if worker in recorded else ()
    placed = {(project, name) for project, name, decky in desired.every_decky() if decky.worker == worker}
    return max(1, len(placed | {(project, row.name) for project, row in rows}))


def excess_yields(
    steps: Iterable[Step], desired: Fleet, *, away: int = 0, max_remove: int | None = None
) -> dict[DeckyKey, str]:
    """The deckies that would give way to other hosts, each with the reason why none does, if these are more
    than `max_remove`, or, together with the `away` that have given way already, than half of the fleet (or
    than one). The other steps do not wait."""
    yielding = [step for step in steps if step.bucket == "yield"]
    half = max(1, sum(1 for _ in desired.every_decky()) // 2)
    if len(yielding) <= (half - away if max_remove is None else max_remove):
        return {}
    count = len(yielding)
    why = f"too many deckies would give way ({count + away}): --max-remove {count} allows it"
    return {step.key: f"{step.reason.partition(';')[0]}; {why}" for step in yielding}


def guard(
    plan: Plan,
    size_before: int,
    desired: Fleet,
    *,
    max_remove: int | None = None,
    requested: int = 0,
) -> None:
    """Raises MassRemoval when the plan takes more deckies off the LAN than it may.

    `desired` is the new fleet; `requested` is how many of the removed deckies the user named.
    Without `max_remove` the plan may take half of the fleet (pruned strays count on both sides). A single
    decky may always be removed, unless it is the last one, was not named by the user, and nothing replaces
    it. A decky that gives way to another host counts as removed. If the plan removes any decky, deckies of
    which only the record is deleted count as removed too, because they belonged to the fleet.
    """
    pruned = sum(1 for step in plan.steps if step.bucket == "stray")
    yielding = sum(1 for step in plan.steps if step.bucket == "yield")
    gone = len(_leaving(plan, desired))
    removed = gone + yielding + pruned
    unrequested = max(0, removed - requested)
    if max_remove is not None:
        if unrequested > max_remove:
            raise _mass_removal(removed, size_before + pruned, f"--max-remove allows {max_remove}")
        return
    replaced = any(step.bucket == "create" for step in plan.steps)
    if gone > requested and gone >= size_before and not replaced:
        raise _mass_removal(gone, size_before, "nothing of the fleet would be left")
    if unrequested > 1 and 2 * unrequested > size_before + pruned:
        raise _mass_removal(removed, size_before + pruned, "that is more than half of the fleet")


def _leaving(plan: Plan, desired: Fleet) -> set[tuple[str, str]]:
    """The deckies that leave the fleet; none if only records are deleted."""
    away = (step for step in plan.steps if step.bucket in ("remove", "forget"))
    left = [step for step in away if desired.decky(step.project, step.decky) is None]
    return {(step.project, step.decky) for step in left} if any(s.bucket == "remove" for s in left) else set()


def _mass_removal(count: int, size: int, why: str) -> MassRemoval:
    return MassRemoval(
        f"this would remove {count} of {size} deckies, and {why}: nothing was done",
        hint=f"if this is intended: --max-remove {count}",
    )
