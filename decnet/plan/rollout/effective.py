"""What is desired while a rollout is open: each unit as the rollout has it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Literal

from decnet.model.fleet import STARTS, Decky, Fleet, Network, Project
from decnet.model.keys import SliceKey
from decnet.model.rollout import RELEASED, Rollout
from decnet.model.topology import Topology
from decnet.wire import PROJECT

_KEPT = ("services", "previous", "mutated", "mutated_at", "core", "settings", *STARTS)
"""What a mutation during the rollout has changed, and neither document may take back."""
_SINCE = attrgetter("mutated_at", "since", "images")
"""What shows that a decky was changed since the rollout was opened."""


def effective(rollout: Rollout, unit: str) -> Literal["to", "former"]:
    """Which content a unit has: the only place where that is decided. Raises KeyError for an unknown unit."""
    status = rollout.state.units[unit].status
    if rollout.state.status == "done":
        # What its worker took back by itself is not sent to it again.
        return "former" if status == "reverted" else "to"
    return "to" if status in RELEASED else "former"


def effective_fleet(rollout: Rollout, stored: Fleet, units: Collection[str] | None = None) -> Fleet:
    """The desired fleet: the slices of each unit as `effective` has them, everything else from `stored`. With
    `units`, only of these: the others are in `stored` as they should be.

    Mutations that were made since the rollout was opened are kept, and so are images that were pinned since.
    A unit whose worker left the fleet stays as stored. Returns `stored` itself if nothing differs.
    """
    if rollout.frozen.kind == "agent":
        return stored
    chosen = {
        key: rollout.to if effective(rollout, name) == "to" else rollout.former
        for name, unit in rollout.frozen.units.items()
        if (units is None or name in units) and not rollout.state.units[name].is_removed
        for key in unit.keys
    }
    fleet = _with_lans(stored, chosen)
    by_project: dict[str, dict[str, Fleet]] = {}
    for key, source in chosen.items():
        by_project.setdefault(key.project, {})[key.worker] = source
    for project, members in sorted(by_project.items()):
        fleet = _with_project(rollout, fleet, project, members)
    return fleet


def held_addresses(rollout: Rollout) -> Mapping[str, frozenset[SliceKey]]:
    """Every address and MAC that a unit has on a LAN before or after, and the slices that may claim it while
    the rollout is open: those of the unit. A rollout of the agent holds none."""
    found: dict[str, frozenset[SliceKey]] = {}
    if rollout.frozen.kind == "agent":
        return found
    for unit in rollout.frozen.units.values():
        keys = frozenset(unit.keys)
        for value in _addresses_of(rollout, keys):
            before = found.setdefault(value, keys)
            if before is not keys:
                found[value] = before | keys
    return found


def _addresses_of(rollout: Rollout, keys: Iterable[SliceKey]) -> Iterator[str]:
    """The addresses and MACs on a LAN of what these slices have before and after."""
    for key in keys:
        for fleet in (rollout.former, rollout.to):
            for decky in fleet.on(*key).values():
                if lan := decky.lan:
                    yield lan.address
                    yield lan.mac


def being_sent(rollout: Rollout) -> frozenset[SliceKey]:
    """The slices of the units that wait for the job of their present attempt, forward or back. What failed
    there before does not delay it."""
    return frozenset(
        key
        for name, state in rollout.state.units.items()
        if state.status in ("sent", "reverting")
        for key in rollout.frozen.units[name].keys
    )


def _with_lans(stored: Fleet, chosen: Mapping[SliceKey, Fleet]) -> Fleet:
    lans: dict[str, Network] = dict(stored.lans)
    for key, fleet in chosen.items():
        if lan := fleet.lans.get(key.worker):
            lans[key.worker] = lan
        else:
            lans.pop(key.worker, None)
    return stored if lans == stored.lans else stored.model_copy(update={"lans": dict(sorted(lans.items()))})


def _with_project(rollout: Rollout, stored: Fleet, name: str, members: Mapping[str, Fleet]) -> Fleet:
    """The fleet with a project whose slices on these workers are those of the given fleets."""
    known = stored.project(name)
    deckies = {each.name: each for each in known.deckies.values() if each.worker not in members}
    for worker, fleet in members.items():
        for decky in fleet.on(worker, name).values():
            deckies[decky.name] = _overlaid(rollout, name, decky, known.deckies.get(decky.name))
    networks, topologies = known.networks, stored.topologies
    if name != PROJECT:
        source = next(iter(members.values()))
        networks, topologies = source.project(name).networks, _with_topology(stored, source, name)
    after = Project(name=name, networks=networks, deckies={})
    after = after.model_copy(update={"deckies": dict(sorted(deckies.items()))})
    return _put(stored, after, topologies)


def _put(stored: Fleet, project: Project, topologies: dict[str, Topology]) -> Fleet:
    """The fleet with this project and these topologies; the same one if it has them. A topology without
    deckies has no project."""
    projects = {name: each for name, each in stored.projects.items() if name != project.name}
    if project.deckies or (project.name == PROJECT and PROJECT in stored.projects):
        projects = dict(sorted({**projects, project.name: project}.items()))
    changes = {"projects": projects, "topologies": topologies}
    changes = {name: value for name, value in changes.items() if value != getattr(stored, name)}
    return stored.model_copy(update=changes) if changes else stored


def _with_topology(stored: Fleet, source: Fleet, project: str) -> dict[str, Topology]:
    kept = {name: each for name, each in stored.topologies.items() if each.project != project}
    rows = {name: each for name, each in source.topologies.items() if each.project == project}
    return dict(sorted({**kept, **rows}.items()))


def _overlaid(rollout: Rollout, project: str, chosen: Decky, stored: Decky | None) -> Decky:
    """A decky of the rollout, with what was changed since the rollout was opened."""
    if stored is None or _SINCE(stored) == _SINCE(chosen):
        return chosen
    frozen = _frozen(rollout, project, stored)
    changes: dict[str, object] = {}
    if stored.spec_hash == chosen.spec_hash and _is_mutated_since(frozen, stored):
        changes = {name: getattr(stored, name) for name in _KEPT}
    if stored.seed == chosen.seed and stored.since not in [each.since for each in frozen]:
        # It was released later than it was planned.
        changes |= {name: getattr(stored, name) for name in STARTS}
    if stored.images is not None and (chosen.images is None or _is_pinned_since(frozen, stored)):
        changes["images"] = stored.images
    return chosen.model_copy(update=changes) if changes else chosen


def _is_mutated_since(frozen: Iterable[Decky], stored: Decky) -> bool:
    """Whether neither document has its time of mutation, which may be an earlier one: clocks are set back."""
    times = [each.mutated_at for each in frozen]
    return stored.mutated_at is not None and stored.mutated_at not in times


def _is_pinned_since(frozen: Iterable[Decky], stored: Decky) -> bool:
    """Whether neither document has its images: a decky without containers is made of this version's."""
    return stored.images not in [each.images for each in frozen]


def _frozen(rollout: Rollout, project: str, stored: Decky) -> list[Decky]:
    """The decky as both documents have it."""
    known = (fleet.decky(project, stored.name) for fleet in (rollout.to, rollout.former))
    return [each for each in known if each is not None]
