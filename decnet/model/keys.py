"""Keys of a decky, and of a worker's part of a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from decnet.wire import PROJECT, clean, container_name

if TYPE_CHECKING:
    from .event import Touch


class SliceKey(NamedTuple):
    """The part of a project that lives on one worker."""

    worker: str
    project: str = PROJECT

    def __str__(self) -> str:
        return self.named({})

    def named(self, topologies: Mapping[str, str]) -> str:
        """The key in words, with the name of the topology that the project is."""
        name = topologies.get(self.project, self.project)
        return self.worker if self.project == PROJECT else f"{self.worker} ({name})"


class DeckyKey(NamedTuple):
    """One decky of one project on one worker."""

    worker: str
    project: str
    decky: str

    @property
    def slice(self) -> SliceKey:
        return SliceKey(self.worker, self.project)

    @property
    def base(self) -> str:
        """The name of its base container, unique on the worker."""
        return container_name(self.project, self.decky)

    def __str__(self) -> str:
        return self.named({})

    def named(self, topologies: Mapping[str, str]) -> str:
        """The key in words, with the name of the topology that the project is."""
        return f"{label(self.project, self.decky, topologies)} on {self.worker}"


def place(event: Touch) -> str:
    """The decky of an event, unique in the fleet: DECKY, or PROJECT/DECKY. `spelled` names its topology."""
    return event.decky if event.project == PROJECT else f"{event.project}/{event.decky}"


def spelled(place: str, topologies: Mapping[str, str]) -> str:
    """A `place` as users name it: DECKY, or TOPOLOGY/DECKY."""
    project, is_of_topology, decky = place.partition("/")
    return label(project, decky, topologies) if is_of_topology else place


def label(project: str, decky: str, topologies: Mapping[str, str]) -> str:
    """A decky as users name it: DECKY, or TOPOLOGY/DECKY."""
    name = clean(decky, 60)
    return name if project == PROJECT else f"{topologies.get(project, project)}/{name}"
