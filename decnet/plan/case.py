"""One decky on one worker, as all three see it: desired, recorded, actual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from decnet.model.actual import Container, Observation, Seen
from decnet.model.fleet import Decky, Fleet
from decnet.model.record import DeckyRow, WorkerRecords
from decnet.wire import clean

from .compose import Content, Contents

Key = tuple[str, str]
"""Worker and decky."""


@dataclass(slots=True)
class Case:
    """`decky`, `row` and `actual` are what is desired, recorded and there; `expected` is what the
    containers of `decky` have to be; `conflict` is the MAC that answers for its address."""

    worker: str
    name: str
    decky: Decky | None
    row: DeckyRow | None
    expected: Mapping[str, Content]
    actual: Mapping[str, Container]
    conflict: str = ""

    @property
    def key(self) -> Key:
        return (self.worker, self.name)


def unknown_workers(
    desired: Fleet, recorded: Mapping[str, WorkerRecords], observed: Mapping[str, Observation]
) -> dict[str, str]:
    """Every worker of which nothing is known now, with the reason; not asked is not known."""
    workers = {decky.worker for decky in desired.deckies.values()} | set(recorded) | set(observed)
    return {worker: why for worker in sorted(workers) if (why := _why_unknown(observed.get(worker)))}


def cases(
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    observed: Mapping[str, Observation],
    contents: Mapping[str, Contents],
) -> Iterator[Case]:
    """One case for every decky that is desired, recorded or there on a worker that was seen, in order."""
    wanted: dict[str, dict[str, Decky]] = {}
    for name, decky in desired.deckies.items():
        wanted.setdefault(decky.worker, {})[name] = decky
    for worker in sorted(observed):
        seen = observed[worker]
        if not isinstance(seen, Seen) or _why_unknown(seen):
            continue
        rows = recorded[worker].deckies if worker in recorded else {}
        here, actual = wanted.get(worker, {}), _by_decky(seen.status.containers)
        made = contents.get(worker, {})
        conflicts = seen.status.conflicts
        for name in sorted({*here, *rows, *actual}):
            yield Case(
                worker,
                name,
                here.get(name),
                rows.get(name),
                made[name] if name in here else {},
                actual.get(name, {}),
                conflicts.get(name, ""),
            )


def _by_decky(containers: tuple[Container, ...]) -> dict[str, dict[str, Container]]:
    result: dict[str, dict[str, Container]] = {}
    for container in containers:
        result.setdefault(container.decky, {})[container.name] = container
    return result


def _why_unknown(observation: Observation | None) -> str:
    if observation is None:
        return "was not asked"
    if not isinstance(observation, Seen):
        return clean(observation.error) or observation.kind
    if observation.status.docker != "up":
        return f"Docker is down: {clean(observation.status.docker_error)}"
    return ""
