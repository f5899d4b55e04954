"""Which images a decky is made of: those that it already runs, until it is upgraded."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.model.actual import Container, Observation, Seen
from decnet.model.fleet import Decky, DeckyImages, Fleet

from .compose import ImageNames


def pinned(fleet: Fleet, observed: Mapping[str, Observation], current: ImageNames) -> Fleet:
    """The fleet in which every decky of an observed worker names its images: the recorded ones, else those of
    its containers (a fleet of version 0.1.0), else this version's (`current`) if none of its containers
    exists. The same object if nothing changes."""
    seen = {worker for worker, each in observed.items() if isinstance(each, Seen)}
    containers_by_decky = _containers(observed)
    changed: dict[str, dict[str, Decky]] = {}
    for project in fleet.projects.values():
        for name, decky in project.deckies.items():
            containers = containers_by_decky.get((decky.worker, project.name, name), ())
            if decky.worker not in seen or (containers and decky.images is not None):
                continue
            images = _images(containers, current)
            if images != decky.images:
                changed.setdefault(project.name, {})[name] = decky.model_copy(update={"images": images})
    for project_name, deckies in changed.items():
        fleet = fleet.with_deckies({**fleet.project(project_name).deckies, **deckies}, project_name)
    return fleet


def upgraded(fleet: Fleet, workers: Mapping[str, object], current: ImageNames) -> Fleet:
    """The fleet with this version's images for the deckies on these workers."""
    images = _of(current)
    for name, project in fleet.projects.items():
        deckies = {
            key: decky.model_copy(update={"images": images}) if decky.worker in workers else decky
            for key, decky in project.deckies.items()
        }
        fleet = fleet.with_deckies(deckies, name)
    return fleet


def outdated(fleet: Fleet, current: ImageNames) -> dict[str, int]:
    """By worker, how many deckies have other images than this version's."""
    found: dict[str, int] = {}
    for project in fleet.projects.values():
        for decky in project.deckies.values():
            images = decky.images
            if images is not None and (images.base != current.base or images.decoys != current.decoys):
                found[decky.worker] = found.get(decky.worker, 0) + 1
    return dict(sorted(found.items()))


def _images(containers: tuple[Container, ...], current: ImageNames) -> DeckyImages:
    if not containers:
        return _of(current)
    bases = [each.image for each in containers if not each.service]
    decoys = sorted({each.image for each in containers if each.image.startswith("decnet/decoys:")})
    base, decoy = (bases or [current.base])[0], (decoys or [current.decoys])[0]
    # A worker may report anything.
    if not DeckyImages.fits(base, decoy):
        return _of(current)
    # Every decky of this version's images keeps uploads.
    return DeckyImages(base=base, decoys=decoy, keeps_uploads=decoy == current.decoys)


def _of(current: ImageNames) -> DeckyImages:
    return DeckyImages(base=current.base, decoys=current.decoys, keeps_uploads=True)


def _containers(
    observed: Mapping[str, Observation],
) -> dict[tuple[str, str, str], tuple[Container, ...]]:
    """Worker, project and decky to its containers."""
    found: dict[tuple[str, str, str], tuple[Container, ...]] = {}
    for worker, seen in observed.items():
        for each in seen.status.containers if isinstance(seen, Seen) else ():
            key = worker, each.project, each.decky
            found[key] = (*found.get(key, ()), each)
    return found
