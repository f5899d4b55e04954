"""`decnet worker recover`: rebuilds a lost state directory from the workers' slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from decnet.commands.enrolment import record
from decnet.commands.own_login import Credentials, confirm_proxy, resolved
from decnet.engine.apply import apply_record_steps, commit
from decnet.engine.context import Context
from decnet.engine.decide import make_plan, with_images
from decnet.engine.observe import observe
from decnet.engine.outcome import TextOutcome
from decnet.engine.snapshot import load_snapshot
from decnet.engine.topologies import follow_desired, follow_seen
from decnet.engine.workers import fleet_credentials
from decnet.errors import FleetRefused, IdentityRefused, StateBroken, UsageError
from decnet.model.counted import counted
from decnet.model.fleet import Decky, Fleet, Network, Project
from decnet.model.record import DeckyRow, ProjectRecords, WorkerRecords
from decnet.model.topology import Topology
from decnet.model.worker import Worker
from decnet.plan.decky_view import recorded_attachments
from decnet.plan.topologies.place import with_placed
from decnet.store.desired import load_fleet, save_fleet
from decnet.wire import NETWORK, PROJECT, clean

if TYPE_CHECKING:
    from decnet.worker.enrol import Recovered


@dataclass(frozen=True)
class _Held:
    """The content of a worker's slices: its name in the fleet (None if no decky has it), its LAN, its
    deckies, each with its project and name, and by project the topology with its inner networks."""

    name: str | None
    lan: Network | None
    deckies: tuple[tuple[str, str, Decky], ...]
    topologies: Mapping[str, tuple[Topology, dict[str, Network]]]


async def recover(ctx: Context, addresses: Sequence[str], credentials: Credentials) -> TextOutcome:
    """Rebuild desired and recorded from the workers' slices. Raises UsageError if there is a fleet."""
    credentials = credentials.unlocked(ctx)
    with ctx.lock():
        if load_fleet(ctx.home) is not None:
            raise UsageError(
                f"{ctx.home.state} holds a fleet already",
                hint="recovery needs an empty state directory: set DECNET_HOME, or move the old one away",
            )
        found: list[Recovered] = []
        for number, address in enumerate(addresses, 1):
            fleet_id = found[0].enrolled.hello.fleet_id if found else None
            side = fleet_credentials(ctx.home, fleet_id) if fleet_id else None
            login = await resolved(ctx, address, credentials.login(address), None)
            confirm_proxy(ctx, address, login.place.route if login.place else None, credentials, None)
            found.append(
                await ctx.enrolment.recover(
                    login,
                    side,
                    lambda fleet_id: fleet_credentials(ctx.home, fleet_id),
                    Worker(name=f"w{number}", worker_id="", enrolled_at=ctx.now()),
                    credentials.vouched(ctx, None),
                    others={each.enrolled.worker.worker_id: each.enrolled.worker.name for each in found},
                    emit=ctx.note,
                )
            )
        fleet = _rebuild(ctx, found)
        lost = await _record_running(ctx, fleet)
    found_deckies = [name for name, _ in fleet.labelled_deckies()]
    names = ", ".join(found_deckies) or "none"
    workers, deckies = counted(len(found), "worker"), counted(len(found_deckies), "decky")
    line = f"recovered {workers} and {deckies}: {names}"
    lines = (line, *(_lost_line(rollout, names) for rollout, names in lost.items()))
    document = {"deckies": found_deckies, "lost_rollouts": sorted(lost)}
    return TextOutcome((*lines, "decnet status shows their state"), document)


def _lost_line(rollout: str, workers: Sequence[str]) -> str:
    return (
        f"rollout {rollout} was open on {', '.join(workers)}, and is lost with the former state directory: "
        "each worker stays as it is, and none is known to be healthy"
    )


async def _record_running(ctx: Context, fleet: Fleet) -> dict[str, list[str]]:
    """Record the deckies that run as described: the first pass then has only repairs to do. Returns the
    rollouts that the workers were part of, each with their names."""
    snap = load_snapshot(ctx)
    async with ctx.connections(fleet.fleet_id) as connections:
        snap = await observe(ctx, connections, snap, facts=True)
    snap = with_images(snap)
    snap = commit(ctx, apply_record_steps(snap, make_plan(ctx, snap)))
    follow_desired(ctx, snap, None)
    follow_seen(ctx, snap)
    lost: dict[str, list[str]] = {}
    projects = {PROJECT, *snap.desired.projects}
    for name, each in snap.observed.items():
        # A worker keeps one rollout of a project, but may report anything.
        rows = each.status.rollouts if each.status else ()
        held = {row.project: clean(row.id, 12) for row in rows if row.project in projects}
        for rollout in sorted(set(held.values())):
            lost.setdefault(rollout, []).append(name)
    return lost


def _rebuild(ctx: Context, found: Sequence[Recovered]) -> Fleet:
    """Save the fleet that the slices describe, the state file last: it marks the fleet as complete."""
    lans: dict[str, Network] = {}
    fleet_id = found[0].enrolled.hello.fleet_id
    held = [_held(each) for each in found]
    names = _names(held)
    _refuse_twins(found, names)
    projects = _first_reported(ctx, found, names, held)
    for each, name, own in zip(found, names, held, strict=True):
        if each.enrolled.hello.fleet_id != fleet_id or fleet_id is None:
            raise FleetRefused("the workers do not belong to one fleet", worker=each.enrolled.worker.name)
        worker = each.enrolled.worker.model_copy(update={"name": name})
        if own.lan is not None:
            lans[name] = own.lan
        ctx.records.save(_records(worker, each, own))
        record(ctx, replace(each.enrolled, worker=worker))
    confirmed = tuple(sorted({lan.subnet for lan in lans.values()}))
    fleet = Fleet(fleet_id=str(fleet_id), lans=lans, confirmed=confirmed)
    topologies = _topologies(held, names)
    for project, deckies in projects.items():
        if project == PROJECT:
            fleet = fleet.with_deckies(deckies, project)
        elif project in topologies:
            topology, networks = topologies[project]
            whole = Project(name=project, networks=networks, deckies=dict(sorted(deckies.items())))
            fleet = with_placed(fleet, topology, whole)
        else:
            ctx.warn(f"{project}: no worker has its topology; its deckies are strays now")
    save_fleet(ctx.home, fleet)
    return fleet


def _topologies(
    held: Sequence[_Held], names: Sequence[str]
) -> dict[str, tuple[Topology, dict[str, Network]]]:
    """By project, each topology as the first worker holds it that has deckies of it, and its networks. Of two
    with one name, the second one is named by its id."""
    found: dict[str, tuple[Topology, dict[str, Network]]] = {}
    taken: set[str] = set()
    for own, worker in zip(held, names, strict=True):
        for project, (topology, networks) in own.topologies.items():
            if project in found or not any(each == project for each, _, _ in own.deckies):
                continue
            name = topology.name if topology.name not in taken else f"t-{topology.id[:8]}"
            taken.add(name)
            found[project] = topology.model_copy(update={"worker": worker, "name": name}), networks
    return found


def _records(worker: Worker, found: Recovered, own: _Held) -> WorkerRecords:
    """What a recovered worker may hold until it is seen: everything in its slices."""
    records = WorkerRecords(
        worker_id=worker.worker_id,
        projects={name: ProjectRecords(generation=held.generation) for name, held in found.held.items()},
    )
    for project, name, decky in own.deckies:
        row = DeckyRow(
            name=name,
            project=project,
            ip=decky.ip,
            mac=decky.mac,
            containers={},
            status="unknown",
            adopted=True,
            attachments=recorded_attachments(decky),
        )
        deckies = {**records.of(project).deckies, name: row}
        records = records.with_project(project, deckies=dict(sorted(deckies.items())))
    return records


def _refuse_twins(found: Sequence[Recovered], names: Sequence[str]) -> None:
    """Raises IdentityRefused if two workers claim the same identity."""
    places: dict[str, str] = {}
    for each, name in zip(found, names, strict=True):
        if name in places:
            raise IdentityRefused(
                f"{_where(each)}: it identifies itself as worker {name}, and so does {places[name]}",
                hint="recover without the wrong one, and enrol it again afterwards",
            )
        places[name] = _where(each)


def _first_reported(
    ctx: Context, found: Sequence[Recovered], names: Sequence[str], held: Sequence[_Held]
) -> dict[str, dict[str, Decky]]:
    """By project, each decky as in the slice of the first worker that has it: an interrupted move may have
    left it on two. Its worker is the one that holds it, by the name that it has now: a slice may be older
    than the last renaming."""
    projects: dict[str, dict[str, Decky]] = {PROJECT: {}}
    for each, worker, own in zip(found, names, held, strict=True):
        for project, name, reported in own.deckies:
            decky = reported.model_copy(update={"worker": worker})
            if projects.setdefault(project, {}).setdefault(name, decky) is not decky:
                ctx.warn(f"{name}: {_where(each)} has it, too; the worker that you named first is used")
    return projects


def _where(each: Recovered) -> str:
    return f"{each.enrolled.worker.user}@{each.enrolled.worker.host}"


def _names(held: Sequence[_Held]) -> list[str]:
    """A name for each worker: its own, or the next free one if its slices have none."""
    taken = {each.name for each in held}
    free = (name for name in (f"w{number}" for number in range(1, 10**6)) if name not in taken)
    return [each.name or next(free) for each in held]


def _held(each: Recovered) -> _Held:
    """The content of the worker's slices."""
    from pydantic import ValidationError

    from decnet.store.migrate import slice_in_todays_shape

    name = each.enrolled.worker.name
    lan: Network | None = None
    deckies: list[tuple[str, str, Decky]] = []
    topologies: dict[str, tuple[Topology, dict[str, Network]]] = {}
    try:
        for project, held in each.held.items():
            content = slice_in_todays_shape(held.slice) if held.slice is not None else {}
            if NETWORK in (networks := content.get("networks", {})):
                lan = Network.model_validate(networks[NETWORK])
            if (described := _topology_in(project, content)) is not None:
                topologies[project] = described
            for decky, row in content.get("deckies", {}).items():
                deckies.append((project, decky, Decky.model_validate(row["decky"])))
                if not deckies[-1][-1].attachments:
                    raise ValueError(decky)
    except (ValidationError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateBroken(f"{name}: its slice cannot be read: {type(error).__name__}") from error
    names = {decky.worker for _, _, decky in deckies}
    return _Held(names.pop() if len(names) == 1 else None, lan, tuple(deckies), topologies)


def _topology_in(project: str, content: Mapping[str, Any]) -> tuple[Topology, dict[str, Network]] | None:
    """The topology that a slice belongs to, with its inner networks. Raises ValidationError, ValueError."""
    if project == PROJECT or "topology" not in content:
        return None
    topology = Topology.model_validate(content["topology"])
    if topology.project != project:
        raise ValueError(project)
    networks = content.get("networks", {}).items()
    return topology, {name: Network.model_validate(each) for name, each in networks if name != NETWORK}
