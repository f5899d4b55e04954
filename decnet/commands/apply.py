"""`decnet apply`: carries out a plan that was written to a file and reviewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from decnet.commands.allocation import addresses_in_use
from decnet.commands.deploy import with_ranges
from decnet.commands.planfile import basis_of, read_plan
from decnet.engine.busy_workers import running_jobs
from decnet.engine.connections import Connections
from decnet.engine.context import Context
from decnet.engine.decide import Proposal, decide
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import Propose, run_pass
from decnet.engine.snapshot import Snapshot
from decnet.engine.workers import with_local
from decnet.errors import PlanRefused, WorkerBusy
from decnet.model.fleet import STARTS, Decky, Fleet
from decnet.model.planfile import Basis, PlanFile
from decnet.model.spec import LOCAL
from decnet.plan.assemble import starts
from decnet.plan.plan_document import difference, plan_document
from decnet.store.desired import load_fleet

CHANGED = {
    "desired": "the fleet has changed since the plan was made",
    "workers": "the workers have changed since the plan was made",
    "catalog": "the catalog is not the one that the plan was made with",
    "images": "this decnet makes other images than the one that made the plan",
    "version": "another version of decnet made the plan",
}


async def apply(ctx: Context, path: Path, options: PassOptions) -> PassOutcome:
    """Carry out exactly the plan in the file.

    Raises PlanRefused (exit 2), before anything is changed, for a file that is not a whole plan of this
    fleet, and if what the plan rests on has changed: the fleet, its workers, records, containers, the
    catalog, the images, or an address that another host has taken meanwhile.
    """
    file = read_plan(path)
    if load_fleet(ctx.home) is None:
        # The plan of a first deploy gives the fleet its id.
        ctx = replace(ctx, first_fleet_id=_fleet_id(path, file))
    run = replace(
        options, facts=True, max_remove=file.max_remove, adopt_agent=options.adopt_agent or file.adopt
    )

    def change(stored: Snapshot) -> Propose:
        _check_basis(path, file, stored)
        desired = _with_times(stored.desired, file.desired, ctx.now())

        async def propose(ctx: Context, connections: Connections, snap: Snapshot) -> Proposal:
            if LOCAL not in snap.workers and desired.count_on(LOCAL):
                snap = await with_local(ctx, connections, snap, adopt=run.adopt_agent)
            # With the times of the plan: the containers of what is new are made with the present ones.
            await _check_world(ctx, connections, path, file, snap.with_desired(file.desired), run)
            return with_ranges(snap, desired, dry_run=run.dry_run)

        return propose

    return await run_pass(ctx, "apply", change, run)


def _fleet_id(path: Path, file: PlanFile) -> UUID:
    try:
        return UUID(file.desired.fleet_id)
    except ValueError:
        raise PlanRefused("its fleet has no valid id", place=str(path)) from None


def _check_basis(path: Path, file: PlanFile, stored: Snapshot) -> None:
    if stored.desired.fleet_id != file.desired.fleet_id:
        raise PlanRefused("it is the plan of another fleet", place=str(path))
    now = basis_of(stored)
    if now.desired != file.basis.desired and _is_applied(stored.stored, file.desired):
        raise PlanRefused(
            "it was applied already: nothing was changed",
            place=str(path),
            hint="decnet reconcile repairs drift",
        )
    for part in Basis.model_fields:
        if getattr(now, part) != getattr(file.basis, part):
            raise _outdated(path, CHANGED[part])


async def _check_world(
    ctx: Context,
    connections: Connections,
    path: Path,
    file: PlanFile,
    snap: Snapshot,
    options: PassOptions,
) -> None:
    """Raises if a plan that is made now is not the plan of the file."""
    for name in running_jobs(snap):
        raise WorkerBusy("a job of an earlier command is still running", worker=name)
    _, plan = decide(ctx, Proposal(snap), replace(options, dry_run=True))
    if why := difference(file.plan, plan_document(plan)):
        raise _outdated(path, f"the fleet has changed since the plan was made: {why}")
    for address, (decky, holder) in (await addresses_in_use(connections, snap)).items():
        raise _outdated(path, f"{decky}: {address} is in use on the LAN now ({holder} answers for it)")


def _with_times(stored: Fleet, planned: Fleet, now: float) -> Fleet:
    """The planned fleet, in which what is new or mutated counts from now and not from the plan on."""
    for project in planned.projects.values():
        deckies = {
            name: decky.model_copy(update=_times(stored.decky(project.name, name), decky, now))
            for name, decky in project.deckies.items()
        }
        planned = planned.with_deckies(deckies, project.name)
    return planned


def _times(before: Decky | None, planned: Decky, now: float) -> dict[str, Any]:
    is_same = before is not None and before.since == planned.since
    times = starts(before if is_same else None, planned.services, now)
    if before is None or before.mutated_at != planned.mutated_at:
        times["mutated_at"] = now
    return times


def _is_applied(stored: Fleet, planned: Fleet) -> bool:
    """Whether the stored fleet is the planned one, apart from what `apply` adds: times, and ranges that
    were confirmed."""
    for project in stored.projects.values():
        deckies = {}
        for name, decky in project.deckies.items():
            same = planned.decky(project.name, name)
            times = {key: getattr(same, key) for key in ("mutated_at", *STARTS)} if same else {}
            deckies[name] = decky.model_copy(update=times)
        stored = stored.with_deckies(deckies, project.name)
    return stored.model_copy(update={"confirmed": planned.confirmed}) == planned


def _outdated(path: Path, why: str) -> PlanRefused:
    return PlanRefused(
        f"{why}: nothing was changed", place=str(path), hint="make the plan again, and review it"
    )
