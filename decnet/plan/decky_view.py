"""One decky on one worker: its desired, recorded and actual state, and the status that follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from decnet.model.actual import Container, DeckyStatus, Observation, Seen
from decnet.model.fleet import Attachment, Decky, Fleet
from decnet.model.keys import DeckyKey, SliceKey
from decnet.model.record import DeckyRow, WorkerRecords
from decnet.wire import clean

from .address_conflicts import AddressConflict, address_conflicts
from .compose import ExpectedContainer, ExpectedSlice

MANY_RESTARTS = 10
"""Docker counts restarts until a container is started manually or recreated."""


@dataclass(slots=True)
class DeckyView:
    """`decky` is the desired state, `row` the recorded one, and `actual` has the existing containers by name;
    `expected` is what the containers should be, `conflict` another host that answers for the address."""

    key: DeckyKey
    decky: Decky | None
    row: DeckyRow | None
    expected: Mapping[str, ExpectedContainer]
    actual: Mapping[str, Container]
    conflict: AddressConflict | None = None

    @property
    def worker(self) -> str:
        return self.key.worker

    @property
    def project(self) -> str:
        return self.key.project

    @property
    def name(self) -> str:
        """The decky's name."""
        return self.key.decky

    @property
    def base(self) -> str:
        """The name of its base container."""
        return self.key.base

    @property
    def is_base_desired(self) -> bool:
        """Whether its base exists and is made as desired."""
        name = self.base
        base = self.actual.get(name)
        return (
            base is not None
            and self.decky is not None
            and base.fingerprint == self.expected[name].fingerprint
        )


def unknown_workers(
    desired: Fleet, recorded: Mapping[str, WorkerRecords], observed: Mapping[str, Observation]
) -> dict[str, str]:
    """Every worker whose actual state is unknown, with the reason."""
    workers = desired.placed | set(recorded) | set(observed)
    return {worker: why for worker in sorted(workers) if (why := _why_unknown(observed.get(worker)))}


def decky_views(
    desired: Fleet,
    recorded: Mapping[str, WorkerRecords],
    observed: Mapping[str, Observation],
    expected: Mapping[SliceKey, ExpectedSlice],
) -> Iterator[DeckyView]:
    """One view for every decky that is desired, recorded or present on an observed worker, sorted by key."""
    conflicts = address_conflicts(desired, observed)
    placed: dict[str, list[str]] = defaultdict(list)
    for project_name, project_of in desired.projects.items():
        for on_worker in project_of.by_worker:
            placed[on_worker].append(project_name)
    for worker in sorted(observed):
        seen = observed[worker]
        if not isinstance(seen, Seen) or _why_unknown(seen):
            continue
        known = recorded[worker].projects if worker in recorded else {}
        containers_by_project = _by_project(seen.status.containers)
        for project in sorted({*placed[worker], *known, *containers_by_project}):
            desired_here, actual = desired.on(worker, project), containers_by_project.get(project, {})
            rows = known[project].deckies if project in known else {}
            expected_deckies = expected.get(SliceKey(worker, project), {})
            for name in sorted({*desired_here, *rows, *actual}):
                key = DeckyKey(worker, project, name)
                yield DeckyView(
                    key,
                    desired_here.get(name),
                    rows.get(name),
                    expected_deckies[name] if name in desired_here else {},
                    actual.get(name, {}),
                    conflicts.get(key),
                )


def is_crash_looping(container: Container) -> bool:
    return container.state == "restarting" or container.restarts >= MANY_RESTARTS


def is_working(container: Container | None) -> bool:
    """Whether the container runs, stays up, sits in its base's network namespace, and is ready or may become
    ready."""
    return (
        container is not None
        and container.state == "running"
        and container.attached is not False
        and container.restarts < MANY_RESTARTS
        and container.ready != "no"
    )


def contradiction(expected: Mapping[str, ExpectedContainer], actual: Mapping[str, Container]) -> str | None:
    """How a decky that was just brought up is not as expected; None if it is."""
    for name, each in expected.items():
        found = actual.get(name)
        if found is None:
            return f"{name} does not exist"
        if found.fingerprint != each.fingerprint:
            return f"{name} is another container than the one that was described"
        if not is_working(found):
            code = "" if found.exit_code is None else f", exit status {found.exit_code}"
            return f"{name} is {found.state}{code}" if found.state != "running" else f"{name} does not work"
    return None


def status_of(expected: Mapping[str, ExpectedContainer], actual: Mapping[str, Container]) -> DeckyStatus:
    """running: base and all services work; failed: none does; degraded: in between; torn_down: none exists.

    A service cannot work without its base, whatever Docker says of it.
    """
    return _status({name for name, each in expected.items() if not each.service}, expected, actual)


def _status(bases: Iterable[str], names: Iterable[str], actual: Mapping[str, Container]) -> DeckyStatus:
    if not actual:
        return "torn_down"
    if not all(is_working(actual.get(name)) for name in bases):
        return "failed"
    is_whole = all(is_working(actual.get(name)) and actual[name].ready != "starting" for name in names)
    return "running" if is_whole else "degraded"


def desired_row(
    key: DeckyKey, decky: Decky, expected: Mapping[str, ExpectedContainer], *, adopted: bool = False
) -> DeckyRow:
    """The record of a decky that runs as desired."""
    home = decky.home
    return DeckyRow(
        name=decky.name,
        project=key.project,
        ip=home.address,
        mac=home.mac,
        containers={name: each.fingerprint for name, each in expected.items()},
        status="running",
        adopted=adopted,
        attachments=recorded_attachments(decky),
    )


def observed_row(
    key: DeckyKey,
    decky: Decky,
    expected: Mapping[str, ExpectedContainer],
    actual: Mapping[str, Container],
    row: DeckyRow | None,
) -> DeckyRow:
    """The record of the actual state of a decky.

    Its address is the one that its base was made with: the desired one if the fingerprint is the
    desired one, else the one that was recorded.
    """
    base = actual.get(key.base)
    as_recorded = row is not None and (base is None or base.fingerprint != expected[key.base].fingerprint)
    return DeckyRow(
        name=decky.name,
        project=key.project,
        ip=row.ip if row and as_recorded else decky.ip,
        mac=row.mac if row and as_recorded else decky.mac,
        containers={name: actual[name].fingerprint for name in sorted(actual)},
        status=status_of(expected, actual),
        adopted=row.adopted if row else True,
        sent=row.sent if row and as_recorded else (),
        attachments=row.attachments if row and as_recorded else recorded_attachments(decky),
    )


def recorded_attachments(decky: Decky) -> tuple[Attachment, ...]:
    """Its attachments as a row has them."""
    return () if decky.is_on_lan_alone else decky.attachments


def remaining_row(key: DeckyKey, row: DeckyRow, actual: Mapping[str, Container]) -> DeckyRow:
    """The record of a decky that is no longer desired while these containers of it still exist."""
    return row.model_copy(
        update={
            "containers": {name: actual[name].fingerprint for name in sorted(actual)},
            "status": _status((key.base,), row.containers, actual),
        }
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
