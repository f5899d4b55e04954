"""The guard against mass removal: a state file emptied by hand does not take the fleet down."""

from __future__ import annotations

from collections.abc import Container, Mapping

from decnet.errors import MassRemoval
from decnet.model.fleet import Fleet
from decnet.model.plan import Plan
from decnet.model.record import WorkerRecords


def fleet_size(desired: Fleet, recorded: Mapping[str, WorkerRecords]) -> int:
    """How many deckies the fleet had before: desired or recorded, each name once."""
    return len(set(desired.deckies).union(*(records.deckies for records in recorded.values())))


def guard(
    plan: Plan,
    size_before: int,
    desired: Container[str],
    *,
    max_remove: int | None = None,
    asked: int = 0,
) -> None:
    """Raises MassRemoval when the plan takes more deckies off the LAN than it may.

    `desired` are the names that stay in the fleet, wherever; `asked` is how many of the others the user
    named one by one. Without `max_remove` the plan may take half of the fleet (pruned strays count on
    both sides), one decky always, but never the last one while nothing takes its place. Beside a removal
    what is only forgotten counts too: it was part of the fleet that is left now.
    """
    pruned = sum(1 for step in plan.steps if step.bucket == "stray")
    gone = len(_leaving(plan, desired))
    unasked = max(0, gone + pruned - asked)
    if max_remove is not None:
        if unasked > max_remove:
            raise _refusal(gone + pruned, size_before + pruned, f"--max-remove allows {max_remove}")
        return
    replaced = any(step.bucket == "create" for step in plan.steps)
    if gone > asked and gone >= size_before and not replaced:
        raise _refusal(gone, size_before, "nothing of the fleet would be left")
    if unasked > 1 and 2 * unasked > size_before + pruned:
        raise _refusal(gone + pruned, size_before + pruned, "that is more than half of the fleet")


def _leaving(plan: Plan, desired: Container[str]) -> set[str]:
    """The deckies that leave the fleet; none where nothing but records is cleaned."""
    left = [s for s in plan.steps if s.bucket in ("remove", "forget") and s.decky not in desired]
    return {s.decky for s in left} if any(s.bucket == "remove" for s in left) else set()


def _refusal(count: int, size: int, why: str) -> MassRemoval:
    return MassRemoval(
        f"this would remove {count} of {size} deckies, and {why}: nothing was done",
        hint=f"if that is meant: --max-remove {count}",
    )
