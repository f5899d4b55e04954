"""One decky on one worker, as all three see it: desired, recorded, actual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from decnet.model.actual import Container, Observation, Seen
from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.record import DeckyRow, WorkerRecords
from decnet.wire import clean

from .compose import Content, Contents


@dataclass(slots=True)
class Case:
    """`decky`, `row` and `actual` are what is desired, recorded and there; `expected` is what the
    containers of `decky` have to be; `conflict` is the MAC that answers for its address."""

    key: DeckyKey
    decky: Decky | None
    row: DeckyRow | None
    expected: Mapping[str, Content]
    actual: Mapping[str, Container]
    conflict: str = ""

    @property
    def worker(self) -> str:
        return self.key.worker

    @property
    def name(self) -> str:
        """The decky's, which is its base container's in the fleet's own project."""
        return self.key.decky


def unknown_workers(
    desired: Fleet, recorded: Mapping[str, WorkerRecords], observed: Mapping[str, Observation]
) -> dict[str, str]:
    """Every worker of which nothing is known now, with the reason; not asked is not known."""
    workers = {key.worker for key, _ in desired.every_decky()} | set(recorded) | set(observed)
    return {worker: why for worker in sorted(workers) if (why := _why_unknown(observed.get(worker)))}


def cases(
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    observed: Mapping[str, Observation],
    contents: Mapping[SliceKey, Contents],
) -> Iterator[Case]:
    """One case for every decky that is desired, recorded or there on a worker that was seen, in order."""
    wanted: dict[str, dict[DeckyKey, Decky]] = {}
    for key, decky in desired.every_decky():
        wanted.setdefault(key.worker, {})[key] = decky
    for worker in sorted(observed):
        seen = observed[worker]
        if not isinstance(seen, Seen) or _why_unknown(seen):
            continue
        rows = _rows(worker, recorded)
        here, actual = wanted.get(worker, {}), _by_decky(worker, seen.status.containers)
        conflicts = {DeckyKey(worker, each.project, each.decky): each.mac for each in seen.status.conflicts}
        for key in sorted({*here, *rows, *actual}):
            made = contents[key.slice][key.decky] if key in here else {}
            there = actual.get(key, {})
            yield Case(key, here.get(key), rows.get(key), made, there, conflicts.get(key, ""))


def _rows(worker: str, recorded: Mapping[str, WorkerRecords]) -> dict[DeckyKey, DeckyRow]:
    known = recorded[worker].rows() if worker in recorded else ()
    return {DeckyKey(worker, project, row.name): row for project, row in known}


def _by_decky(worker: str, containers: tuple[Container, ...]) -> dict[DeckyKey, dict[str, Container]]:
    result: dict[DeckyKey, dict[str, Container]] = {}
    for container in containers:
        key = DeckyKey(worker, container.project, container.decky)
        result.setdefault(key, {})[container.name] = container
    return result


def _why_unknown(observation: Observation | None) -> str:
    if observation is None:
        return "was not asked"
    if not isinstance(observation, Seen):
        return clean(observation.error) or observation.kind
    if observation.status.docker != "up":
        return f"Docker is down: {clean(observation.status.docker_error)}"
    return ""
