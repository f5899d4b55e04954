"""One decky on one worker, as all three see it: desired, recorded, actual."""

from __future__ import annotations

from collections import defaultdict
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
    """`decky`, `row` and `actual` are what is desired, recorded and there; `expected` is what its containers
    have to be, `conflict` the MAC that answers for its address."""

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
    def project(self) -> str:
        return self.key.project

    @property
    def name(self) -> str:
        """The decky's."""
        return self.key.decky

    @property
    def base(self) -> str:
        """The name of its base container."""
        return self.key.base


def unknown_workers(
    desired: Fleet, recorded: Mapping[str, WorkerRecords], observed: Mapping[str, Observation]
) -> dict[str, str]:
    """Every worker of which nothing is known now, with the reason; not asked is not known."""
    workers = desired.placed | set(recorded) | set(observed)
    return {worker: why for worker in sorted(workers) if (why := _why_unknown(observed.get(worker)))}


def cases(
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    observed: Mapping[str, Observation],
    contents: Mapping[SliceKey, Contents],
) -> Iterator[Case]:
    """One case for every decky that is desired, recorded or there on a worker that was seen, in order."""
    for worker in sorted(observed):
        seen = observed[worker]
        if not isinstance(seen, Seen) or _why_unknown(seen):
            continue
        known = recorded[worker].projects if worker in recorded else {}
        there = _by_project(seen.status.containers)
        for project in sorted({*desired.projects, *known, *there}):
            here, actual = desired.on(worker, project), there.get(project, {})
            rows = known[project].deckies if project in known else {}
            made = contents.get(SliceKey(worker, project), {})
            conflicts = {each.decky: each.mac for each in seen.status.conflicts if each.project == project}
            for name in sorted({*here, *rows, *actual}):
                yield Case(
                    DeckyKey(worker, project, name),
                    here.get(name),
                    rows.get(name),
                    made[name] if name in here else {},
                    actual.get(name, {}),
                    conflicts.get(name, ""),
                )


def _by_project(containers: tuple[Container, ...]) -> dict[str, dict[str, dict[str, Container]]]:
    """Project to decky to container name to container."""
    result: dict[str, dict[str, dict[str, Container]]] = defaultdict(lambda: defaultdict(dict))
    for container in containers:
        result[container.project][container.decky][container.name] = container
    return result


def _why_unknown(observation: Observation | None) -> str:
    if observation is None:
        return "was not contacted"
    if not isinstance(observation, Seen):
        return clean(observation.failure.message) or observation.state
    if observation.status.docker != "up":
        return f"Docker is down: {clean(observation.status.docker_error)}"
    return ""
