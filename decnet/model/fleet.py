"""Desired state: what the operator wants, as it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import SerializerFunctionWrapHandler, StringConstraints, model_serializer

from decnet.wire import NETWORK, PROJECT

from .base import FrozenModel, Hex32, Loose, Mac, Moment, Name, NetworkName, ProjectName, ServiceName, Short
from .event_settings import EventSettings
from .keys import label
from .rollout_policy import Policy
from .spec import Driver
from .topology import Topology, TopologyName
from .values import Settings

SCHEMA_VERSION = 2
BASE_IMAGE = r"^decnet/base:[0-9a-f]{12}$"
DECOYS_IMAGE = r"^decnet/decoys:[0-9a-f]{12}$"
STARTS = ("since", "service_since", "service_first")
"""The fields of a decky with the first starts of the machine and of its services."""


class Network(FrozenModel):
    """One network that deckies are attached to. A `lan` is the real one of a worker, behind `interface`; an
    `inner` one is a bridge of that name, which only deckies of one topology are attached to."""

    name: Short = NETWORK
    kind: Literal["lan", "inner"] = "lan"
    driver: Driver
    interface: Short
    subnet: Short
    gateway: Short
    use: Annotated[tuple[str, ...], Loose] = ()
    exclude: Annotated[tuple[str, ...], Loose] = ()


class Attachment(FrozenModel):
    """One interface of a decky: a network by name, its address there, its MAC."""

    network: Short = NETWORK
    address: Short
    mac: Mac


def on_lan(attachments: Iterable[Attachment]) -> Attachment | None:
    """The one to the LAN of the worker, if there is one."""
    for each in attachments:
        if each.network == NETWORK:
            return each
    return None


class DeckyImages(FrozenModel):
    """The decnet images that a decky is made of, by content tag."""

    base: Annotated[str, StringConstraints(pattern=BASE_IMAGE)]
    decoys: Annotated[str, StringConstraints(pattern=DECOYS_IMAGE)]
    keeps_uploads: bool = False
    """Whether its services have a file system for what attackers upload: those of older images have none, and
    keep their fingerprints."""

    @staticmethod
    def fits(base: str, decoys: str) -> bool:
        """Whether these are names of such images."""
        return bool(re.fullmatch(BASE_IMAGE, base) and re.fullmatch(DECOYS_IMAGE, decoys))


class Decky(FrozenModel):
    """One decoy host as desired: everything about it that was chosen, by the user or at random."""

    name: Name
    worker: Name
    attachments: Annotated[tuple[Attachment, ...], Loose]
    """Its attachments, at least one; the first one is its home, for deckies of the fleet the worker's LAN."""
    hostname: Short
    os: Short
    release: Short
    archetype: Short | None = None
    services: dict[ServiceName, Settings]
    settings: dict[ServiceName, Settings] = {}
    """Settings by service, also for services that the decky does not have now."""
    seed: Hex32
    spec_hash: Short
    images: DeckyImages | None = None
    """Its images until it is upgraded; None if not known yet."""
    mutate_interval: int | None = None
    mutated_at: float | None = None
    mutated: bool = False
    previous: Annotated[tuple[str, ...], Loose] | None = None
    core: Annotated[tuple[ServiceName, ...], Loose] | None = None
    """Services that mutations never remove; None: those of its archetype, else all that it has."""
    side: Annotated[tuple[ServiceName, ...], Loose] | None = None
    """Services that mutations add and remove; None: those of its archetype or OS."""
    roles: Annotated[tuple[Short, ...], Loose] | None = None
    """Archetypes that it may change to by itself; None: it keeps its own."""
    role_changed: bool = False
    """Whether its archetype is not that of its entry any more."""
    since: Moment | None = None
    """The machine's first start, seconds since the epoch; None: unknown, as for deckies of older versions."""
    service_since: dict[ServiceName, Moment] = {}
    """When those of its services that came later, or came back, were added."""
    service_first: dict[ServiceName, Moment] = {}
    """The first start of each service that it has lost, also of those that came back; 0: with the machine."""

    @model_serializer(mode="wrap")
    def _as_before(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without first starts and roles, a decky is written as before there were any: equal files, hashes
        and plans."""
        written: dict[str, Any] = inner(self)
        for key in (*STARTS, "roles", "role_changed"):
            value = getattr(self, key)
            if value is None or value is False or value == {}:
                written.pop(key, None)
        return written

    @property
    def home(self) -> Attachment:
        """Its first attachment."""
        return self.attachments[0]

    @property
    def ip(self) -> str:
        """Its address on its home."""
        return self.attachments[0].address

    @property
    def mac(self) -> str:
        """Its MAC on its home."""
        return self.attachments[0].mac

    @property
    def lan(self) -> Attachment | None:
        """Its attachment to the LAN of its worker; None for one behind others in a topology."""
        return on_lan(self.attachments)

    @property
    def is_on_lan_alone(self) -> bool:
        """Whether it has no other attachment, as all deckies of the fleet."""
        return len(self.attachments) == 1 and self.attachments[0].network == NETWORK

    def with_services(self, services: dict[str, Settings], *, at: float) -> Decky:
        """The same decky after a mutation: other services, everything else kept."""
        return self.model_copy(
            update={
                "services": services,
                "previous": tuple(self.services),
                "mutated": True,
                "mutated_at": at,
                **self.starts_with(services, at=at),
            }
        )

    def starts_with(self, services: Iterable[str], *, at: float) -> dict[str, Any]:
        """The fields of STARTS of the same machine with these services from `at` (seconds since the epoch)
        on."""
        names = set(services)
        added = dict.fromkeys(names - self.services.keys(), int(at))
        later = {name: when for name, when in self.service_since.items() if name in names} | added
        lost = {name: self.service_since.get(name, 0) for name in self.services.keys() - names}
        first = {**lost, **self.service_first}
        return {
            "since": self.since,
            "service_since": dict(sorted(later.items())),
            "service_first": dict(sorted(first.items())),
        }


class Away(FrozenModel):
    """A decky that changes its role: it is off the network, and another machine comes back under its name."""

    decky: Decky
    """The machine that left."""
    role: Short
    """The archetype of the one that comes."""
    until: Moment
    """When it comes, at the earliest."""


class Project(FrozenModel):
    """Deckies that are planned, sent and applied together: the fleet itself, or a topology with its inner
    networks (by their names in Docker)."""

    name: ProjectName
    networks: dict[NetworkName, Network] = {}
    deckies: dict[Name, Decky] = {}

    @cached_property
    def by_worker(self) -> dict[str, dict[str, Decky]]:
        """Its deckies by worker and name."""
        found: dict[str, dict[str, Decky]] = {}
        for name, decky in self.deckies.items():
            found.setdefault(decky.worker, {})[name] = decky
        return found

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Like that of every model; pydantic would also copy the cached `by_worker`, which is no longer
        valid."""
        copy = super().model_copy(update=update, deep=deep)
        vars(copy).pop("by_worker", None)
        return copy


class Fleet(FrozenModel):
    """Desired: what `decnet-state.json` holds. `lans` are by worker, and shared by its projects."""

    schema_version: Literal[2] = 2
    fleet_id: Short
    lans: dict[Name, Network] = {}
    projects: dict[ProjectName, Project] = {}
    confirmed: Annotated[tuple[str, ...], Loose] = ()
    """Subnets whose addresses the operator has confirmed to be outside DHCP."""
    events: EventSettings = EventSettings()
    topologies: dict[TopologyName, Topology] = {}
    """All topologies; a deployed one has a project too."""
    rollouts: dict[Name, Policy] = {}
    """The policies of the fleet file."""
    mutate_hours: Short | None = None
    """When deckies mutate by themselves (see `hours`); None: the default."""
    time_zone: Short | None = None
    """Of these hours; None: that of this machine."""
    away: dict[Name, Away] = {}
    """Deckies that change their role at present, which are not among the deckies of the project."""

    @model_serializer(mode="wrap")
    def _as_before(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without topologies, policies, hours or role changes, a fleet is written as before there were any:
        equal files, hashes and plans."""
        written: dict[str, Any] = inner(self)
        for key in ("topologies", "rollouts", "mutate_hours", "time_zone", "away"):
            if not getattr(self, key):
                written.pop(key, None)
        return written

    @property
    def deckies(self) -> dict[str, Decky]:
        """The deckies of the fleet's own project, by name."""
        known = self.projects.get(PROJECT)
        return known.deckies if known else {}

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Each decky with its archetype, for selectors."""
        return {name: (decky.archetype,) if decky.archetype else () for name, decky in self.deckies.items()}

    def every_group(self) -> dict[str, tuple[str, ...]]:
        """Each decky with its archetype, as `groups` does, and those of topologies as TOPOLOGY/DECKY."""
        names = self.topology_names
        return {
            label(project, name, names): (decky.archetype,) if decky.archetype else ()
            for project, name, decky in self.every_decky()
        }

    def labelled_deckies(self) -> Iterator[tuple[str, Decky]]:
        """The deckies of all projects, as users name them."""
        names = self.topology_names
        for project, name, decky in self.every_decky():
            yield label(project, name, names), decky

    def labelled(self, text: str) -> tuple[str, Decky]:
        """Project and decky of a name that `every_group` has."""
        topology, _, name = text.rpartition("/")
        project = self.topologies[topology].project if topology in self.topologies else topology or PROJECT
        return project, self.projects[project].deckies[name]

    @property
    def topology_names(self) -> dict[str, str]:
        """By project, the name of the topology that it is."""
        return {each.project: name for name, each in self.topologies.items()}

    def project(self, name: str) -> Project:
        """The project of that name; an empty one if there is none."""
        return self.projects.get(name) or Project(name=name)

    @property
    def placed(self) -> set[str]:
        """The workers that have deckies of any project."""
        return {decky.worker for project in self.projects.values() for decky in project.deckies.values()}

    def every_decky(self) -> Iterator[tuple[str, str, Decky]]:
        """The deckies of all projects: project, name, decky."""
        for project in self.projects.values():
            for name, decky in project.deckies.items():
                yield project.name, name, decky

    def decky(self, project: str, name: str) -> Decky | None:
        """One decky, wherever it is."""
        return self.projects[project].deckies.get(name) if project in self.projects else None

    def on(self, worker: str, project: str = PROJECT) -> dict[str, Decky]:
        """The slice of one worker: its deckies of a project by name."""
        known = self.projects.get(project)
        return dict(known.by_worker.get(worker, {})) if known else {}

    def of_worker(self, worker: str) -> dict[str, Decky]:
        """The deckies of all projects on a worker, as users name them."""
        names = self.topology_names
        return {
            label(project.name, name, names): decky
            for project in self.projects.values()
            for name, decky in project.by_worker.get(worker, {}).items()
        }

    def count_on(self, worker: str) -> int:
        """How many deckies of all projects a worker has."""
        return sum(len(project.by_worker.get(worker, ())) for project in self.projects.values())

    def networks(self, worker: str, project: str = PROJECT) -> dict[str, Network]:
        """The networks of the slice of one worker by name: its LAN if it has one, and the project's inner
        ones if the project has deckies there."""
        lan, known = self.lans.get(worker), self.projects.get(project)
        inner = known.networks if known and worker in known.by_worker else {}
        return {**({lan.name: lan} if lan else {}), **inner}

    def with_deckies(self, deckies: dict[str, Decky], project: str = PROJECT) -> Fleet:
        """The same fleet with these deckies in a project instead."""
        changed = self.project(project).model_copy(update={"deckies": dict(sorted(deckies.items()))})
        return self.model_copy(update={"projects": dict(sorted({**self.projects, project: changed}.items()))})
