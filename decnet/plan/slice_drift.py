"""Slice drift: compares the slice that a worker holds with the one that it should hold."""

from __future__ import annotations

from decnet.model.actual import HeldProject
from decnet.model.plan import SliceDrift
from decnet.model.record import Applied, ProjectRecords


def slice_drift(records: ProjectRecords, reported: HeldProject, wanted: str | None) -> SliceDrift | None:
    """How the slice that a worker holds differs from the one it should hold; None if it does not.

    `records` must already be updated from the status that `reported` comes from, `wanted` is the hash of the
    desired slice (None: no slice). The first match wins. Only the last one, `behind`, is ordinary: the newest
    slice was not sent yet.
    """
    last, generation = records.applied, reported.generation
    if generation > records.generation:
        return SliceDrift(
            word="ahead",
            reason=f"it holds generation {generation}, but this operator never sent more than "
            f"{records.generation}: the state directory was restored from an older copy",
        )
    if last and reported.plan_hash is None and last.plan_hash is not None:
        return SliceDrift(word="lost", reason=f"it lost its state, which was generation {last.generation}")
    if last and generation < last.generation:
        return SliceDrift(
            word="rewound",
            reason=f"it is back at generation {generation} of {last.generation}: restored from an older copy",
        )
    if last and last.plan_hash != reported.plan_hash:
        return SliceDrift(word="replaced", reason=f"its state of generation {generation} was changed there")
    if wanted is not None and reported.plan_hash != wanted:
        return SliceDrift(word="behind", reason=f"it has an older state (generation {generation})")
    return None


def newest_applied(known: Applied | None, reported: HeldProject, sent: int) -> Applied | None:
    """The newest slice that the worker reported, of those up to generation `sent`, which this operator knows
    of. A later report of an older one means that it was rolled back.

    A higher generation is `ahead` for as long as it is reported. Recording it would make every later slice
    seem rolled back, even after the worker has lost it.
    """
    if known is not None and known.generation > sent:
        known = None
    is_older = known is not None and reported.generation <= known.generation
    if is_older or reported.generation > sent:
        return known
    return Applied(generation=reported.generation, plan_hash=reported.plan_hash)
