"""What a slice consists of, in a fleet: compared between two, and hashed for the quarantine."""

from __future__ import annotations

from typing import NamedTuple

from decnet.model.fleet import STARTS, Decky, Fleet, Network
from decnet.model.keys import SliceKey
from decnet.model.topology import Topology
from decnet.wire import digest

_MUTATED = ("services", "previous", "mutated", "mutated_at", "core", "settings", *STARTS)
"""The fields of a decky that may change while a rollout is open."""


class Slice(NamedTuple):
    """All of a fleet that one worker's slice of a project consists of."""

    deckies: dict[str, Decky]
    networks: dict[str, Network]
    topology: Topology | None


def content(fleet: Fleet, key: SliceKey) -> Slice:
    """One slice; without deckies it is empty."""
    deckies = fleet.on(*key)
    if not deckies:
        return Slice({}, {}, None)
    return Slice(deckies, fleet.networks(*key), topology_of(fleet, key))


def topology_of(fleet: Fleet, key: SliceKey) -> Topology | None:
    """The topology that a slice is of, which may be described only; None for the fleet's own project."""
    return next((each for each in fleet.topologies.values() if each.project == key.project), None)


def keys_of(fleet: Fleet) -> set[SliceKey]:
    """Every slice that has deckies."""
    return {SliceKey(w, project.name) for project in fleet.projects.values() for w in project.by_worker}


def changed_slices(former: Fleet, to: Fleet) -> dict[SliceKey, int]:
    """The slices that differ, each with how many of its deckies do."""
    found = {}
    for key in sorted(keys_of(former) | keys_of(to)):
        old, new = content(former, key), content(to, key)
        if old != new:
            found[key] = sum(
                old.deckies.get(name) != new.deckies.get(name) for name in {*old.deckies, *new.deckies}
            )
    return found


def is_mutation(before: Slice, after: Slice) -> bool:
    """Whether nothing but services of deckies differ."""
    if before.deckies.keys() != after.deckies.keys() or before[1:] != after[1:]:
        return False
    return all(_but_mutated(before.deckies[name], after.deckies[name]) for name in after.deckies)


def _but_mutated(before: Decky, after: Decky) -> bool:
    # Images that were not known yet are pinned by any pass.
    same = (*_MUTATED, "images") if before.images is None else _MUTATED
    return before == after.model_copy(update={name: getattr(before, name) for name in same})


def content_hash(fleet: Fleet, key: SliceKey) -> str:
    """What the quarantine compares: the deckies of a slice by name, spec, services, settings and images, and
    its networks. 64 hexadecimal digits; addresses and times do not count."""
    part = content(fleet, key)
    deckies = {
        name: {
            "spec_hash": decky.spec_hash,
            "services": decky.services,
            "settings": decky.settings,
            "images": decky.images.model_dump(mode="json") if decky.images else None,
        }
        for name, decky in part.deckies.items()
    }
    networks = {name: each.model_dump(mode="json") for name, each in part.networks.items()}
    return digest({"deckies": deckies, "networks": networks})
