"""The first start of a machine whose containers could not be created when it was planned."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.model.actual import Observation, Seen
from decnet.model.fleet import Decky, Fleet
from decnet.model.record import WorkerRecords

DELAY_SECONDS = 120.0
"""A pass may take so long between its decision and its jobs."""


def with_first_starts(
    fleet: Fleet, recorded: Mapping[str, WorkerRecords], observed: Mapping[str, Observation], now: float
) -> Fleet:
    """The fleet in which machines that never ran start now and not when they were planned: their worker was
    not reached, their jobs failed, or a rollout releases them only now. The same object if none is."""
    known = _recorded(recorded) | _present(observed)
    changed: dict[str, dict[str, Decky]] = {}
    for project, name, decky in fleet.every_decky():
        is_late = decky.since is not None and decky.since < now - DELAY_SECONDS
        if not is_late or (project, name) in known or not isinstance(observed.get(decky.worker), Seen):
            continue
        if not _has_run(recorded, project, decky):
            starts = {"since": int(now), "service_since": {}, "service_first": {}}
            changed.setdefault(project, {})[name] = decky.model_copy(update=starts)
    for project, deckies in changed.items():
        fleet = fleet.with_deckies({**fleet.project(project).deckies, **deckies}, project)
    return fleet


def _recorded(recorded: Mapping[str, WorkerRecords]) -> set[tuple[str, str]]:
    return {(project, row.name) for records in recorded.values() for project, row in records.rows()}


def _present(observed: Mapping[str, Observation]) -> set[tuple[str, str]]:
    seen = [each for each in observed.values() if isinstance(each, Seen)]
    return {(each.project, each.decky) for one in seen for each in one.status.containers}


def _has_run(recorded: Mapping[str, WorkerRecords], project: str, decky: Decky) -> bool:
    """Whether an operation on it succeeded since it was planned."""
    return any(
        (row.project, row.decky, row.status) == (project, decky.name, "succeeded")
        and row.created >= (decky.since or 0)
        for records in recorded.values()
        for row in records.lifecycle
    )
