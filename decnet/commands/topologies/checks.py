"""Whether a topology is valid where it will run: in the fleet, and on a worker's networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from decnet.commands.topologies.placing import facts_of
from decnet.engine.context import Context
from decnet.engine.snapshot import Snapshot
from decnet.engine.workers import known_workers
from decnet.model.fleet import Decky, Fleet
from decnet.model.keys import label
from decnet.model.topology import DesignDecky, Topology
from decnet.model.worker import Facts
from decnet.plan.topologies.findings import Finding, raise_errors
from decnet.plan.topologies.subnets import reserved_subnets
from decnet.plan.topologies.validate import Surroundings, validate


def surroundings(snap: Snapshot, topology: Topology, worker: str | None = None) -> Surroundings:
    """What a topology must fit into: the networks of all workers and other topologies, the MACs of the
    others' deckies, and the memory of the worker."""
    return _surroundings(snap.desired, facts_of(snap), topology, worker)


def _surroundings(
    fleet: Fleet, facts: Mapping[str, Facts], topology: Topology | None, worker: str | None
) -> Surroundings:
    own = topology.project if topology else ""
    known = facts.get(worker or "")
    return Surroundings(
        reserved=reserved_subnets(fleet, facts, without=(topology.name,) if topology else ()),
        macs=_macs(fleet, topology),
        hostnames=frozenset(each.hostname for each in _others(fleet, topology)),
        seeds=frozenset(each.seed for each in _others(fleet, topology)),
        memory_mib=known.memory_mib if known else None,
        deckies=sum(
            1 for project, _, each in fleet.every_decky() if each.worker == worker and project != own
        ),
    )


def findings(ctx: Context, snap: Snapshot, topology: Topology, worker: str | None) -> tuple[Finding, ...]:
    """Every problem of a topology in its surroundings, errors first."""
    return validate(topology.design, ctx.catalog, surroundings(snap, topology, worker))


def refuse_invalid(
    ctx: Context, snap: Snapshot, topology: Topology, worker: str | None, shown: set[str]
) -> None:
    """Raises SpecError with every error of the topology; warnings are reported once, and are added to
    `shown`."""
    found = findings(ctx, snap, topology, worker)
    raise_errors(found, f"topology {topology.name}")
    for each in found:
        if each.message not in shown:
            shown.add(each.message)
            ctx.warn(f"{each.code}: {each.message}" + (f" ({each.hint})" if each.hint else ""))


def shown(found: Iterable[Finding]) -> tuple[dict[str, Any], ...]:
    """Findings for scripts."""
    return tuple(each._asdict() for each in found)


def line_of(finding: Finding) -> str:
    """A finding on one line."""
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{finding.severity} {finding.code} at {finding.place}: {finding.message}{hint}"


def stored_surroundings(ctx: Context, fleet: Fleet, topology: Topology | None = None) -> Surroundings:
    """The same from what is recorded, without any worker being contacted."""
    facts = {
        name: known
        for name, worker in known_workers(ctx.home).items()
        if (known := ctx.records.load(worker.worker_id).facts) is not None
    }
    return _surroundings(fleet, facts, topology, topology.worker if topology else None)


def _others(fleet: Fleet, topology: Topology | None) -> Iterator[Decky | DesignDecky]:
    """The deckies of the fleet and of the other topologies, deployed or not."""
    own, project_of_own = (topology.id, topology.project) if topology else ("", "")
    for other in fleet.topologies.values():
        if other.id != own:
            yield from other.design.deckies
    for project, _, decky in fleet.every_decky():
        if project != project_of_own:
            yield decky


def _macs(fleet: Fleet, topology: Topology | None) -> dict[str, str]:
    """The MACs of all deckies but this topology's, each with its owner."""
    names, own = fleet.topology_names, topology.id if topology else ""
    project_of_own = topology.project if topology else ""
    placed = {
        each.mac: label(project, decky.name, names)
        for project, _, decky in fleet.every_decky()
        if project != project_of_own
        for each in decky.attachments
    }
    described = {
        mac: f"{other.name}/{decky.name}"
        for other in fleet.topologies.values()
        if other.id != own
        for decky in other.design.deckies
        for mac in decky.macs.values()
    }
    return described | placed
