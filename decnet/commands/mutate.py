"""`decnet mutate`: changes the services of deckies, so that earlier scans are out of date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from decnet.commands.planfile import write_plan
from decnet.commands.wording import listed
from decnet.engine.context import Context
from decnet.engine.decide import Proposal
from decnet.engine.options import PassOptions
from decnet.engine.outcome import PassOutcome
from decnet.engine.run_pass import run_pass, without_observation
from decnet.engine.snapshot import Snapshot
from decnet.errors import UsageError
from decnet.model.fleet import Fleet
from decnet.plan import mutate as rules
from decnet.plan.select import refuse_topologies, refuse_topology_names, select_deckies
from decnet.store.desired import load_fleet
from decnet.store.used_entries import with_used


@dataclass(frozen=True)
class MutateOptions:
    """Which deckies, and which services: given, random, or the previous ones."""

    names: tuple[str, ...] = ()
    everything: bool = False
    due: bool = False
    undo: bool = False
    services: tuple[str, ...] = ()
    seed: int | None = None
    out: Path | None = None
    run: PassOptions = PassOptions()


async def mutate(ctx: Context, options: MutateOptions) -> PassOutcome:
    """Change services of the chosen deckies; only the containers of those services are touched."""
    _check(options)
    seed = ctx.new_seed() if options.seed is None else options.seed
    is_random = not (options.undo or options.services)

    def proposal(snap: Snapshot) -> Proposal:
        ctx.catalog.check_readable()
        names = _names(ctx, snap, options)
        desired = _mutated(ctx, snap, names, options, seed)
        return Proposal(snap.with_desired(desired), seed=seed if is_random else None)

    outcome = await run_pass(ctx, "mutate", without_observation(proposal), options.run)
    if options.out is not None:
        write_plan(ctx, options.out, outcome, options.run)
    return outcome


def next_due(ctx: Context) -> float | None:
    """When the next decky is due for mutation (seconds since the epoch); None if none ever is."""
    fleet = load_fleet(ctx.home)
    return rules.next_due(fleet, with_used(ctx.home, fleet, ctx.catalog), ctx.now()) if fleet else None


def _check(options: MutateOptions) -> None:
    if sum((bool(options.names), options.everything, options.due)) != 1:
        raise UsageError("specify deckies: their names, --all, or --due")
    if options.undo and options.services:
        raise UsageError("--undo and --services exclude each other")


def _names(ctx: Context, snap: Snapshot, options: MutateOptions) -> Sequence[str]:
    fleet = snap.desired
    if options.due:
        return rules.due(fleet, snap.catalog, ctx.now())
    if options.everything:
        return tuple(fleet.deckies)
    refuse_topology_names(fleet.topologies, fleet.groups(), options.names, "mutate")
    refuse_topologies(fleet.groups(), fleet.every_group(), options.names)
    return select_deckies(fleet.groups(), options.names)


def _mutated(ctx: Context, snap: Snapshot, names: Sequence[str], options: MutateOptions, seed: int) -> Fleet:
    fleet, catalog, now, services = snap.desired, snap.catalog, ctx.now(), options.services or None
    if options.undo:
        desired = rules.undo(fleet, names, catalog=catalog, now=now)
    else:
        if services is None:
            _report_fixed(ctx, snap, names, options)
        desired = rules.mutate(fleet, names, catalog, rng=Random(seed), now=now, services=services)
    for lost, deckies in rules.core_lost(fleet, desired, catalog).items():
        ctx.warn(
            f"{listed(deckies)}: this removes core services ({', '.join(lost)}); "
            "the next random mutation restores them"
        )
    return desired


def _report_fixed(ctx: Context, snap: Snapshot, names: Sequence[str], options: MutateOptions) -> None:
    """The chosen deckies that cannot change. Raises UsageError where all were chosen by name and none can."""
    fixed = [name for name in names if not rules.may_change(snap.desired.deckies[name], snap.catalog)]
    message = f"{listed(fixed)}: no side service to add or remove"
    if fixed and options.names and len(fixed) == len(names):
        hint = "`side` in the fleet file allows some; or set the services with --services"
        raise UsageError(message, hint=hint)
    if fixed:
        ctx.note(message)
