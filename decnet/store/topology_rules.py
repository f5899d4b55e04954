"""Rules about the topologies of a fleet, and about the projects that the deployed ones are."""

from __future__ import annotations

from collections.abc import Iterator

from decnet.model import addresses
from decnet.model.fleet import Fleet, Network, Project
from decnet.wire import PROJECT

from .validation_messages import Route, Wrong, dotted


def contradiction(fleet: Fleet) -> Wrong | None:
    """The first contradiction with the route to it; None for valid ones."""
    found = (wrong for wrong in (*_of_topologies(fleet), *_of_projects(fleet)) if wrong)
    return next(found, None)


def _of_topologies(fleet: Fleet) -> Iterator[Wrong | None]:
    owners: dict[str, str] = {}
    for key, topology in fleet.topologies.items():
        yield _key(("topologies", key, "name"), topology.name, key)
        owner = owners.setdefault(topology.project, key)
        where = ("topologies", key, "id")
        if owner != key:
            yield where, f"{dotted(where)} begins with the same 8 digits as that of {owner}"


def _of_projects(fleet: Fleet) -> Iterator[Wrong | None]:
    for name, project in fleet.projects.items():
        yield _key(("projects", name, "name"), project.name, name)
        yield from _of_networks(("projects", name, "networks"), project)


def _of_networks(route: Route, project: Project) -> Iterator[Wrong | None]:
    for key, network in project.networks.items():
        where = (*route, key)
        yield _key((*where, "name"), network.name, key)
        if project.name == PROJECT or not key.startswith(project.name + "-"):
            yield where, f"{dotted(where)} is the name of another project's network"
        yield _inner(where, network)


def _inner(route: Route, network: Network) -> Wrong | None:
    for field, wanted in (("kind", "inner"), ("driver", "bridge")):
        if getattr(network, field) != wanted:
            return (*route, field), f"{dotted((*route, field))} must be {wanted}"
    if wrong := addresses.lan(network):
        field, complaint = wrong
        return (*route, field), f"{dotted((*route, field))} {complaint}"
    return None


def _key(where: Route, name: str, key: str) -> Wrong | None:
    return None if name == key else (where, f"{dotted(where)} is {name}: it must be its key, {key}")
