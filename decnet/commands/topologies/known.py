"""The stored topologies, and how they are changed without a pass."""

from __future__ import annotations

from collections.abc import Mapping

from decnet.engine.context import Context
from decnet.engine.workers import known_workers
from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.model.record import WorkerRecords
from decnet.model.suggest import suggest
from decnet.model.topology import Topology, TopologyRecord
from decnet.store.audit import append
from decnet.store.desired import load_fleet, new_fleet, save_fleet
from decnet.store.home_use import check_not_lost
from decnet.store.topologies import TopologyTable
from decnet.wire import clean

WORDS = {"tearing_down": "being torn down", "torn_down": "torn down"}


def stored_fleet(ctx: Context) -> Fleet:
    """The fleet as stored; an empty one in a state directory that was never used. Raises StateBroken if the
    state file is lost: another fleet in its place would not be that of the workers."""
    stored = load_fleet(ctx.home)
    check_not_lost(ctx.home, stored, known_workers(ctx.home))
    return stored or new_fleet(ctx.first_fleet_id)


def known(fleet: Fleet, name: str) -> Topology:
    """The topology of that name. Raises UsageError, with the most similar name."""
    if name in fleet.topologies:
        return fleet.topologies[name]
    near = suggest(name, fleet.topologies)
    hint = f"did you mean {near!r}?" if near else "decnet topology list lists them"
    raise UsageError(f"no topology is named {clean(name, 60)!r}", hint=hint)


def record_of(ctx: Context, topology: Topology) -> TopologyRecord:
    """Its status, moves and mutations."""
    return TopologyTable(ctx.home).record(topology.id)


def with_topology(fleet: Fleet, topology: Topology) -> Fleet:
    """The fleet with this topology, new or in the place of the one of its name."""
    known_ones = {**fleet.topologies, topology.name: topology}
    return fleet.model_copy(update={"topologies": dict(sorted(known_ones.items()))})


def without_topology(fleet: Fleet, name: str) -> Fleet:
    """The fleet without a topology, and without its project."""
    topology = fleet.topologies[name]
    left = {key: each for key, each in fleet.topologies.items() if key != name}
    projects = {key: each for key, each in fleet.projects.items() if key != topology.project}
    return fleet.model_copy(update={"topologies": left, "projects": projects})


def store(ctx: Context, fleet: Fleet, outcome: str) -> None:
    """Store desired and log it; the lock is held."""
    if save_fleet(ctx.home, fleet):
        append(ctx.home, at=ctx.now(), who=ctx.user, command=ctx.command, outcome=outcome)


def words(status: str) -> str:
    """A status as a message names it."""
    return WORDS.get(status, status)


def recorded_deckies(recorded: Mapping[str, WorkerRecords], project: str) -> set[str]:
    """The deckies of a project that any worker may still run."""
    return {name for records in recorded.values() for name in records.of(project).deckies}
